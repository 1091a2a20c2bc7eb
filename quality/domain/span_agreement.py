"""How far pairs of annotators mark the same spans: exact, overlapping, or the same bounds.

Why F1 and not a chance-corrected figure: spans have no countable negatives, and kappa tends to
the pairwise F1 as the negatives grow (Hripcsak and Rothschild 2005, JAMIA 12:296-298).

All three measures are one fraction, matched spans of both sides / spans of both sides, so the
counts of documents, labels and pairs add up:

exact     the other side has the same start, end and label (then it is the usual F1)
overlap   the other side has a span of the same label that shares at least one character
boundary  the other side has the same start and end, whatever the label
"""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations

from annotation.domain.spans import LabelledSpan

NO_OVERLAP = "no_overlap"
NO_SPANS = "no_spans"

ENOUGH_DOCUMENTS = 3
"""Fewer shared documents of a pair say little."""

Layers = Mapping[str, Sequence[LabelledSpan]]
"""One document: annotator → their spans. An empty sequence is somebody who submitted nothing
marked; somebody who did not submit is not in the mapping."""


@dataclass(frozen=True)
class Score:
    """A figure between 0 and 1, or None with the reason code why there is none."""

    value: float | None
    reason: str | None
    n: int
    """What it stands on: spans of both sides for an F1, pairs for a mean."""


@dataclass(frozen=True)
class PairCounts:
    """Additive counts of two annotators over the documents both submitted."""

    documents: int = 0
    both_empty: int = 0
    """Documents in which neither marked anything; they add nothing to the fractions."""
    spans: int = 0
    exact: int = 0
    overlap: int = 0
    boundary: int = 0

    def __add__(self, other: PairCounts) -> PairCounts:
        return PairCounts(
            self.documents + other.documents,
            self.both_empty + other.both_empty,
            self.spans + other.spans,
            self.exact + other.exact,
            self.overlap + other.overlap,
            self.boundary + other.boundary,
        )

    def f1(self, measure: str = "exact") -> Score:
        """`measure`: exact, overlap or boundary."""
        if not self.documents:
            return Score(None, NO_OVERLAP, 0)
        if not self.spans:
            return Score(None, NO_SPANS, 0)
        return Score(getattr(self, measure) / self.spans, None, self.spans)


@dataclass(frozen=True)
class Summary:
    """A measure over all pairs."""

    micro: Score
    """All pairs and documents pooled."""
    mean: Score
    """Unweighted mean over the pairs that have a value."""
    sd: float | None
    """Standard deviation over those pairs (of the population, not a sample)."""


@dataclass(frozen=True)
class SpanAgreement:
    """Agreement of every pair over a set of documents."""

    pairs: Mapping[tuple[str, str], PairCounts]
    """Keys are sorted; only pairs that share a document."""
    labels: Mapping[str, Mapping[tuple[str, str], PairCounts]]
    """The same, counting the spans of one label only."""
    documents: tuple[PairCounts, ...]
    """One row per document with at least two annotators, all its pairs summed."""

    def total(self) -> PairCounts:
        return sum(self.pairs.values(), PairCounts())

    def summary(self, measure: str = "exact", label: str | None = None) -> Summary:
        rows = self.pairs if label is None else self.labels.get(label, {})
        return summarise(rows.values(), measure)


def pair_counts(first: Iterable[LabelledSpan], second: Iterable[LabelledSpan]) -> PairCounts:
    """The counts of one document. Duplicates within a side count once."""
    a, b = set(first), set(second)
    return PairCounts(
        documents=1,
        both_empty=int(not a and not b),
        spans=len(a) + len(b),
        exact=2 * len(a & b),
        overlap=_overlapping(a, b) + _overlapping(b, a),
        boundary=boundary_matches(a, b),
    )


def span_agreement(documents: Iterable[Layers], labels: Sequence[str] = ()) -> SpanAgreement:
    """Counts of every pair over every document both submitted; `labels` adds rows per label."""
    pairs: dict[tuple[str, str], PairCounts] = defaultdict(PairCounts)
    per_label: dict[str, dict[tuple[str, str], PairCounts]] = {label: defaultdict(PairCounts) for label in labels}
    rows: list[PairCounts] = []
    for layers in documents:
        row = PairCounts()
        for pair in combinations(sorted(layers), 2):
            first, second = layers[pair[0]], layers[pair[1]]
            counts = pair_counts(first, second)
            pairs[pair] += counts
            row += counts
            for label, table in per_label.items():
                table[pair] += pair_counts(of_label(first, label), of_label(second, label))
        if len(layers) > 1:
            rows.append(row)
    return SpanAgreement(dict(pairs), {k: dict(v) for k, v in per_label.items()}, tuple(rows))


def summarise(rows: Iterable[PairCounts], measure: str) -> Summary:
    rows = list(rows)
    values = [score.value for row in rows if (score := row.f1(measure)).value is not None]
    micro = sum(rows, PairCounts()).f1(measure)
    if not values:
        return Summary(micro, Score(None, micro.reason, 0), None)
    mean = Score(statistics.fmean(values), None, len(values))
    return Summary(micro, mean, statistics.pstdev(values))


def of_label(spans: Iterable[LabelledSpan], label: str) -> list[LabelledSpan]:
    return [span for span in spans if span.label == label]


def _overlapping(spans: set[LabelledSpan], others: set[LabelledSpan]) -> int:
    """Of the others that begin before a span ends, does one end after it begins?"""
    by_label: dict[str, list[LabelledSpan]] = defaultdict(list)
    for other in sorted(others):
        by_label[other.label].append(other)
    starts = {label: [other.start for other in row] for label, row in by_label.items()}
    furthest = {label: list(accumulate((other.end for other in row), max)) for label, row in by_label.items()}
    return sum(
        (before := bisect_left(starts.get(span.label, ()), span.end)) > 0
        and furthest[span.label][before - 1] > span.start
        for span in spans
    )


def boundary_matches(first: Iterable[LabelledSpan], second: Iterable[LabelledSpan]) -> int:
    """Spans of both sides that the other side bounds alike. Duplicates within a side count once."""
    a, b = ([(span.start, span.end) for span in set(side)] for side in (first, second))
    return sum(map(set(b).__contains__, a)) + sum(map(set(a).__contains__, b))
