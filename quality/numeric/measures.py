"""All agreement figures of a set of documents, as plain JSON data. Knows no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from annotation.domain.tags import spans_to_bio
from quality.domain.agreement_counting import MeasuredDocument, document_row, measured, whole_layers
from quality.domain.agreement_rows import WHOLE_VIEWS, DocumentRow, Pair, PairRow, ViewRow
from quality.domain.agreement_sums import total
from quality.domain.conflicts import CONFLICT_KINDS
from quality.domain.span_agreement import ENOUGH_DOCUMENTS, Summary, summarise
from quality.numeric import alpha as numeric
from quality.numeric.intervals import Coverage, FloatArray, Interval, coverage
from quality.numeric.ratio import ratio_interval

__all__ = ["VERSION", "DocumentRow", "MeasuredDocument", "PairSums", "document_row", "figures", "measure", "measured"]

VERSION = 5
"""Rises when a definition changes, so that stored reports are measured again."""

MEASURES = ("exact", "overlap", "boundary")
SUGGESTIONS = {"with": True, "without": False}
NOT_WHOLE = "not_whole"
"""People share words, but too few of them were asked about every label without span over span."""

REASONS = {
    "no_overlap": "nothing that two people have both labelled yet",
    "no_variation": "everybody gave every word the same value, so agreement by chance is unknown",
    "too_few": "only one word was labelled by two people",
    "no_spans": "nobody marked anything there",
    "not_whole": "too few people were asked about every label, or they marked spans inside others; "
    "the figures per label still hold",
}
"""Reason code → why there is no figure, for people."""

Json = dict[str, Any]


def measure(documents: Sequence[MeasuredDocument], labels: Sequence[str]) -> Json:
    """The figures over those of `documents` that at least two people submitted, as `figures` has them.

    On report scale the package `krippendorff` computes alpha, from the tags and not from sums.
    Raises KeyError for a span with a label that is not in `labels`.
    """
    shared = [document for document in documents if len(document.layers) > 1]
    result = figures([document_row(document, labels) for document in shared], labels)
    for name in WHOLE_VIEWS:
        _by_package(result["alpha"][name], shared, labels, name)
    for label in labels:
        _by_package(result["alpha"]["per_label"][label], shared, labels, f"={label}")
    return result


@dataclass(frozen=True)
class PairSums:
    """Two people over all documents together."""

    row: PairRow
    squares: Mapping[str, float]
    """Of exact F1: `with_spans`, `aa`, `ab`, `bb`, as `ratio_interval` takes them."""


def figures(rows: Iterable[DocumentRow], labels: Sequence[str], pairs: Mapping[Pair, PairSums] | None = None) -> Json:
    """All figures of a slice from its rows alone: one per document, for the intervals.

    Args:
        pairs: the people's sums where `rows` hold all pairs of a row as one.

    Returns: `counts`; `alpha` per view and `per_label`, each `{value, reason, observed, n, low,
    high}`; `span_f1` per measure and `per_label`, each `{micro, reason, n, low, high, mean, sd,
    pairs}`; `pairs`; `conflicts` per kind; `confusion` as `[label, the other's label or "", spans]`;
    `suggestions`, with and without.
    """
    rows = [row for row in rows if row.documents]
    parts = {name: total(row for row in rows if bool(row.suggested) is seen) for name, seen in SUGGESTIONS.items()}
    whole, table = total(parts.values()), _Table(rows)
    if pairs is not None:
        of_pairs = {pair: sums.row for pair, sums in pairs.items()}
        whole = replace(whole, pairs=of_pairs, annotators=frozenset(name for pair in of_pairs for name in pair))
    return {
        "version": VERSION,
        "counts": _counts(whole),
        "conflicts": {kind.value: whole.conflicts.get(kind.value, 0) for kind in CONFLICT_KINDS},
        "alpha": {name: table.alpha(name, whole) for name in WHOLE_VIEWS}
        | {"per_label": {label: table.alpha(f"={label}", whole) for label in labels}},
        "span_f1": {name: _summary(whole, name) | table.fraction(name) for name in MEASURES}
        | {
            "per_label": {
                label: {name: _summary(whole, name, label) | table.fraction(name, label) for name in MEASURES[:2]}
                for label in labels
            }
        },
        "pairs": [
            _pair(pair, row) | (table.exact_of(pair) if pairs is None else _ratio_bounds(pairs[pair]))
            for pair, row in sorted(whole.pairs.items())
        ],
        "confusion": [[*cell, count] for cell, count in sorted(whole.confusion.items())],
        "suggestions": {name: _short(part) for name, part in parts.items()},
    }


def document_figures(row: DocumentRow) -> Json:
    """What a list of the worst documents shows of one."""
    return {
        "tokens": row.tokens,
        "annotators": len(row.annotators),
        "conflicts": row.in_conflict,
        "per_1000": 1000 * row.in_conflict / row.tokens if row.tokens else None,
        "alpha": numeric.alpha_of_row(_vector(row.view("bio"))).value,
        "exact": summarise((pair.counts() for pair in row.pairs.values()), "exact").micro.value,
    }


def coverages(
    rows: Iterable[DocumentRow], size: int, *, groups: int | None = None, samples: int = 300
) -> dict[str, Coverage | None]:
    """How often intervals of `size` documents hold the figure of all, for leading figures and alpha of each label
    (`=x`), which is all there is where people were asked about one label at a time; see `coverage`."""
    rows = [row for row in rows if row.documents]
    table, whole = _Table(rows), total(rows)
    alphas = {name: table.matrix(name, sorted(whole.view(name).values)) for name in ("bio", "label", *_own(whole))}
    alpha, fraction = (
        partial(coverage, statistic=statistic, size=size, make=make, groups=groups, samples=samples)
        for statistic, make in (
            (numeric.alphas_of_sums, numeric.alpha_interval),
            (numeric.fractions_of_sums, numeric.fraction_interval),
        )
    )
    return {name: alpha(matrix) for name, matrix in alphas.items()} | {"exact": fraction(table.counted("exact"))}


def _own(row: DocumentRow) -> list[str]:
    """The views of one label each."""
    return sorted(row.alpha.keys() - set(WHOLE_VIEWS))


@dataclass(frozen=True)
class _Sparse:
    """One view of many documents: which of them say something, and what."""

    at: list[int]
    rows: list[ViewRow]


class _Table:
    """The rows of documents as the arrays that resampling needs."""

    def __init__(self, rows: Sequence[DocumentRow]) -> None:
        self._size = len(rows)
        self._plain = np.array([[row.plain.units, row.plain.ratings] for row in rows], dtype=np.float64).reshape(-1, 2)
        self._views: dict[str, _Sparse] = defaultdict(lambda: _Sparse([], []))
        self._fractions: dict[str | None, FloatArray] = defaultdict(lambda: np.zeros((self._size, 4)))
        self._of_pair: dict[Pair, list[PairRow]] = defaultdict(list)
        for at, row in enumerate(rows):
            for name, view in row.alpha.items():
                self._views[name].at.append(at)
                self._views[name].rows.append(view)
            for pair, counts in row.pairs.items():
                self._of_pair[pair].append(counts)
                self._count(at, counts)

    def _count(self, at: int, row: PairRow) -> None:
        for label in (None, *row.labels):
            counts = row.counts(label)
            self._fractions[label][at] += (counts.exact, counts.overlap, counts.boundary, counts.spans)

    def alpha(self, name: str, whole: DocumentRow) -> Json:
        """The figure of a view with its interval."""
        view = whole.view(name)
        figure = asdict(numeric.alpha_of_row(_vector(view)))
        if figure["reason"] == numeric.NO_OVERLAP and whole.left_out and name in WHOLE_VIEWS:
            figure["reason"] = NOT_WHOLE
        if figure["value"] is None:
            return figure | _bounds(None)
        return figure | _bounds(numeric.alpha_interval(self.matrix(name, sorted(view.values))))

    def matrix(self, name: str, values: Sequence[str]) -> FloatArray:
        """documents × (values, O, agreement, units)"""
        matrix = np.zeros((self._size, len(values) + 3))
        if name not in WHOLE_VIEWS:
            matrix[:, -1], matrix[:, -2] = self._plain.T
        column = {value: number for number, value in enumerate(values)}
        sparse = self._views[name]
        for at, row in zip(sparse.at, sparse.rows, strict=True):
            for value, count in row.values.items():
                matrix[at, column[value]] = count
            matrix[at, -2] += row.ratings
            matrix[at, -1] += row.units
        matrix[:, -3] = matrix[:, -2] - matrix[:, :-3].sum(axis=1)
        matrix[sparse.at, -2] -= [row.disagreement for row in sparse.rows]
        return matrix

    def fraction(self, measure: str, label: str | None = None) -> Json:
        """The interval of a pooled F1."""
        if label not in self._fractions:
            return _bounds(None)
        return _bounds(numeric.fraction_interval(self.counted(measure, label)))

    def exact_of(self, pair: Pair) -> Json:
        """The interval of exact F1 of two people."""
        counts = [row.counts() for row in self._of_pair[pair]]
        return _bounds(
            numeric.fraction_interval(np.array([[each.exact, each.spans] for each in counts], dtype=np.float64))
        )

    def counted(self, measure: str, label: str | None = None) -> FloatArray:
        """documents × (matched, spans)"""
        return self._fractions[label][:, [MEASURES.index(measure), 3]]


def _vector(view: ViewRow) -> FloatArray:
    """As `numeric.additive_row` has it, O last of the values."""
    values = list(view.values.values())
    outside = view.ratings - sum(values)
    return np.array([*values, outside, view.ratings - view.disagreement, view.units], dtype=np.float64)


def _counts(whole: DocumentRow) -> Json:
    return {
        "documents": whole.documents,
        "annotators": len(whole.annotators),
        "tokens": whole.tokens,
        "spans": whole.spans,
        "both_empty": sum(pair.both_empty for pair in whole.pairs.values()),
        "left_out": whole.left_out,
        "agreed": whole.agreed,
    }


def _summary(whole: DocumentRow, measure: str, label: str | None = None) -> Json:
    summary: Summary = summarise((pair.counts(label) for pair in whole.pairs.values()), measure)
    return {
        "micro": summary.micro.value,
        "reason": summary.micro.reason,
        "n": summary.micro.n,
        "mean": summary.mean.value,
        "sd": summary.sd,
        "pairs": summary.mean.n,
    }


def _pair(pair: Pair, row: PairRow) -> Json:
    counts = row.counts()
    return {
        "a": pair[0],
        "b": pair[1],
        "documents": counts.documents,
        "enough": counts.documents >= ENOUGH_DOCUMENTS,
        "spans": counts.spans,
        "alpha": numeric.alpha_of_row(_vector(row.bio)).value,
        **{name: counts.f1(name).value for name in MEASURES},
    }


def _short(whole: DocumentRow) -> Json:
    """The two leading figures over the documents with, or without, suggestions."""
    return {
        "documents": whole.documents,
        "alpha": numeric.alpha_of_row(_vector(whole.view("bio"))).value,
        "exact": _summary(whole, "exact")["micro"],
    }


def _bounds(interval: Interval | None) -> Json:
    return {
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
    }


def _ratio_bounds(sums: PairSums) -> Json:
    counts, squares = sums.row.counts(), dict(sums.squares)
    low, high = ratio_interval(int(squares.pop("with_spans")), counts.exact, counts.spans, **squares) or (None, None)
    return {"low": low, "high": high}


def _by_package(figure: Json, documents: Sequence[MeasuredDocument], labels: Sequence[str], name: str) -> None:
    """Puts the package's value into `figure`, where there is one and its memory allows."""
    view = numeric.views(labels)["detect" if name.startswith("=") else name]
    tokens = sum(len(document.tokens) for document in documents)
    if figure["value"] is None or tokens * view.values**2 > numeric.PACKAGE_LIMIT:
        return
    if name.startswith("="):
        codes = [_label_codes(document, labels, name[1:]) for document in documents]
    else:
        whole = [(document, whole_layers(document, labels)) for document in documents]
        codes = [_tag_codes(document, people, labels) for document, people in whole if len(people) > 1]
    figure["value"] = numeric.alpha([numeric.value_counts(matrix, view) for matrix in codes]).value


def _tag_codes(document: MeasuredDocument, people: Sequence[str], labels: Sequence[str]) -> numeric.IntArray:
    return numeric.encode([spans_to_bio(document.tokens, document.layers[name]) for name in people], labels)


def _label_codes(document: MeasuredDocument, labels: Sequence[str], label: str) -> numeric.IntArray:
    """Tokens × people: 1 where they marked the label, MISSING where nobody asked them about it."""
    tokens = np.array(document.tokens, dtype=np.int64).reshape(-1, 2)
    columns, asked = [], document.questions(labels)
    for name, spans in document.layers.items():
        column = np.zeros(len(tokens), dtype=np.int64)
        for span in spans:
            if span.label == label:
                column[(tokens[:, 0] < span.end) & (tokens[:, 1] > span.start)] = 1
        columns.append(column if label in asked[name] else np.full(len(tokens), numeric.MISSING))
    return np.stack(columns, axis=1)
