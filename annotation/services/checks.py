"""Checking people with documents that have gold: at the start, and then unforeseen among the others.

A check is an assignment that looks like any other to the annotator. Its answer is kept with the
assignment and is no annotation, so that agreement, consensus and training never meet it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from annotation.access import ProjectContext
from annotation.domain.overlap import check_due, draw_unit
from annotation.domain.spans import validate_clusters
from annotation.domain.submission import Submission
from annotation.models import Annotation, Assignment, Document, QueueEntry
from annotation.services.annotations import labels_checked

UNSEEN_SOURCES = ("unanimous", "consensus")
"""Gold that nobody looked at is no measure of people."""


def check_take(*, ctx: ProjectContext, entry: QueueEntry, lease_until: datetime) -> Assignment | None:
    """A check instead of `entry`, if one is due and a document is left for it; else None.

    It says of itself what `entry` would have said: why it came tells nobody that it is a check.
    """
    if not ctx.project.gold_checks or not _due(ctx):
        return None
    document = _document(ctx)
    if document is None:
        return None
    try:
        with transaction.atomic():
            return Assignment.objects.create(
                organization_id=ctx.project.organization_id,
                project=ctx.project,
                document=document,
                annotator=ctx.user,
                slot=0,
                is_check=True,
                lease_until=lease_until,
                strategy=entry.strategy,
                model_uuid=entry.model_uuid,
                generation=entry.generation,
                rank=entry.position,
                score=entry.score,
            )
    except IntegrityError:
        # A second tab was faster; the claim finds what it took.
        return None


def check_answered(*, assignment: Assignment, submission: Submission) -> None:
    """Keep the answer. Raises: SpanError, as for any other document."""
    document = assignment.document
    labels_checked(project=assignment.project, document=document, spans=submission.spans)
    validate_clusters(submission.spans, document.text, document.tokens)
    assignment.answer = [
        {"start": span.start, "end": span.end, "label": span.label} for span in sorted(submission.spans)
    ]
    assignment.save(update_fields=["answer"])


def _due(ctx: ProjectContext) -> bool:
    turns = ctx.project.assignments.filter(annotator=ctx.user).count()
    return check_due(seed=ctx.project.seed, key=str(ctx.user.pk), turn=turns)


def _document(ctx: ProjectContext) -> Document | None:
    """One with gold of the guideline in force that this person has had nothing to do with; drawn by chance."""
    version = ctx.project.guidelines.values_list("version", flat=True).first()
    gold = Annotation.objects.filter(
        document=OuterRef("pk"), kind=Annotation.Kind.GOLD, current=True, guideline_version=version
    ).exclude(provenance__source__in=UNSEEN_SOURCES)
    of_person = [
        Annotation.objects.filter(document=OuterRef("pk"), author=ctx.user),
        Assignment.objects.filter(document=OuterRef("pk"), annotator=ctx.user),
    ]
    left = ctx.project.documents.filter(Exists(gold), *(~Exists(rows) for rows in of_person))
    uuids = list(left.values_list("uuid", flat=True))
    if not uuids:
        return None
    # Another order for everybody, so that people cannot tell each other what is coming.
    chosen = min(uuids, key=lambda uuid: draw_unit(ctx.project.seed, f"check:{ctx.user.pk}:{uuid}"))
    return ctx.project.documents.get(uuid=chosen)
