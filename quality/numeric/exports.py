"""Agreement in the coefficients others report, as plain JSON data: for papers, not for decisions."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from annotation.domain.spans import LabelledSpan, resolve_overlaps
from annotation.domain.tags import OUTSIDE, spans_to_bio
from annotation.domain.text import Token
from quality.domain.agreement_counting import MeasuredDocument, whole_layers
from quality.domain.agreement_rows import Pair
from quality.numeric import alpha as numeric
from quality.numeric.coefficients import (
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac1_of_table,
    scott_pi,
    set_alpha,
    table_of,
)
from quality.numeric.unitizing import Unit, UnitAlpha, end_to_end, pooled, unit_alpha

VIEWS = ("bio", "type")

Json = dict[str, Any]
Codes = Mapping[str, numeric.IntArray]
"""Annotator → a code per token."""


def exports(documents: Sequence[MeasuredDocument], labels: Sequence[str]) -> Json:
    """Kappas, pi and AC1 of tokens, alpha of label sets, and u-alpha.

    Returns: `token` per view, over everybody; `token_pairs` and `unit_pairs` per pair of people;
    `label_sets` (alpha with the MASI distance: sees spans inside spans); `u_alpha`, the mean over
    the pairs, per label and pooled.
    """
    shared = [document for document in documents if len(document.layers) > 1]
    coded = [_codes(document, labels) for document in shared]
    units = _unit_pairs(shared, labels)
    return {
        "token": {view: _token(coded, labels, view) for view in VIEWS},
        "token_pairs": _token_pairs(coded, labels),
        "label_sets": asdict(set_alpha(_label_sets(shared, labels))),
        "u_alpha": {
            "pooled": _mean(pair.pooled for pair in units),
            "per_label": {label: _mean(pair.labels[label] for pair in units) for label in labels},
        },
        "unit_pairs": [
            {"a": pair.people[0], "b": pair.people[1], "pooled": pair.pooled.value}
            | {"per_label": {label: part.value for label, part in pair.labels.items()}}
            for pair in units
        ],
    }


def _codes(document: MeasuredDocument, labels: Sequence[str]) -> Codes:
    """Of the people whose work is one tag per token."""
    whole = whole_layers(document, labels)
    matrix = numeric.encode([spans_to_bio(document.tokens, document.layers[name]) for name in whole] or [[]], labels)
    return {name: matrix[:, number] for number, name in enumerate(whole)}


def _token(coded: Sequence[Codes], labels: Sequence[str], view: str) -> Json:
    lookup = numeric.views(labels)[view]
    counts = [numeric.value_counts(np.stack(list(codes.values()), axis=1), lookup) for codes in coded if len(codes) > 1]
    together = np.concatenate(counts) if counts else np.zeros((0, lookup.values), dtype=np.int64)
    fleiss, gwet = fleiss_kappa(together), gwet_ac1(together)
    return {
        "n": fleiss.n,
        "observed": fleiss.observed,
        "fleiss_kappa": fleiss.value,
        "gwet_ac1": gwet.value,
        "reason": fleiss.reason,
    }


def _token_pairs(coded: Sequence[Codes], labels: Sequence[str]) -> list[Json]:
    views = {name: numeric.views(labels)[name] for name in VIEWS}
    tables: dict[Pair, dict[str, numeric.IntArray]] = {}
    for codes in coded:
        for a, b in combinations(codes, 2):
            for name, view in views.items():
                table = table_of(view.lookup[codes[a]], view.lookup[codes[b]], view.values)
                found = tables.setdefault((a, b), {})
                found[name] = found.get(name, 0) + table
    return [
        {"a": a, "b": b} | {name: _of_table(found[name]) for name in VIEWS} for (a, b), found in sorted(tables.items())
    ]


def _of_table(table: numeric.IntArray) -> Json:
    kappa = cohen_kappa(table)
    return {
        "n": kappa.n,
        "observed": kappa.observed,
        "cohen_kappa": kappa.value,
        "scott_pi": scott_pi(table).value,
        "gwet_ac1": gwet_ac1_of_table(table).value,
        "reason": kappa.reason,
    }


def _label_sets(
    documents: Sequence[MeasuredDocument], labels: Sequence[str]
) -> Counter[tuple[frozenset[str] | None, ...]]:
    """Units by what the people asked about every label said of them, who may mark span over span."""
    result: Counter[tuple[frozenset[str] | None, ...]] = Counter()
    for document in documents:
        every, asked = document.of(labels), document.questions(labels)
        whole = [spans for name, spans in document.layers.items() if asked[name] == every]
        result.update(zip(*(_sets(document.tokens, spans) for spans in whole), strict=True))
    return result


def _sets(tokens: Sequence[Token], spans: Sequence[LabelledSpan]) -> list[frozenset[str]]:
    """The labels of each token."""
    used = sorted({span.label for span in spans})
    layers = [spans_to_bio(tokens, _of_label(spans, label)) for label in used]
    return [
        frozenset(label for label, tags in zip(used, layers, strict=True) if tags[number] != OUTSIDE)
        for number in range(len(tokens))
    ]


def _of_label(spans: Iterable[LabelledSpan], label: str) -> list[LabelledSpan]:
    """Without overlap: of two spans of one label over each other, the longer."""
    return resolve_overlaps(span for span in spans if span.label == label)


@dataclass(frozen=True)
class _UnitPair:
    people: Pair
    labels: Mapping[str, UnitAlpha]
    pooled: UnitAlpha


def _unit_pairs(documents: Sequence[MeasuredDocument], labels: Sequence[str]) -> list[_UnitPair]:
    """Each pair on the texts both read, laid end to end; per label those where both were asked about it."""
    texts: dict[Pair, dict[str, list[tuple[int, Sequence[Sequence[Unit]]]]]] = defaultdict(lambda: defaultdict(list))
    for document in documents:
        units = {
            name: {
                label: [(span.start, span.end) for span in _of_label(document.layers[name], label)] for label in asked
            }
            for name, asked in document.questions(labels).items()
        }
        for a, b in combinations(units, 2):
            for label in units[a].keys() & units[b].keys():
                texts[a, b][label].append((len(document.text), [units[a][label], units[b][label]]))
    result = []
    for pair, found in sorted(texts.items()):
        parts = {label: unit_alpha(*end_to_end(found[label])) for label in labels}
        result.append(_UnitPair(pair, parts, pooled([part for part in parts.values() if part.n])))
    return result


def _mean(parts: Iterable[UnitAlpha]) -> Json:
    values = [part.value for part in parts if part.value is not None]
    return {"mean": statistics.fmean(values) if values else None, "pairs": len(values)}
