"""Changing what one has submitted: a new revision, while nobody has decided on the document."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from annotation.access import ProjectContext
from annotation.domain.submission import Submission
from annotation.models import Annotation, Assignment, Draft
from annotation.services.annotations import annotation_write
from annotation.services.checks import check_answered
from annotation.services.turns import Paused, WorkError, origins, spans_stored
from annotation.signals import annotation_submitted
from daner_site.core.events import send_on_commit
from daner_site.core.live import nudge_on_commit, project_group


class Decided(WorkError):
    """A reviewer has decided on the document."""


@transaction.atomic
def annotation_revise(*, ctx: ProjectContext, assignment_uuid: UUID, submission: Submission) -> bool:
    """Append the new revision; all figures follow as after any submission. False when nothing is different.

    Raises: WorkError, Decided, Paused; SpanError when a span does not fit the text.
    """
    if ctx.paused:
        raise Paused
    assignment = revisable(ctx, assignment_uuid)
    Draft.objects.filter(assignment=assignment).delete()
    if spans_stored(assignment) == set(submission.spans):
        return False
    if assignment.is_check:
        check_answered(assignment=assignment, submission=submission)
        return True
    last = assignment.annotations.order_by("revision").last()
    assert last is not None
    annotation = annotation_write(
        project=ctx.project,
        document=assignment.document,
        author=ctx.user,
        kind=Annotation.Kind.HUMAN,
        spans=submission.spans,
        origin=origins(assignment, submission),
        assignment=assignment,
        # What the document cost in all.
        seconds=(last.seconds or 0) + (submission.seconds or 0),
        provenance={"source": "interface", "revised": True},
        suggestions=last.suggestions,
    )
    send_on_commit(
        annotation_submitted,
        project_id=ctx.project.pk,
        document_id=assignment.document_id,
        annotation_id=annotation.pk,
    )
    nudge_on_commit(project_group(ctx.project.uuid), "progress")
    return True


def revisable(ctx: ProjectContext, assignment_uuid: UUID) -> Assignment:
    """One's own submitted document that is still open to change. Raises: WorkError, Decided."""
    mine = ctx.project.assignments.filter(uuid=assignment_uuid, annotator=ctx.user)
    assignment = mine.filter(status=Assignment.Status.SUBMITTED).select_related("document", "draft").first()
    held = ctx.project.assignments.filter(annotator=ctx.user, status__in=Assignment.HELD)
    if assignment is None or held.filter(document=assignment.document).exists():
        raise WorkError(gettext("This is not one of the documents you have submitted."))
    gold = assignment.document.annotations.filter(kind=Annotation.Kind.GOLD, current=True)
    # Of a check it would tell what it is.
    if not assignment.is_check and gold.exists():
        raise Decided(gettext("It has been decided what is right in this document, so your version stays as it is."))
    return assignment
