"""Every night, all figures from scratch beside the stored sums: they must be the same.

What differs is written anew, shown on the Quality page and put into the audit trail. A project is
checked once a day, between `NIGHT`'s hours, or when the night was missed as soon as possible.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import DateTimeField, Exists, OuterRef, Q, Subquery

from annotation.models import Project
from annotation.selectors.layers import DocumentLayers, layers_of
from daner_site.accounts.audit import audit
from daner_site.core.clock import now
from daner_site.core.jobs import enqueue_on_commit
from daner_site.core.live import nudge_on_commit, project_group
from quality.domain.agreement_counting import document_row
from quality.models import AgreementCheck, AgreementReport, DocumentAgreement
from quality.numeric.measures import measure
from quality.selectors.agreement import measures, rows_of
from quality.selectors.content import measured
from quality.selectors.slices import WHOLE
from quality.services.agreement import agreement_recompute
from quality.services.agreement_rows import (
    PARTS,
    dimensions,
    document_columns,
    documents_missed,
    layers_sha,
    rows_write,
)
from quality.services.agreement_totals import (
    documents_lock,
    totals_differing,
    totals_forget,
    totals_subtract,
    totals_update,
)

log = logging.getLogger(__name__)

NIGHT = range(1, 5)
"""Hours, UTC."""
DAILY, MISSED = timedelta(hours=20), timedelta(hours=44)
KEPT = timedelta(days=90)
TOLERANCE = 1e-9
EXAMPLES = 10
BATCH = 200
WHOLE_LIMIT = 1_000
"""Up to so many documents the figures themselves are computed from scratch too, alpha by the package."""

IDENTITY = ("first_id", "second_id", "label_id", "other_id")
BOOKKEEPING = ("id", "organization_id", "project_id", "document_id", "entry_id", "totalled")

Json = dict[str, Any]
Cells = dict[str, Any]
"""Where → what a stored row says there."""


@dataclass(frozen=True)
class Difference:
    document: str
    """Its uuid; empty for the figures of the project."""
    what: str
    by: float


@dataclass
class _Found:
    """What differed, however much it is."""

    places: int = 0
    """Documents, and one for all that is of the project."""
    largest: float = 0.0
    examples: list[list[str]] = field(default_factory=list)

    def add(self, differences: list[Difference]) -> None:
        """Of documents that were not added before."""
        self.places += len({difference.document for difference in differences})
        self.largest = max([self.largest, *(difference.by for difference in differences)])
        room = EXAMPLES - len(self.examples)
        self.examples += [[difference.document, difference.what] for difference in differences[:room]]


def agreement_check_sweep() -> int:
    """Ask for the checks that are due; how many there were."""
    moment = now()
    last = AgreementCheck.objects.filter(project=OuterRef("pk")).order_by("-pk").values("created_at")
    report = AgreementReport.objects.filter(project=OuterRef("pk"), created_at__lt=moment - DAILY)
    old = Q(last__lt=moment - (DAILY if moment.hour in NIGHT else MISSED)) | Q(last__isnull=True)
    due = Project.objects.annotate(last=Subquery(last[:1], DateTimeField())).filter(
        old, Exists(report), Exists(DocumentAgreement.objects.filter(project=OuterRef("pk"))), archived_at__isnull=True
    )
    for project in (found := list(due)):
        agreement_check_request(project=project)
    AgreementCheck.objects.filter(created_at__lt=moment - KEPT).delete()
    return len(found)


@transaction.atomic
def agreement_check_request(*, project: Project) -> AgreementCheck:
    check = AgreementCheck.objects.create(organization_id=project.organization_id, project=project)
    enqueue_on_commit("check_agreement", check_id=check.pk)
    return check


def agreement_check_now(*, uuids: Sequence[UUID] = ()) -> Iterator[tuple[str, AgreementCheck]]:
    """Check these projects, or all, one after the other: (name, result). Unknown ones are passed over."""
    projects = Project.objects.filter(uuid__in=uuids) if uuids else Project.objects.all()
    for project in projects.order_by("pk"):
        row = AgreementCheck.objects.create(organization_id=project.organization_id, project=project)
        if check := agreement_check_run(check_id=row.pk):
            yield project.name, check


def agreement_check_run(*, check_id: int) -> AgreementCheck | None:
    """Compare and repair; None where the check is gone or another worker has done it."""
    check = AgreementCheck.objects.select_related("project").filter(pk=check_id, finished_at__isnull=True).first()
    if check is None:
        return None
    report = agreement_recompute(project_id=check.project_id)
    found = _Found()
    _differing_rows(check.project, report.watermark if report else 0, found)
    _differing_totals(check.project, found)
    compared = DocumentAgreement.objects.filter(project=check.project).count()
    if not found.places and compared <= WHOLE_LIMIT:
        found.add(_differing_figures(check.project))
    _finish(check, compared, found)
    if found.places:
        agreement_recompute(project_id=check.project_id, anew=True)
    return check


@transaction.atomic
def _finish(check: AgreementCheck, documents: int, found: _Found) -> None:
    check.documents = documents
    check.differing = found.places
    check.largest = found.largest
    check.examples = found.examples
    check.finished_at = now()
    check.save()
    if found.places:
        facts = {"documents": documents, "differing": check.differing, "largest": check.largest}
        log.warning("agreement sums differed from a recomputation project=%s %s", check.project.uuid, facts)
        audit(
            organization=check.project.organization,
            actor=None,
            verb="agreement.repair",
            project_uuid=check.project.uuid,
            target_uuid=check.uuid,
            payload=facts,
        )
    nudge_on_commit(project_group(check.project.uuid), "quality")


def _differing_rows(project: Project, watermark: int, found: _Found) -> None:
    """Of the stored rows; they are written anew. Work newer than `watermark` waits to be measured yet."""
    ids = documents_missed(project, since=0)
    labels = {label.name: label.pk for label in project.labels.all()}
    for at in range(0, len(ids), BATCH):
        found.add(_compare_and_repair(project, ids[at : at + BATCH], labels, watermark))


def _differing_totals(project: Project, found: _Found) -> None:
    """Of the sums over many documents; all are made anew. Rows that were wrong made them wrong, too,
    and were counted."""
    known = found.places > 0
    if differing := totals_differing(project):
        totals_forget(project=project)
        totals_update(project=project)
        if not known:
            found.add([Difference("", what, by) for what, by in differing])


@transaction.atomic
def _compare_and_repair(
    project: Project, ids: list[int], labels: Mapping[str, int], watermark: int
) -> list[Difference]:
    documents_lock(project, ids)
    newer = project.annotations.filter(document__in=ids, pk__gt=watermark).values_list("document", flat=True)
    ids = sorted(set(ids) - set(newer))
    rows = DocumentAgreement.objects.filter(document__in=ids).values()
    entries: dict[int, Json] = {row["document_id"]: dict(row) for row in rows}
    parts = {model: _by_entry(model, [entry["id"] for entry in entries.values()]) for model, _ in PARTS}
    fresh = {layers.document_id: layers for layers in layers_of(project, document_ids=ids)}
    found = []
    for pk in ids:
        stored = _stored(entries[pk], parts) if pk in entries else {}
        expected = _expected(fresh[pk], labels) if pk in fresh else {}
        found += _compare(str(fresh[pk].document_uuid) if pk in fresh else str(pk), stored, expected)
    wrong = {difference.document for difference in found}
    repair = [layers for layers in fresh.values() if str(layers.document_uuid) in wrong]
    gone = [pk for pk in entries if pk not in fresh]
    old = [*gone, *(layers.document_id for layers in repair)]
    totals_subtract(project=project, document_ids=old)
    DocumentAgreement.objects.filter(document__in=old).delete()
    rows_write(project, repair, labels)
    return found


def _by_entry(model: type[Any], entries: list[int]) -> dict[int, list[Json]]:
    found: dict[int, list[Json]] = defaultdict(list)
    for row in model.objects.filter(entry__in=entries).values():
        found[row["entry_id"]].append(row)
    return found


def _stored(entry: Json, parts: Mapping[type[Any], Mapping[int, list[Json]]]) -> Cells:
    cells = _cells("document", [entry])
    for model, _ in PARTS:
        cells |= _cells(model.__name__, parts[model].get(entry["id"], []))
    return cells


def _expected(layers: DocumentLayers, labels: Mapping[str, int]) -> Cells:
    """What the rows should hold, from the annotations alone."""
    row, common = document_row(measured(layers), list(labels)), dimensions(layers)
    if not row.documents:
        return {}
    facts = {"layers_sha": layers_sha(layers, labels.keys()), "people": len(layers.layers)}
    cells = _cells("document", [document_columns(row) | common | facts])
    for model, columns in PARTS:
        cells |= _cells(model.__name__, [values | common for values in columns(row, labels)])
    return cells


def _cells(table: str, rows: list[Json]) -> Cells:
    """Every number and mark of the rows by where it stands."""
    return {
        f"{table} {[row.get(name) for name in IDENTITY]} {column}": value
        for row in rows
        for column, value in row.items()
        if column not in (*IDENTITY, *BOOKKEEPING)
    }


def _compare(document: str, stored: Mapping[str, Any], expected: Mapping[str, Any]) -> list[Difference]:
    """What differs, the largest only: one row that is off moves many cells."""
    by = {where: _distance(stored.get(where, 0), expected.get(where, 0)) for where in {*stored, *expected}}
    worst = max(by, key=lambda where: by[where], default="")
    return [Difference(document, worst, by[worst])] if worst and by[worst] > TOLERANCE else []


def _distance(one: Any, other: Any) -> float:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(float(one) - float(other))
    return float(one != other)


def _differing_figures(project: Project) -> list[Difference]:
    """Of the figures people see, computed without any sum: alpha by the package where it can."""
    ids = rows_of(DocumentAgreement, project, WHOLE).values_list("document", flat=True)
    documents = [measured(layers) for layers in layers_of(project, document_ids=ids)]
    scratch = measure(documents, list(project.labels.values_list("name", flat=True)))
    return _compare("", dict(_numbers(measures(project))), dict(_numbers(scratch)))


def _numbers(figures: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value by its path; the ends of intervals are drawn by chance, and `counts` compared without them."""
    if isinstance(figures, dict):
        for name, value in figures.items():
            if name not in ("low", "high", "left_out"):
                yield from _numbers(value, f"{path} {name}")
    elif isinstance(figures, list):
        for number, value in enumerate(figures):
            yield from _numbers(value, f"{path} {number}")
    else:
        yield path, figures
