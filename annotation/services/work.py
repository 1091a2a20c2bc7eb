"""An annotator's turn: submit, skip or reject the document in work. `claims` says how one gets there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from annotation.access import ProjectContext
from annotation.domain.spans import LabelledSpan
from annotation.domain.submission import Submission
from annotation.models import Annotation, Assignment, Draft
from annotation.services.annotations import annotation_write
from annotation.services.checks import check_answered
from annotation.services.claims import assignment_claim_next, assignments_expire
from annotation.services.turns import (
    AlreadyClosed,
    ClosedOtherwise,
    Paused,
    SlotTaken,
    WorkError,
    as_span,
    origins,
    turn_close,
)
from annotation.signals import annotation_submitted
from daner_site.core.events import send_on_commit
from daner_site.core.live import nudge_on_commit, project_group

__all__ = [
    "AlreadyClosed",
    "ClosedOtherwise",
    "Paused",
    "SlotTaken",
    "WorkError",
    "annotation_submit",
    "assignment_claim_next",
    "assignment_held",
    "assignment_reject",
    "assignment_skip",
    "assignments_expire",
]


@transaction.atomic
def annotation_submit(*, ctx: ProjectContext, assignment_uuid: UUID, submission: Submission) -> Annotation | None:
    """Store exactly the submitted spans and close the assignment; None for a check, which is no annotation.

    A lapsed lease is forgiven while a slot is free. The assignment is the key of the request: sent
    again with the same spans it is AlreadyClosed, with others ClosedOtherwise.

    Raises: AlreadyClosed, ClosedOtherwise, SlotTaken; SpanError when a span does not fit the text.
    """
    assignment = turn_close(ctx, assignment_uuid, Assignment.Status.SUBMITTED, spans=submission.spans)
    Draft.objects.filter(assignment=assignment).delete()
    if assignment.is_check:
        check_answered(assignment=assignment, submission=submission)
        nudge_on_commit(project_group(ctx.project.uuid), "progress")
        return None
    shown = {as_span(item) for item in assignment.suggested.get("spans", [])}
    annotation = annotation_write(
        project=ctx.project,
        document=assignment.document,
        author=ctx.user,
        kind=Annotation.Kind.HUMAN,
        spans=submission.spans,
        origin=origins(assignment, submission),
        assignment=assignment,
        seconds=submission.seconds,
        provenance={"source": "interface"},
        suggestions=_outcome(assignment.suggested, shown & set(submission.refused)),
    )
    send_on_commit(
        annotation_submitted,
        project_id=ctx.project.pk,
        document_id=assignment.document_id,
        annotation_id=annotation.pk,
    )
    nudge_on_commit(project_group(ctx.project.uuid), "progress")
    return annotation


@transaction.atomic
def assignment_skip(*, ctx: ProjectContext, assignment_uuid: UUID) -> None:
    """Give the slot back; the document returns later, to this person last, with what they have marked."""
    turn_close(ctx, assignment_uuid, Assignment.Status.SKIPPED)


@transaction.atomic
def assignment_reject(*, ctx: ProjectContext, assignment_uuid: UUID, reason: str) -> None:
    """Vote the text out of training; keeps the slot."""
    assignment = turn_close(ctx, assignment_uuid, Assignment.Status.REJECTED, reason=reason[:500])
    Draft.objects.filter(assignment=assignment).delete()
    nudge_on_commit(project_group(ctx.project.uuid), "progress")


def assignment_held(*, ctx: ProjectContext, assignment_uuid: UUID) -> Assignment | None:
    """The person's own document if it is still in work."""
    return (
        ctx.project.assignments.filter(uuid=assignment_uuid, annotator=ctx.user, status=Assignment.Status.ACTIVE)
        .select_related("document", "draft")
        .first()
    )


def _outcome(suggested: dict[str, Any], refused: set[LabelledSpan]) -> dict[str, Any]:
    if not suggested:
        return {}
    return {
        "model": suggested["model_uuid"],
        "shown": suggested["spans"],
        "refused": [{"start": span.start, "end": span.end, "label": span.label} for span in sorted(refused)],
    }
