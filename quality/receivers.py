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


@receiver(annotation_submitted, dispatch_uid="quality.document")
@receiver(gold_published, dispatch_uid="quality.document")
def refresh_document(document_id: int, **_: Any) -> None:
    # The name is older than the other things the job does; messages under way still bear it.
    enqueue_on_commit("refresh_cases", document_id=document_id)


@receiver(annotation_submitted, dispatch_uid="quality.agreement")
@receiver(project_changed, dispatch_uid="quality.agreement")
def remeasure(project_id: int, **_: Any) -> None:
    agreement_request(project_id=project_id)


@receiver(annotation_submitted, dispatch_uid="quality.consensus")
@receiver(gold_published, dispatch_uid="quality.consensus")
def reconsider(project_id: int, **_: Any) -> None:
    consensus_request(project_id=project_id)


@receiver(project_changed, dispatch_uid="quality.consensus")
def reconsider_imported(project_id: int, kind: str, **_: Any) -> None:
    if kind == "documents":
        consensus_request(project_id=project_id)


@receiver(project_changed, dispatch_uid="quality.order")
def reorder(project_id: int, kind: str, **_: Any) -> None:
    # A label's weight may be another.
    if kind == "labels":
        enqueue_on_commit("refresh_priorities", project_id=project_id)


@receiver(pre_delete, sender=Document, dispatch_uid="quality.totals")
def forget(instance: Document, origin: Any = None, **_: Any) -> None:
    # With a whole project or organisation the sums go as well.
    if isinstance(origin, Document) or getattr(origin, "model", None) is Document:
        document_forgotten(document=instance)
