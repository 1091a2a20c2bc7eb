"""Agreement as a file: every figure of a slice, and the coefficients other tools report."""

from __future__ import annotations

import csv as csv_module
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from annotation.models import Project
from annotation.selectors.layers import layers_of
from daner_site.accounts.models import User
from daner_site.core.clock import now
from quality.models import DocumentAgreement
from quality.numeric.exports import exports
from quality.selectors.agreement import measures, rows_of
from quality.selectors.content import measured
from quality.selectors.slices import Slice

COEFFICIENTS_LIMIT = 1_000
"""Documents. The other coefficients are no sums of documents' rows, so all texts are read."""
COLUMNS = ("measure", "label", "first", "second", "value", "low", "high", "n", "reason")

Json = dict[str, Any]


@dataclass(frozen=True)
class File:
    name: str
    content_type: str
    content: str


def agreement_export(project: Project, chosen: Slice, *, csv: bool = False) -> File:
    figures = _named(measures(project, chosen), "pairs")
    coefficients = _coefficients(project, chosen)
    if csv:
        return File("agreement.csv", "text/csv; charset=utf-8", _csv([*_rows(figures), *_unit_rows(coefficients)]))
    content = {
        "project": project.name,
        "measured_at": now().isoformat(),
        "slice": {name: value for name, value in chosen.values.items() if value},
        "figures": figures,
        "coefficients": coefficients,
    }
    return File("agreement.json", "application/json", json.dumps(content, ensure_ascii=False, indent=1))


def _coefficients(project: Project, chosen: Slice) -> Json | None:
    """None where there are too many documents, or for a slice of two people."""
    ids = list(rows_of(DocumentAgreement, project, chosen).values_list("document", flat=True)[: COEFFICIENTS_LIMIT + 1])
    if len(ids) > COEFFICIENTS_LIMIT or chosen.pair:
        return None
    documents = [measured(layers) for layers in layers_of(project, document_ids=ids)]
    found = exports(documents, list(project.labels.values_list("name", flat=True)))
    return _named(_named(found, "token_pairs"), "unit_pairs")


def _named(found: Json, pairs: str) -> Json:
    """With sign-in names in place of ids in its list of that name."""
    ids = {pair[side] for pair in found[pairs] for side in "ab"}
    names = {str(pk): name for pk, name in User.objects.filter(pk__in=ids).values_list("pk", "username")}
    return found | {pairs: [pair | {side: names.get(pair[side], pair[side]) for side in "ab"} for pair in found[pairs]]}


def _rows(figures: Json) -> Iterator[Json]:
    alphas, f1s = dict(figures["alpha"]), dict(figures["span_f1"])
    alphas_of, f1s_of = alphas.pop("per_label"), f1s.pop("per_label")
    yield from (_row(f"alpha {name}", figure) for name, figure in alphas.items())
    yield from (_row("alpha of the label", figure, label=label) for label, figure in alphas_of.items())
    yield from (_row(f"{name} F1", figure) for name, figure in f1s.items())
    for label, found in f1s_of.items():
        yield from (_row(f"{name} F1", figure, label=label) for name, figure in found.items())
    for pair in figures["pairs"]:
        who = {"first": pair["a"], "second": pair["b"]}
        yield _row("exact F1", pair | {"value": pair["exact"], "n": pair["spans"]}, **who)
        yield {"measure": "alpha bio", "value": pair["alpha"], **who}


def _row(measure: str, figure: Mapping[str, Any], **more: str) -> Json:
    value = figure["micro"] if "micro" in figure else figure["value"]
    facts = {name: figure.get(name) for name in ("low", "high", "n", "reason")}
    return {"measure": measure, "value": value, **facts, **more}


def _unit_rows(coefficients: Json | None) -> Iterator[Json]:
    if coefficients is None:
        return
    unit = coefficients["u_alpha"]
    for label, figure in {"": unit["pooled"], **unit["per_label"]}.items():
        yield {"measure": "u-alpha, mean of pairs", "label": label, "value": figure["mean"], "n": figure["pairs"]}


def _csv(rows: list[Json]) -> str:
    text = io.StringIO()
    writer = csv_module.DictWriter(text, COLUMNS, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _harmless(value: Any) -> Any:
    """Nothing that a spreadsheet would take for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
