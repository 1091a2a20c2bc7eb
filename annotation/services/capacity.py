"""How many people are to label a document, once it is in the project: only ever raised."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef

from annotation.models import Annotation, Project
from daner_site.core.live import nudge_on_commit, project_group


@transaction.atomic
def capacity_set(*, project: Project, document_id: int, people: int, reason: str) -> bool:
    """Let `people` people label the document; returns whether that is more than before.

    One conditional UPDATE, so that nothing is lowered and a repeated call does nothing. Who labelled
    the document before is never served it again: see `assignment_claim_next`. The first reason that
    a document was given stays. Documents with gold are left alone.
    """
    documents = project.documents.filter(pk=document_id, overlap_target__lt=people)
    gold = Annotation.objects.filter(document=OuterRef("pk"), kind=Annotation.Kind.GOLD, current=True)
    raised = documents.filter(~Exists(gold)).update(overlap_target=people)
    if raised:
        project.documents.filter(pk=document_id, overlap_reason="").update(overlap_reason=reason)
        nudge_on_commit(project_group(project.uuid), "progress")
    return bool(raised)
