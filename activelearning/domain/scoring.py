"""How sure a model is about one document: log-probabilities in, one number out.

Six measures, each over words (never sub-words, special tokens or padding):

* `mnlp`, `sequence_mnlp`: mean over words of the log-probability of the most likely tag sequence
  (Shen et al. 2018); at most 0, low = unsure.
* `mnlp_length`: the same divided by the words and eight more, so that a text pays for being opened and a
  one-word text is no bargain; at most 0, low = unsure.
* `least_confidence`: log-probability of that sequence, not divided by its length; low = unsure.
* `margin`: the smallest gap between the two most probable tags of a word; low = unsure.
* `entropy`: mean entropy of the words' tag distributions, in nats; high = unsure.
* `entities`: how many entities the model expects; at least 0. Not a doubt, but what a text has to give.

A document without words has nothing to be unsure about and gets the surest value of each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

WordDistributions = Sequence[Sequence[float]]
"""For each word the natural log-probability of every tag; each row sums to 1 as probabilities."""

OVERHEAD_WORDS = 8
"""What opening a text costs, in words; set once before any measurement and never fitted to a corpus."""


def mnlp(word_maxima: Sequence[float]) -> float:
    """MNLP of a tagger that decides each word alone: mean of the best tags' log-probabilities."""
    return math.fsum(word_maxima) / len(word_maxima) if word_maxima else 0.0


def sequence_mnlp(log_probability: float, n_words: int) -> float:
    """MNLP of a tagger with a model of whole sequences: log-probability of the best one, per word."""
    return log_probability / n_words if n_words else 0.0


def mnlp_length(log_probability: float, n_words: int) -> float:
    """MNLP with a fixed overhead, so that neither short nor long texts are favoured."""
    return log_probability / (n_words + OVERHEAD_WORDS)


def least_confidence(log_probability: float) -> float:
    """Log-probability of the best sequence; its exponent underflows on long texts, so it stays a logarithm."""
    return log_probability


def margin(words: WordDistributions) -> float:
    """Smallest difference of probability between a word's two best tags, in [0, 1]."""
    return min((_gap(word) for word in words), default=1.0)


def _gap(word: Sequence[float]) -> float:
    best, second = sorted((math.exp(value) for value in word), reverse=True)[:2]
    return best - second


def entropy(words: WordDistributions) -> float:
    """Mean entropy of the words' tag distributions in nats, in [0, log of the number of tags]."""
    if not words:
        return 0.0
    return math.fsum(-math.exp(value) * value for word in words for value in word) / len(words)


def entities(words: WordDistributions, begins: Sequence[int]) -> float:
    """Expected number of entities: each begins with one word, and `begins` are the tags that begin one."""
    return math.fsum(math.exp(word[tag]) for word in words for tag in begins)
