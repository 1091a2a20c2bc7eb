"""From labelled documents to what the CRF learns."""

from __future__ import annotations

from collections.abc import Sequence

from activelearning.engine.crf import tag_names
from activelearning.engine.types import EngineError, Example
from annotation.domain.tags import spans_to_bio

MANY = 10
"""With more labels than this a training takes longer in proportion: each label is met more rarely."""


def longer(labels: int) -> float:
    """How many times as long as with few labels a tagger of this many is trained."""
    return max(1.0, labels / MANY)


def tag_indices(examples: Sequence[Example], labels: Sequence[str], *, may_be_empty: bool = False) -> list[list[int]]:
    """For each document one index into `crf.tag_names(labels)` per word; spans of other labels are left out.

    Raises EngineError when there is nothing to learn from, unless that `may_be_empty`.
    """
    if not labels:
        raise EngineError("There is no label to learn.")
    index = {tag: number for number, tag in enumerate(tag_names(labels))}
    known = set(labels)
    found = [
        [index[tag] for tag in spans_to_bio(example.tokens, [span for span in example.spans if span.label in known])]
        for example in examples
    ]
    if not may_be_empty and not any(any(tags) for tags in found):
        raise EngineError("None of the labelled documents has an entity with a label in use.")
    return found


def shares(weights: Sequence[float], words: Sequence[int]) -> list[float] | None:
    """What each sequence counts where the mean word counts 1; None where all count the same.

    Raises EngineError for a weight that is not above 0.
    """
    if any(weight <= 0 for weight in weights):
        raise EngineError("The weight of a document must be above 0.")
    if len(set(weights)) < 2:
        return None
    mean = sum(weight * count for weight, count in zip(weights, words, strict=True)) / sum(words)
    return [weight / mean for weight in weights]


def begun(tags: Sequence[int]) -> list[int]:
    """The tags of a stretch that was cut off a document: an entity that the cut divides begins anew.

    A stretch that opened inside an entity would be a sequence the CRF forbids, and its loss without bound.
    """
    first, *rest = tags
    return [first - 1 if first and first % 2 == 0 else first, *rest]
