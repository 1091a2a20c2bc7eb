"""Publishing gold: the one answer a document trains and is measured with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Document, Project
from annotation.services.annotations import annotation_write
from annotation.services.reservations import reservations_drop
from annotation.signals import gold_published
from daner_site.accounts.audit import audit
from daner_site.accounts.models import User
from daner_site.core.events import send_on_commit
from daner_site.core.live import nudge_on_commit, project_group


@transaction.atomic
def gold_publish(
    *,
    project: Project,
    document: Document,
    author: User,
    spans: Sequence[LabelledSpan],
    provenance: dict[str, Any],
) -> Annotation:
    """Make `spans` the document's gold, superseding the one before.

    Raises: SpanError (a span outside the text, overlapping, or with an unknown label).
    """
    gold = annotation_write(
        project=project,
        document=document,
        author=author,
        kind=Annotation.Kind.GOLD,
        spans=spans,
        provenance=provenance,
    )
    # Nobody needs to label it any more; whom it is a check for has not begun.
    reservations_drop(project.assignments.filter(document=document))
    audit(
        organization=project.organization,
        actor=author,
        verb="gold.publish",
        project_uuid=project.uuid,
        target_uuid=document.uuid,
        payload={"annotation": str(gold.uuid), "revision": gold.revision},
    )
    send_on_commit(
        gold_published,
        project_id=project.pk,
        document_id=document.pk,
        annotation_id=gold.pk,
    )
    nudge_on_commit(project_group(project.uuid), "progress")
    return gold


@transaction.atomic
def gold_withdraw(*, project: Project, document: Document, actor: User) -> None:
    """Make the document one without gold again; what was its gold stays readable as an old revision."""
    gold = document.annotations.select_for_update().get(kind=Annotation.Kind.GOLD, current=True)
    Annotation.objects.filter(pk=gold.pk).update(current=False)
    audit(
        organization=project.organization,
        actor=actor,
        verb="gold.withdraw",
        project_uuid=project.uuid,
        target_uuid=document.uuid,
        payload={"annotation": str(gold.uuid), "revision": gold.revision},
    )
    nudge_on_commit(project_group(project.uuid), "progress")
