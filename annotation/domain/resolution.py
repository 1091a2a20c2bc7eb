"""Several people's spans of one text → the one set a model may learn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from annotation.domain.spans import LabelledSpan, SpanOverlap

Source = Literal["gold", "consensus", "agreed", "single", "vote", "none"]

Asked = Sequence[frozenset[str] | None]

VOTE_THRESHOLD = 0.30
"""The share of annotators a span needs. Higher ones lose more recall than they gain precision."""


@dataclass(frozen=True, slots=True)
class Resolved:
    spans: tuple[LabelledSpan, ...]
    source: Source


def resolve(
    gold: Sequence[LabelledSpan] | None,
    layers: Sequence[Sequence[LabelledSpan]],
    consensus: Sequence[LabelledSpan] | None = None,
    asked: Asked = (),
    allowed: SpanOverlap = SpanOverlap.NONE,
) -> Resolved:
    """The best available reading of a text, and how it came about.

    Args:
        gold: the adjudicated spans; None when there is no gold (an empty one is a judgement).
        layers: each annotator's spans; an empty one is a judgement too.
        consensus: what a method that weighs people says of exactly these layers, to stand in for
            their vote; None where there is none.
        asked: of each layer, the labels its annotator was asked about, None for all.
        allowed: which spans may share words in the project; a vote has no others.
    """
    if gold is not None:
        return Resolved(tuple(sorted(gold)), "gold")
    if not layers:
        return Resolved((), "none")
    if consensus is not None and len(layers) > 1:
        return Resolved(tuple(sorted(consensus)), "consensus")
    if any(labels is not None for labels in asked):
        # Different questions: neither one person's word nor agreement on everything.
        return Resolved(vote(layers, asked, allowed=allowed), "vote")
    first = set(layers[0])
    if len(layers) == 1:
        return Resolved(tuple(sorted(first)), "single")
    if all(set(layer) == first for layer in layers[1:]):
        return Resolved(tuple(sorted(first)), "agreed")
    return Resolved(vote(layers, allowed=allowed), "vote")


def vote(
    layers: Sequence[Sequence[LabelledSpan]],
    asked: Asked = (),
    threshold: float = VOTE_THRESHOLD,
    allowed: SpanOverlap = SpanOverlap.NONE,
) -> tuple[LabelledSpan, ...]:
    """Span vote: exact spans with enough votes of those asked about the label, most votes first, then longer,
    then earlier.

    A span that may not stand beside one already taken is left out. With two annotators this is the union
    less its overlaps: right to learn from, not to be taken for gold.
    """
    votes = Counter(span for layer in layers for span in set(layer))
    others = [labels for labels in asked if labels is not None]
    kept: list[LabelledSpan] = []
    for span, count in sorted(votes.items(), key=lambda item: (-item[1], item[0].start - item[0].end, item[0])):
        people = len(layers) - sum(span.label not in labels for labels in others)
        if count >= threshold * people and all(allowed.allows(span, other) for other in kept):
            kept.append(span)
    return tuple(sorted(kept))
