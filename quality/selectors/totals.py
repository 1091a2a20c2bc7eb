"""Sums over any slice of a project: kept sums of many documents, and the newest documents beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Model, Q, QuerySet, Sum

from annotation.models import Project
from quality.domain.agreement_totals import (
    CONFUSIONS,
    DOCUMENTS,
    LABELS,
    PAIRS,
    Grain,
    Key,
    Stretch,
    Sums,
    Table,
    monday,
    stretches,
)
from quality.models import (
    Confusion,
    ConfusionTotal,
    DocumentAgreement,
    DocumentTotal,
    LabelAgreement,
    LabelTotal,
    PairAgreement,
    PairTotal,
)
from quality.models.totals import Total
from quality.selectors.slices import Slice


@dataclass(frozen=True)
class Source:
    """Where sums come from."""

    table: Table
    rows: type[Model]
    totals: type[Total]


OF_DOCUMENTS = Source(DOCUMENTS, DocumentAgreement, DocumentTotal)
OF_LABELS = Source(LABELS, LabelAgreement, LabelTotal)
OF_PAIRS = Source(PAIRS, PairAgreement, PairTotal)
OF_CONFUSIONS = Source(CONFUSIONS, Confusion, ConfusionTotal)


def total_sums(
    source: Source, project: Project, chosen: Slice, by: tuple[str, ...], *, sums: tuple[str, ...] = (), **only: Any
) -> dict[Key, Sums]:
    """The sums of a slice, by columns of the table's key.

    Args:
        by: with `day`, the Monday of each week; with `bucket` of pairs, only a slice without days.
        sums: those wanted; empty: all.
        only: further columns and what they have to be.
    """
    by_week = "day" in by
    parts = stretches(chosen.since, chosen.until, by_week=by_week)
    if source is OF_PAIRS and "bucket" in by:
        parts = [Stretch(Grain.BUCKETS)]
    wanted = sums or source.table.sums
    kept = chosen.narrow_kind(source.totals._default_manager.filter(project=project, **only)).filter(
        reduce(or_, map(_within, parts))
    )
    found: dict[Key, Sums] = {}
    for row in kept.order_by().values(*by).annotate(**{f"sum_{name}": Sum(name) for name in wanted}):
        key = tuple(monday(row[name]) if name == "day" else row[name] for name in by)
        _grow(found, key, {name: row[f"sum_{name}"] for name in wanted})
    for whole, added in source.table.cells(_waiting(source, project, chosen, only), (parts[0].grain,)).items():
        named = dict(zip(source.table.key, whole, strict=True))
        key = tuple(monday(named[name]) if name == "day" else named[name] for name in by)
        _grow(found, key, {name: added[name] for name in wanted})
    return found


def _within(stretch: Stretch) -> Q:
    found = Q(grain=int(stretch.grain))
    if stretch.first is not None:
        found &= Q(day__gte=stretch.first)
    if stretch.end is not None:
        found &= Q(day__lt=stretch.end)
    return found


def _waiting(source: Source, project: Project, chosen: Slice, only: Mapping[str, Any]) -> Any:
    """Rows of the documents that are not in the kept sums yet; they are few."""
    of_entry = source.rows is DocumentAgreement
    rows: QuerySet[Any] = chosen.narrow(source.rows._default_manager.filter(project=project, **only))
    rows = rows.filter(**{"totalled" if of_entry else "entry__totalled": False})
    return rows.order_by("pk" if of_entry else "entry").values()


def _grow(found: dict[Key, Sums], key: Key, added: Sums) -> None:
    if (known := found.get(key)) is None:
        found[key] = added
    else:
        for name, value in added.items():
            known[name] += value
