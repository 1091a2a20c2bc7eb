"""Adding documents' rows to the sums over many, and taking them out again.

New rows wait until there are some hundred, and are read one by one as long; then a job adds them to
the sums and marks them. Whoever replaces or deletes marked rows subtracts them first. So the sums and
the waiting rows together are at every moment what all rows add up to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Sum

from annotation.models import Document, Project
from quality.domain.agreement_totals import (
    ALWAYS,
    CONFUSIONS,
    DOCUMENTS,
    LABELS,
    PAIRS,
    SLICED,
    Grain,
    Key,
    Sums,
    Table,
    monday,
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

WAITING = 500
"""So many documents may wait."""
BATCH = 1_000
CHUNK = 2_000
TOLERANCE = 1e-6
"""Sums of a hundred thousand documents, added in any order."""

LOCK = 0x70_7A15
"""Of this module, among the database's advisory locks."""

Source = tuple[type[models.Model], type[Total], Table]
TABLES: tuple[Source, ...] = (
    (DocumentAgreement, DocumentTotal, DOCUMENTS),
    (LabelAgreement, LabelTotal, LABELS),
    (PairAgreement, PairTotal, PAIRS),
    (Confusion, ConfusionTotal, CONFUSIONS),
)


def documents_lock(project: Project, ids: Iterable[int]) -> None:
    """Until the end of the transaction nobody else writes the rows of these documents."""
    documents = project.documents.filter(pk__in=ids).order_by("pk")
    list(documents.select_for_update(no_key=True, of=("self",)).values_list("pk"))


def totals_waiting(project: Project) -> int:
    return DocumentAgreement.objects.filter(project=project, totalled=False).count()


def totals_update(*, project: Project, waiting: int = WAITING) -> int:
    """Add the documents that wait, if they are more than `waiting`; how many were added. Safe to repeat."""
    if totals_waiting(project) <= waiting:
        return 0
    added = 0
    while found := _add_some(project):
        added += found
    return added


@transaction.atomic
def totals_subtract(*, project: Project, document_ids: Iterable[int]) -> None:
    """Before the rows of these documents go. The caller holds the documents' locks."""
    _lock(project)
    gone = DocumentAgreement.objects.filter(project=project, document__in=document_ids, totalled=True)
    _add(project, list(gone.values_list("pk", flat=True)), -1)


def totals_differing(project: Project) -> list[tuple[str, float]]:
    """Where sums are not what the marked rows add up to, with the largest difference: `[(what, by)]`.

    Days and weeks are compared with the rows week by week, sums by bucket person by person, and those
    over all time with the weeks; so few rows are in memory, and writers wait but for a moment.
    """
    weeks = _weeks(project)
    return [difference for source in TABLES for difference in _differing(project, source, weeks)]


def _differing(project: Project, source: Source, weeks: list[date]) -> Iterator[tuple[str, float]]:
    rows_model, total_model, table = source
    of_entry = rows_model is DocumentAgreement
    marked = rows_model._default_manager.filter(
        project=project, **{"totalled" if of_entry else "entry__totalled": True}
    ).order_by("pk" if of_entry else "entry")
    stored = total_model._default_manager.filter(project=project).order_by()
    for week in weeks:
        days = (week, week + timedelta(days=6))
        with transaction.atomic():
            _lock(project)
            rows = marked.filter(**{"day__range" if of_entry else "entry__day__range": days})
            cells = table.cells(rows.values().iterator(CHUNK), (Grain.DAY, Grain.WEEK))
            yield from _differences(table, cells, stored.filter(grain__in=(Grain.DAY, Grain.WEEK), day__range=days))
    for person in _firsts(project) if Grain.BUCKETS in table.grains else ():
        with transaction.atomic():
            _lock(project)
            cells = table.cells(marked.filter(first=person).values().iterator(CHUNK), (Grain.BUCKETS,))
            yield from _differences(table, cells, stored.filter(**{"grain": Grain.BUCKETS, "first": person}))
    with transaction.atomic():
        _lock(project)
        cells = {}
        by = table.key[2:]
        of_weeks = stored.filter(grain=Grain.WEEK).values(*by).annotate(**{f"sum_{n}": Sum(n) for n in table.sums})
        for row in of_weeks.iterator(CHUNK):
            key = (int(Grain.EVER), ALWAYS, *(row[name] for name in by))
            cells[key] = {name: row[f"sum_{name}"] for name in table.sums}
        yield from _differences(table, cells, stored.filter(grain=Grain.EVER))


@transaction.atomic
def document_forgotten(*, document: Document) -> None:
    """Before the document itself is deleted, and its rows with it."""
    documents_lock(document.project, [document.pk])
    totals_subtract(project=document.project, document_ids=[document.pk])


@transaction.atomic
def totals_forget(*, project: Project) -> None:
    """Drop all sums; every document waits to be added again."""
    _lock(project)
    for _, total_model, _ in TABLES:
        total_model._default_manager.filter(project=project).delete()
    DocumentAgreement.objects.filter(project=project, totalled=True).update(totalled=False)


def _lock(project: Project) -> None:
    """Until the end of the transaction nobody else changes the sums of the project."""
    # On SQLite a transaction keeps all other writers out anyway.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, project.pk % 2**31])


@transaction.atomic
def _add_some(project: Project) -> int:
    """The documents first, as everybody who writes their rows does."""
    waiting = DocumentAgreement.objects.filter(project=project, totalled=False).order_by("pk")
    documents = list(waiting.values_list("document", flat=True)[:BATCH])
    documents_lock(project, documents)
    _lock(project)
    entries = list(waiting.filter(document__in=documents).values_list("pk", flat=True))
    _add(project, entries, 1)
    DocumentAgreement.objects.filter(pk__in=entries).update(totalled=True)
    return len(documents)


def _add(project: Project, entries: list[int], sign: int) -> None:
    """In the database alone: one statement per table and grain."""
    if not entries:
        return
    marks = ", ".join(["%s"] * len(entries))
    with connection.cursor() as cursor:
        for source in TABLES:
            for grain in source[2].grains:
                statement = _statement(source, grain, marks, sign)
                cursor.execute(statement, [project.organization_id, project.pk, *entries])


def _statement(source: Source, grain: Grain, marks: str, sign: int) -> str:
    """The sums of the rows of some documents, added to those there are.

    In order, so that two writers never wait for each other.
    """
    rows_model, total_model, table = source
    rows, entries = rows_model._meta.db_table, DocumentAgreement._meta.db_table
    key = {
        "grain": str(int(grain)),
        "day": _start(grain),
        "bucket": "r.bucket" if grain in table.by_bucket else "0",
        **{name: f"r.{name}" for name in SLICED},
        **{name: f"COALESCE(r.{name}_id, 0)" for name in table.identity},
    }
    sums = {name: f'r."{name}"' for name in table.sums} | {"documents": "1"} | SQUARES_OF.get(rows_model, {})
    places = ", ".join(map(str, range(3, 3 + len(key))))
    values = [*key.values(), *(f"{sign} * SUM(CAST({sums[name]} AS DOUBLE PRECISION))" for name in table.sums)]
    grown = ", ".join(f'"{name}" = t."{name}" + excluded."{name}"' for name in table.sums)
    return (
        f"WITH given(organization, project) AS (SELECT CAST(%s AS BIGINT), CAST(%s AS BIGINT)), "  # noqa: S608
        f"chosen AS (SELECT id FROM {entries} WHERE id IN ({marks})) "
        f"INSERT INTO {total_model._meta.db_table} AS t "
        f"({_quoted('organization_id', 'project_id', *key, *table.sums)}) "
        f"SELECT given.organization, given.project, {', '.join(values)} "
        f"FROM {rows} r {WHOLE_PAIRS if rows_model is PairAgreement else ''} CROSS JOIN given "
        f"WHERE r.{'id' if rows_model is DocumentAgreement else 'entry_id'} IN (SELECT id FROM chosen) "
        f"GROUP BY 1, 2, {places} ORDER BY {places} "
        f"ON CONFLICT ({_quoted('project_id', *key)}) DO UPDATE SET {grown}"
    )


def _quoted(*names: str) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _start(grain: Grain) -> str:
    """`Grain.start` of `r.day` as the database says it."""
    postgres = connection.vendor == "postgresql"
    if grain is Grain.DAY:
        return "r.day"
    if grain is Grain.WEEK:
        return "CAST(date_trunc('week', r.day) AS date)" if postgres else "date(r.day, 'weekday 0', '-6 days')"
    return f"CAST('{ALWAYS}' AS date)" if postgres else f"'{ALWAYS}'"


def _squares(a: str, b: str) -> dict[str, str]:
    """As `quality.domain.agreement_totals` has them."""
    one, other = (f"CAST({name} AS DOUBLE PRECISION)" for name in (a, b))
    return {
        "with_spans": f"CASE WHEN {b} > 0 THEN 1 ELSE 0 END",
        "aa": f"{one} * {one}",
        "ab": f"{one} * {other}",
        "bb": f"{other} * {other}",
    }


SQUARES_OF: dict[type[models.Model], dict[str, str]] = {
    DocumentAgreement: _squares("r.exact", "r.pair_spans"),
    LabelAgreement: _squares("r.exact", "r.spans"),
    PairAgreement: _squares('COALESCE(w.a, 2 * r."both")', "COALESCE(w.b, r.first_spans + r.second_spans)"),
}
WHOLE_PAIRS = (
    'LEFT JOIN (SELECT entry_id, first_id, second_id, SUM(2 * "both") AS a, SUM(first_spans + second_spans) AS b '  # noqa: S608
    f"FROM {PairAgreement._meta.db_table} WHERE entry_id IN (SELECT id FROM chosen) GROUP BY 1, 2, 3) w "
    "ON r.label_id IS NULL AND w.entry_id = r.entry_id AND w.first_id = r.first_id AND w.second_id = r.second_id"
)
"""What a pair's labels have together, for its row without one."""


def _weeks(project: Project) -> list[date]:
    """Every week there are rows or sums of."""
    rows = DocumentAgreement.objects.filter(project=project, totalled=True).order_by()
    days = set(rows.values_list("day", flat=True).distinct())
    for _, total_model, _ in TABLES:
        sums = total_model._default_manager.filter(project=project, grain__in=(Grain.DAY, Grain.WEEK)).order_by()
        days |= set(sums.values_list("day", flat=True).distinct())
    return sorted({monday(day) for day in days})


def _firsts(project: Project) -> list[int]:
    """Who comes first in a pair."""
    rows = PairAgreement.objects.filter(project=project).order_by().values_list("first", flat=True)
    sums = PairTotal.objects.filter(project=project).order_by().values_list("first", flat=True)
    return sorted({*rows.distinct(), *sums.distinct()})


def _differences(table: Table, expected: dict[Key, Sums], stored: Any) -> Iterator[tuple[str, float]]:
    """`expected` is used up. A sum of nothing may stay behind, or be missing."""
    nothing = dict.fromkeys(table.sums, 0.0)
    for row in stored.values(*table.key, *table.sums).iterator(CHUNK):
        key = tuple(row[name] for name in table.key)
        sums = expected.pop(key, nothing)
        if (by := max(abs(row[name] - sums[name]) for name in table.sums)) > TOLERANCE:
            yield f"sum {key}", by
    for key, sums in expected.items():
        if (by := max(map(abs, sums.values()))) > TOLERANCE:
            yield f"sum {key}", by
