"""Reporting a project's agreement, once per state of its annotations."""

from __future__ import annotations

import hashlib
import time
from datetime import date, timedelta

from django.db.models import F, Max, OuterRef, Q, Subquery

from annotation.models import Annotation, Project
from daner_site.core.clock import now
from daner_site.core.jobs import enqueue_on_commit
from daner_site.core.live import nudge_on_commit, project_group
from quality.models import AgreementReport, DocumentAgreement
from quality.numeric.measures import VERSION
from quality.selectors.agreement import kept_apart, measures
from quality.selectors.panel import newest_report
from quality.services.agreement_rows import documents_measure, documents_missed
from quality.services.agreement_totals import totals_update
from quality.services.cases import cases_refresh_all

DEBOUNCE_MS = 2_000
"""A burst of submissions is measured once: later messages find nothing new and stop."""
MISSED_AFTER = timedelta(minutes=1)
COSTLY_SECONDS = 1.0
KEPT = 20
"""So many newest reports, and of every older day the last."""
REST = 10
"""After a costly measurement, nothing for so many times as long: a tenth of a worker at most."""


def agreement_request(*, project_id: int, delay_ms: int = DEBOUNCE_MS) -> None:
    """Have the agreement measured shortly after the current transaction."""
    enqueue_on_commit("recompute_agreement", delay_ms=delay_ms, project_id=project_id)


def agreement_recompute(*, project_id: int, anew: bool = False) -> AgreementReport | None:
    """Report on the project if anything was annotated since; the newest report, None for no project.

    Also brings the rows and the cases of documents annotated since up to date, in case a message was
    lost. Not one transaction on purpose: on SQLite it would keep all writers waiting while it computes.

    Args:
        anew: measure even if no annotation is newer than the newest report.
    """
    project = Project.objects.filter(pk=project_id).first()
    if project is None:
        return None
    newest = newest_report(project)
    watermark = _watermark(project)
    known = newest if newest is not None and _comparable(project, newest) else None
    missed = documents_missed(project, since=known.watermark if known else 0)
    if known is not None and known.watermark >= watermark and not missed and not anew:
        return known
    if not anew and (rest := _rest_ms(newest)) > 0:
        agreement_request(project_id=project_id, delay_ms=rest)
        return newest
    documents_measure(project=project, document_ids=missed)
    cases_refresh_all(project=project, document_ids=missed)
    totals_update(project=project)
    sha = _data_sha(project)
    if newest is not None and newest.data_sha == sha and not anew:
        AgreementReport.objects.filter(pk=newest.pk).update(watermark=watermark)
        return newest
    started = time.monotonic()
    report = AgreementReport.objects.create(
        organization_id=project.organization_id,
        project=project,
        measures=measures(project) | {"apart": kept_apart(project)},
        span_overlap=project.span_overlap,
        seconds=time.monotonic() - started,
        data_sha=sha,
        watermark=watermark,
    )
    _prune(project)
    nudge_on_commit(project_group(project.uuid), "quality")
    return report


def agreement_sweep() -> int:
    """Ask again for projects whose newest annotations nobody measured; how many there were."""
    seen = AgreementReport.objects.filter(project=OuterRef("pk")).order_by("-pk").values("watermark")
    last = Annotation.objects.filter(
        project=OuterRef("pk"), kind=Annotation.Kind.HUMAN, created_at__lt=now() - MISSED_AFTER
    )
    behind = (
        Project.objects.annotate(seen=Subquery(seen[:1]), last=Subquery(last.order_by("-pk").values("pk")[:1]))
        .filter(Q(seen__isnull=True) | Q(last__gt=F("seen")), last__isnull=False)
        .values_list("pk", flat=True)
    )
    for project_id in (found := list(behind)):
        agreement_request(project_id=project_id)
    return len(found)


def _comparable(project: Project, newest: AgreementReport) -> bool:
    """Under other definitions, with another label, or where spans may lie over spans in another way, the rows
    of all documents say something else."""
    labels = set(project.labels.values_list("name", flat=True))
    return (
        bool(newest.measures["version"] == VERSION)
        and newest.span_overlap == project.span_overlap
        and set(newest.measures["alpha"]["per_label"]) == labels
    )


def _rest_ms(newest: AgreementReport | None) -> int:
    """Milliseconds until a project that is costly to measure may be measured again."""
    if newest is None or newest.seconds < COSTLY_SECONDS:
        return 0
    due = newest.created_at + timedelta(seconds=REST * newest.seconds)
    return int((due - now()).total_seconds() * 1000)


def _watermark(project: Project) -> int:
    human = project.annotations.filter(kind=Annotation.Kind.HUMAN)
    return human.aggregate(last=Max("pk"))["last"] or 0


def _data_sha(project: Project) -> str:
    """Over what is counted and the label names."""
    digest = hashlib.sha256(f"{VERSION}|".encode())
    for label in project.labels.values_list("name", flat=True):
        digest.update(f"{label}|".encode())
    rows = DocumentAgreement.objects.filter(project=project).order_by("document")
    for document_id, sha in rows.values_list("document", "layers_sha").iterator():
        digest.update(f"{document_id} {sha}|".encode())
    return digest.hexdigest()


def _prune(project: Project) -> None:
    """Of the older reports, the last one of each day stays."""
    reports = AgreementReport.objects.filter(project=project)
    older = reports.order_by("-pk").values_list("pk", "created_at")[KEPT:]
    last_of: dict[date, int] = {}
    for pk, created_at in older:
        last_of.setdefault(created_at.date(), pk)
    reports.filter(pk__in=[pk for pk, _ in older]).exclude(pk__in=last_of.values()).delete()
