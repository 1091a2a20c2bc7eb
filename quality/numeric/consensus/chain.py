"""Chains of tags over many pieces of text at once: posteriors, transitions, spans.

All pieces are worked on step by step together. They are laid out by step, longest piece first, so
that step `t` of all pieces that reach it is one slice and nothing is padded:

    pieces abc, de, f   →   a d f | b e | c        sizes 3, 2, 1
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

OUTSIDE = 0
"""The tag O; B-label is 2·label + 1, I-label 2·label + 2. Before every piece stands an O."""

_FAINTEST = -300.0
"""Log-likelihoods further below the best are taken for this: possible, and above underflow."""
_SMALLEST = 1e-300


@dataclass(frozen=True, slots=True)
class Packing:
    """Where each token of the pieces lies in the step-by-step order."""

    order: Ints
    """Place in the packed order → token."""
    steps: Ints
    """First place of each step, and the number of tokens: steps + 1."""

    def slices(self) -> Iterator[tuple[slice, slice]]:
        """Of each step but the first: its own places, and those of its pieces one step earlier."""
        for before, start, stop in zip(self.steps, self.steps[1:], self.steps[2:], strict=False):
            yield slice(start, stop), slice(before, before + stop - start)

    @property
    def first(self) -> slice:
        return slice(0, int(self.steps[1]))


def pack(starts: Ints, lengths: Ints) -> Packing:
    """Pieces of `lengths` ≥ 1 tokens that begin at the tokens `starts`; at least one piece."""
    longest_first = np.argsort(-lengths, kind="stable")
    starts, lengths = starts[longest_first], lengths[longest_first]
    sizes = np.searchsorted(-lengths, -np.arange(lengths[0]), side="left")
    order = np.concatenate([starts[:size] + step for step, size in enumerate(sizes)])
    return Packing(order, np.concatenate([[0], np.cumsum(sizes)]))


def allowed(tags: int) -> npt.NDArray[np.bool_]:
    """[before, after]: may the tag follow? I-label only after B-label and I-label."""
    result: npt.NDArray[np.bool_] = np.ones((tags, tags), dtype=bool)
    for inside in range(2, tags, 2):
        result[:, inside] = False
        result[inside - 1 : inside + 1, inside] = True
    return result


@dataclass(frozen=True, slots=True)
class Posterior:
    """What a chain believes, given the whole piece; rows in packed order."""

    tags: Floats
    """tokens × tags: the probability of each."""
    transitions: Floats
    """tags × tags: expected number of times one follows the other, starts counted as after O."""
    ahead: Floats
    """tokens × tags: how well each tag explains its own token and all that follow; any scale per row."""


def forward_backward(evidence: Floats, transitions: Floats, packing: Packing) -> Posterior:
    """Posteriors of all pieces.

    Args:
        evidence: tokens × tags, log-likelihoods in packed order; -inf forbids a tag.
        transitions: tags × tags, log-weights of `after` given `before`; -inf forbids.
    """
    weights = np.exp(transitions)
    ahead = evidence - evidence.max(axis=1, keepdims=True)
    ahead[(ahead < _FAINTEST) & (evidence > -np.inf)] = _FAINTEST
    np.exp(ahead, out=ahead)
    seen = ahead.copy()  # of each tag, given everything up to its token; scaled per row like `ahead`
    seen[packing.first] *= weights[OUTSIDE]
    seen[packing.first] /= seen[packing.first].sum(axis=1, keepdims=True)
    steps = list(packing.slices())
    for here, before in steps:
        seen[here] *= seen[before] @ weights
        seen[here] /= seen[here].sum(axis=1, keepdims=True)
    counts = np.zeros_like(weights)
    for here, before in reversed(steps):
        later = ahead[here] @ weights.T
        both = (seen[before] * later).sum(axis=1, keepdims=True)
        counts += weights * (seen[before].T @ (ahead[here] / both))
        seen[before] *= later / both
        ahead[before] *= later
        ahead[before] /= ahead[before].max(axis=1, keepdims=True)
    counts[OUTSIDE] += seen[packing.first].sum(axis=0)
    return Posterior(seen, counts, ahead)


def best_tags(evidence: Floats, transitions: Floats, packing: Packing) -> Ints:
    """The tags of every piece that are likeliest together (Viterbi), in packed order."""
    steps = list(packing.slices())
    score = evidence.copy()  # of the best way to each tag
    score[packing.first] += transitions[OUTSIDE]
    source = np.zeros(evidence.shape, dtype=np.int16)
    for here, before in steps:
        ways = score[before][:, :, None] + transitions
        source[here] = ways.argmax(axis=1)
        score[here] += ways.max(axis=1)
    tags: Ints = score.argmax(axis=1)
    for here, before in reversed(steps):
        tags[before] = source[here][np.arange(here.stop - here.start), tags[here]]
    return tags


def span_probabilities(
    spans: Ints, posterior: Posterior, transitions: Floats, packing: Packing, starts: Ints
) -> Floats:
    """The probability that exactly this is an entity, of every span.

    P(B at the first unit) · P(I | what stands before) along the rest · P(not I) behind the end,
    which is the exact posterior of the chain.

    Args:
        spans: spans × (first unit, unit behind the last, label).
        starts: the first unit of every piece; no span reaches across one.
    """
    weights = np.exp(transitions)
    place = np.empty_like(packing.order)
    place[packing.order] = np.arange(len(place))
    ahead = posterior.ahead[place]
    opening = np.ones(len(place) + 1, dtype=bool)
    opening[:-1] = False
    opening[starts] = True
    result = np.empty(len(spans))
    for label in np.unique(spans[:, 2]):
        begin, inside = 2 * label + 1, 2 * label + 2
        chosen = spans[:, 2] == label
        first, stop = spans[chosen, 0], spans[chosen, 1]
        after_begin, after_inside = (
            np.append(weights[tag, inside] * ahead[:, inside] / (ahead @ weights[tag]), 0.0) for tag in (begin, inside)
        )
        along = np.cumsum(np.log(np.maximum(after_inside, _SMALLEST)))
        rest = np.where(stop > first + 1, after_begin[np.minimum(first + 1, len(place))], 1.0)
        rest *= np.exp(np.minimum(along[stop - 1] - along[np.minimum(first + 1, stop - 1)], 0.0))
        goes_on = np.where(stop > first + 1, after_inside[stop], after_begin[stop])
        rest *= np.where(opening[stop], 1.0, 1 - goes_on)
        result[chosen] = posterior.tags[place[first], begin] * rest
    clipped: Floats = np.clip(result, 0.0, 1.0)
    return clipped
