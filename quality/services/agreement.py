"""Measuring a project's agreement, once per state of its annotations."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from itertools import groupby

from django.db.models import Count, F, Max, OuterRef, Q, Subquery

from annotation.models import Annotation, Project
from annotation.selectors.layers import DocumentLayers, layers_of
from daner_site.core.clock import now
from daner_site.core.jobs import enqueue_on_commit
from daner_site.core.live import nudge_on_commit, project_group
from quality.models import AgreementReport
from quality.numeric.measures import VERSION, MeasuredDocument, measure
from quality.selectors.panel import newest_report
from quality.services.cases import cases_refresh

DEBOUNCE_MS = 2_000
"""A burst of submissions is measured once: later messages find nothing new and stop."""
MISSED_AFTER = timedelta(minutes=1)
COSTLY_SECONDS = 1.0
REST = 10
"""After a costly measurement, nothing for so many times as long: a tenth of a worker at most."""


def agreement_request(*, project_id: int, delay_ms: int = DEBOUNCE_MS) -> None:
    """Have the agreement measured shortly after the current transaction."""
    enqueue_on_commit("recompute_agreement", delay_ms=delay_ms, project_id=project_id)


def agreement_recompute(*, project_id: int) -> AgreementReport | None:
    """Measure the project if anything was annotated since; the newest report, None for no project.

    Also brings the cases of documents annotated since up to date, in case a message was lost.
    Not one transaction on purpose: on SQLite it would keep all writers waiting while it computes.
    """
    project = Project.objects.filter(pk=project_id).first()
    if project is None:
        return None
    newest = newest_report(project)
    watermark = _watermark(project)
    if newest is not None and newest.watermark >= watermark and newest.measures["version"] == VERSION:
        return newest
    if (rest := _rest_ms(newest)) > 0:
        agreement_request(project_id=project_id, delay_ms=rest)
        return newest
    _refresh_cases(project, since=newest.watermark if newest else 0)
    sha = _data_sha(project)
    if newest is not None and newest.data_sha == sha:
        AgreementReport.objects.filter(pk=newest.pk).update(watermark=watermark)
        return newest
    labels = list(project.labels.values_list("name", flat=True))
    started = time.monotonic()
    measures = measure([_measured(item) for item in layers_of(project)], labels)
    report = AgreementReport.objects.create(
        organization_id=project.organization_id,
        project=project,
        measures=measures,
        seconds=time.monotonic() - started,
        data_sha=sha,
        watermark=watermark,
    )
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


def _measured(item: DocumentLayers) -> MeasuredDocument:
    return MeasuredDocument(
        text=item.text,
        tokens=item.tokens,
        layers={str(layer.author_id): layer.spans for layer in item.layers},
        with_suggestions=any(layer.with_suggestions for layer in item.layers),
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


def _refresh_cases(project: Project, *, since: int) -> None:
    """Of the documents annotated since then, those that two people have labelled."""
    human = Annotation.objects.filter(project=project, kind=Annotation.Kind.HUMAN)
    shared = human.filter(current=True).values("document").annotate(people=Count("pk")).filter(people__gt=1)
    changed = human.filter(pk__gt=since, document__in=shared.values("document"))
    for document_id in changed.order_by("document").values_list("document", flat=True).distinct():
        cases_refresh(document_id=document_id)


def _data_sha(project: Project) -> str:
    """Over the annotations of documents at least two people submitted, and the label names."""
    rows = (
        project.annotations.filter(kind=Annotation.Kind.HUMAN, current=True)
        .order_by("document_id", "pk")
        .values_list("document_id", "pk")
    )
    digest = hashlib.sha256(f"{VERSION}|".encode())
    for label in project.labels.values_list("name", flat=True):
        digest.update(f"{label}|".encode())
    for _, group in groupby(rows, key=lambda row: row[0]):
        ids = [str(pk) for _, pk in group]
        if len(ids) > 1:
            digest.update((",".join(ids) + "|").encode())
    return digest.hexdigest()
