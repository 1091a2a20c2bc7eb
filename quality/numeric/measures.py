"""All agreement figures of a set of documents, as plain JSON data. Knows no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from annotation.domain.spans import LabelledSpan
from annotation.domain.tags import spans_to_bio
from quality.domain.conflicts import conflict_groups, kind_counts
from quality.domain.span_agreement import PairCounts, SpanAgreement, Summary, span_agreement
from quality.numeric import alpha as numeric

VERSION = 1
"""Rises when a definition changes, so that stored reports are measured again."""

MEASURES = ("exact", "overlap", "boundary")

Json = dict[str, Any]


@dataclass(frozen=True)
class MeasuredDocument:
    """One document with everybody who submitted it; `layers`: annotator → spans."""

    text: str
    tokens: Sequence[tuple[int, int]]
    layers: Mapping[str, Sequence[LabelledSpan]]
    with_suggestions: bool = False
    """Somebody saw a model's suggestions here; those push people towards each other."""


def measure(documents: Sequence[MeasuredDocument], labels: Sequence[str]) -> Json:
    """The figures over those of `documents` that at least two people submitted.

    Returns: `counts`; `alpha` per view, each `{value, reason, observed, n, low, high}`, and
    `per_label` without bounds; `span_f1` per measure `{micro, reason, n, low, high, mean, sd, pairs}` and
    `per_label`; `pairs`; `conflicts` per kind; `suggestions`, with and without.
    """
    shared = [document for document in documents if len(document.layers) > 1]
    coded = [(sorted(document.layers), _codes(document, labels)) for document in shared]
    spans = span_agreement([document.layers for document in shared], labels)
    groups = [group for document in shared for group in conflict_groups(document.layers, document.text)]
    conflicts = kind_counts(groups)
    columns = numeric.columns_by_pair(coded)
    return {
        "version": VERSION,
        "counts": _counts(shared, spans) | {"agreed": len(groups) - sum(conflicts.values())},
        "conflicts": conflicts,
        "alpha": _alphas([codes for _, codes in coded], labels),
        "span_f1": _span_f1(spans, labels),
        "pairs": [_pair(pair, counts, columns[pair], labels) for pair, counts in sorted(spans.pairs.items())],
        "suggestions": {
            name: _short(shared, coded, seen, labels) for name, seen in (("with", True), ("without", False))
        },
    }


def _codes(document: MeasuredDocument, labels: Sequence[str]) -> numeric.IntArray:
    rows = [spans_to_bio(document.tokens, document.layers[name]) for name in sorted(document.layers)]
    return numeric.encode(rows, labels)


def _counts(documents: Sequence[MeasuredDocument], spans: SpanAgreement) -> Json:
    people = Counter(name for document in documents for name in document.layers)
    return {
        "documents": len(documents),
        "annotators": len(people),
        "tokens": sum(len(document.tokens) for document in documents),
        "spans": sum(len(layer) for document in documents for layer in document.layers.values()),
        "both_empty": spans.total().both_empty,
    }


def _alphas(documents: Sequence[numeric.IntArray], labels: Sequence[str]) -> Json:
    result: Json = {"per_label": {}}
    parts = numeric.blocks(documents)
    for name, view in numeric.views(labels).items():
        rows = numeric.document_rows(parts, view)
        figure = asdict(numeric.alpha_of_blocks(parts, view, rows))
        if name.startswith("="):
            result["per_label"][name[1:]] = figure
        else:
            result[name] = figure | _bounds(numeric.alpha_interval(rows))
    return result


def _span_f1(spans: SpanAgreement, labels: Sequence[str]) -> Json:
    result: Json = {}
    for name in MEASURES:
        rows = np.array([[getattr(row, name), row.spans] for row in spans.documents], dtype=np.float64)
        interval = numeric.fraction_interval(rows.reshape(-1, 2))
        result[name] = _summary(spans.summary(name)) | _bounds(interval)
    result["per_label"] = {
        label: {name: _summary(spans.summary(name, label)) for name in ("exact", "overlap")} for label in labels
    }
    return result


def _summary(summary: Summary) -> Json:
    return {
        "micro": summary.micro.value,
        "reason": summary.micro.reason,
        "n": summary.micro.n,
        "mean": summary.mean.value,
        "sd": summary.sd,
        "pairs": summary.mean.n,
    }


def _pair(
    pair: tuple[str, str],
    counts: PairCounts,
    columns: Sequence[numeric.IntArray],
    labels: Sequence[str],
) -> Json:
    bio = numeric.views(labels)["bio"]
    alpha = numeric.alpha([numeric.value_counts(np.concatenate(columns), bio)])
    figures = {name: counts.f1(name).value for name in MEASURES}
    return {
        "a": pair[0],
        "b": pair[1],
        "documents": counts.documents,
        "spans": counts.spans,
        "alpha": alpha.value,
        **figures,
    }


def _short(
    documents: Sequence[MeasuredDocument],
    coded: Sequence[tuple[Sequence[str], numeric.IntArray]],
    with_suggestions: bool,
    labels: Sequence[str],
) -> Json:
    """The two leading figures over the documents with, or without, suggestions."""
    chosen = [number for number, document in enumerate(documents) if document.with_suggestions is with_suggestions]
    bio = numeric.views(labels)["bio"]
    parts = numeric.blocks([coded[number][1] for number in chosen])
    alpha = numeric.alpha_of_blocks(parts, bio, numeric.document_rows(parts, bio))
    spans = span_agreement([documents[number].layers for number in chosen])
    return {
        "documents": len(chosen),
        "alpha": alpha.value,
        "exact": spans.summary().micro.value,
    }


def _bounds(interval: numeric.Interval | None) -> Json:
    return {
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
    }
