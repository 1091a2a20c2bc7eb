"""What quality does when annotation tells it something: enqueue by id."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from annotation.models import Document
from annotation.signals import annotation_submitted, gold_published, project_changed
from daner_site.core.jobs import enqueue_on_commit
from quality.services.agreement import agreement_request
from quality.services.agreement_totals import document_forgotten
from quality.services.consensus import consensus_request


@receiver(annotation_submitted, dispatch_uid="quality.cases")
def refresh_cases(document_id: int, **_: Any) -> None:
    enqueue_on_commit("refresh_cases", document_id=document_id)


@receiver(annotation_submitted, dispatch_uid="quality.overlap")
def consider_overlap(document_id: int, **_: Any) -> None:
    enqueue_on_commit("consider_overlap", document_id=document_id)


@receiver(annotation_submitted, dispatch_uid="quality.unanimous")
def accept_unanimous(document_id: int, **_: Any) -> None:
    enqueue_on_commit("accept_unanimous", document_id=document_id)


@receiver(annotation_submitted, dispatch_uid="quality.rows")
def measure_document(document_id: int, **_: Any) -> None:
    enqueue_on_commit("measure_document", document_id=document_id)


@receiver(annotation_submitted, dispatch_uid="quality.agreement")
@receiver(project_changed, dispatch_uid="quality.agreement")
def remeasure(project_id: int, **_: Any) -> None:
    agreement_request(project_id=project_id)


@receiver(gold_published, dispatch_uid="quality.gold")
def close_cases(document_id: int, **_: Any) -> None:
    enqueue_on_commit("refresh_cases", document_id=document_id)


@receiver(annotation_submitted, dispatch_uid="quality.consensus")
@receiver(gold_published, dispatch_uid="quality.consensus")
@receiver(project_changed, dispatch_uid="quality.consensus")
def reconsider(project_id: int, **_: Any) -> None:
    consensus_request(project_id=project_id)


@receiver(pre_delete, sender=Document, dispatch_uid="quality.totals")
def forget(instance: Document, origin: Any = None, **_: Any) -> None:
    # With a whole project or organisation the sums go as well.
    if isinstance(origin, Document) or getattr(origin, "model", None) is Document:
        document_forgotten(document=instance)
