"""Judgements on the units all methods count in.

The units are the stored tokens, so that a mark of half a word and one of the whole word are the
same answer. A token is cut where more than half of a document's judges put an edge inside it:
then the stored tokens do not know what people distinguish ("they" in "they'll").
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import NamedTuple

from annotation.domain.spans import LabelledSpan, SpanOverlap
from quality.domain.judgements import JudgedDocument, Judgement


class Mark(NamedTuple):
    """Units `first` up to, not including, `stop` carry `label`."""

    first: int
    stop: int
    label: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One document in units."""

    id: str
    text: str
    units: Sequence[tuple[int, int]]
    marks: Mapping[str, frozenset[Mark]]
    """Annotator → their marks; marks of one label overlap only as `allowed`."""
    asked: Mapping[str, frozenset[str]]
    """Annotator → the labels they were asked about."""
    allowed: SpanOverlap = SpanOverlap.NONE
    """Which spans of one person may share words."""

    def judges(self, label: str) -> list[str]:
        """Who was asked about `label`, by name."""
        return [annotator for annotator, labels in self.asked.items() if label in labels]

    def shared_labels(self, annotator: str) -> frozenset[str]:
        """The labels that somebody besides `annotator` was asked about, too."""
        others = [labels for name, labels in self.asked.items() if name != annotator]
        return self.asked[annotator] & frozenset().union(*others)


def read(document: JudgedDocument, labels: Sequence[str], allowed: SpanOverlap = SpanOverlap.NONE) -> Reading:
    """Raises ValueError for two judgements of one annotator and for a label not in `labels`."""
    known = frozenset(labels)
    judgements = sorted(document.judgements, key=lambda judgement: judgement.annotator)
    for one, other in pairwise(judgements):
        if one.annotator == other.annotator:
            raise ValueError(f"document {document.id!r} has two judgements of {one.annotator!r}")
    for judgement in judgements:
        if strange := {span.label for span in judgement.spans} - known:
            raise ValueError(f"document {document.id!r} has the unknown label {min(strange)!r}")
    units = _units(document.tokens, judgements)
    edges = _edges(units)
    return Reading(
        document.id,
        document.text,
        units,
        {judgement.annotator: frozenset(_marks(edges, judgement.spans, allowed)) for judgement in judgements},
        {
            judgement.annotator: known if judgement.asked is None else known & judgement.asked
            for judgement in judgements
        },
        allowed,
    )


def to_marks(
    units: Sequence[tuple[int, int]], spans: Iterable[LabelledSpan], allowed: SpanOverlap = SpanOverlap.NONE
) -> list[Mark]:
    """Each span takes the units it touches; of two of a label that may not stand side by side, the longer stays."""
    return _marks(_edges(units), spans, allowed)


def _edges(units: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Where the units start, and where they end."""
    return [start for start, _ in units], [end for _, end in units]


def _marks(edges: tuple[list[int], list[int]], spans: Iterable[LabelledSpan], allowed: SpanOverlap) -> list[Mark]:
    starts, ends = edges
    found = {Mark(bisect_right(ends, span.start), bisect_left(starts, span.end), span.label) for span in spans}
    by_label: dict[str, list[Mark]] = defaultdict(list)
    for mark in found:
        if mark.first < mark.stop:
            by_label[mark.label].append(mark)
    return [mark for marks in by_label.values() for mark in apart(marks, allowed)]


def apart(marks: Iterable[Mark], allowed: SpanOverlap = SpanOverlap.NONE) -> list[Mark]:
    """Marks that overlap only as `allowed`: of those that do otherwise, the longer stays, then the earlier."""
    ordered = sorted(marks)
    if all(one.stop <= other.first for one, other in pairwise(ordered)):
        return ordered
    kept: list[Mark] = []
    for mark in sorted(ordered, key=lambda mark: mark.first - mark.stop):
        if all(beside(mark, other, allowed) for other in kept):
            kept.append(mark)
    return sorted(kept)


def beside(one: Mark, other: Mark, allowed: SpanOverlap) -> bool:
    """Whether both may be marked."""
    return not touching(one, other) or allowed.allows(LabelledSpan(*one), LabelledSpan(*other))


def touching(one: Mark, other: Mark) -> bool:
    return one.first < other.stop and other.first < one.stop


def _units(tokens: Sequence[tuple[int, int]], judgements: Sequence[Judgement]) -> Sequence[tuple[int, int]]:
    edges = Counter(
        edge for judgement in judgements for edge in {e for span in judgement.spans for e in (span.start, span.end)}
    )
    common = sorted(edge for edge, votes in edges.items() if votes > 1 and 2 * votes > len(judgements))
    if set(common) <= set(chain.from_iterable(tokens)):
        return tokens
    units: list[tuple[int, int]] = []
    for start, end in tokens:
        inside = common[bisect_right(common, start) : bisect_left(common, end)]
        units += pairwise([start, *inside, end])
    return units
