"""Saving unfinished work while it is done.

A draft is told apart by its revision: one who saves names the revision they have seen, and gets the
newer one instead of writing over it. Saving is also the sign that somebody is still at work, so it
renews the lease, and takes up again one that ran out while the page had no connection.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext

from annotation.access import ProjectContext
from annotation.domain.submission import Submission
from annotation.models import Assignment, Draft
from annotation.services.annotations import labels_checked
from annotation.services.turns import (
    SlotTaken,
    WorkError,
    as_span,
    assignment_take_up,
    lease_end,
    origins,
    own_turns_begun,
    spans_stored,
)
from daner_site.core.clock import now
from daner_site.core.language import translated
from daner_site.core.sentences import Sentence

MESSAGES = {
    Assignment.Status.SUBMITTED: Sentence("You have submitted this document, in another tab or on another machine."),
    Assignment.Status.REJECTED: Sentence("You have rejected this document, in another tab or on another machine."),
    Assignment.Status.SKIPPED: Sentence(
        "You have skipped this document, in another tab or on another machine. It comes back "
        "to you later, with what you marked."
    ),
    "taken": Sentence(
        "Your time on this document ran out while nothing was heard of you, and others have labelled it "
        "meanwhile. It cannot be submitted any more; what you marked is kept under “Your documents”."
    ),
    "elsewhere": Sentence(
        "Your time on this document ran out and you have another one in work now. What you marked is kept; "
        "submitting still works as long as nobody else takes the place."
    ),
    "paused": Sentence("A manager has paused your labelling. What you marked is kept."),
}
"""What the page says of a document that is no longer simply in work."""


@dataclass(frozen=True)
class DraftAnswer:
    """What became of saving, or what there is: `draft` is the newest there is."""

    saved: bool
    state: str
    """The status of the assignment; or `taken`, `elsewhere`, `paused` for one whose time ran out."""
    draft: Draft | None

    @property
    def message(self) -> str:
        return translated(MESSAGES.get(self.state, ""))


def draft_read(*, ctx: ProjectContext, assignment_uuid: UUID) -> DraftAnswer:
    """The newest draft of one's own document. Raises: WorkError."""
    assignment = _own(ctx, assignment_uuid)
    return DraftAnswer(saved=False, state=assignment.status, draft=getattr(assignment, "draft", None))


@transaction.atomic
def draft_save(*, ctx: ProjectContext, assignment_uuid: UUID, base: int, work: Submission) -> DraftAnswer:
    """Save the draft if `base` is still its newest revision (0: there is none), else answer with the newest.

    Raises: WorkError when the document is not theirs; SpanError when a span does not fit the text.
    """
    assignment = _own(ctx, assignment_uuid)
    labels_checked(project=ctx.project, document=assignment.document, spans=work.spans)
    state = _still_theirs(ctx, assignment)
    known = getattr(assignment, "draft", None)
    if spans_stored(assignment) == set(work.spans) or (known.revision if known else 0) != base:
        return DraftAnswer(saved=False, state=state, draft=known)
    draft = _write(assignment, base, work)
    if draft is None:
        return DraftAnswer(saved=False, state=state, draft=Draft.objects.filter(assignment=assignment).first())
    return DraftAnswer(saved=True, state=state, draft=draft)


def draft_keep(*, ctx: ProjectContext, assignment_uuid: UUID, work: Submission) -> None:
    """Keep what could not be submitted, over whatever the draft was. Raises: WorkError, SpanError."""
    known = draft_read(ctx=ctx, assignment_uuid=assignment_uuid).draft
    draft_save(ctx=ctx, assignment_uuid=assignment_uuid, base=known.revision if known else 0, work=work)


def _own(ctx: ProjectContext, assignment_uuid: UUID) -> Assignment:
    mine = own_turns_begun(ctx).filter(uuid=assignment_uuid)
    assignment = mine.select_related("document", "draft").first()
    if assignment is None:
        raise WorkError(gettext("This is not one of your documents."))
    return assignment


def _still_theirs(ctx: ProjectContext, assignment: Assignment) -> str:
    if assignment.status == Assignment.Status.ACTIVE:
        Assignment.objects.filter(pk=assignment.pk, status=Assignment.Status.ACTIVE).update(
            lease_until=lease_end(ctx.project)
        )
    if assignment.status != Assignment.Status.EXPIRED:
        return assignment.status
    if ctx.paused:
        return "paused"
    in_work = ctx.project.assignments.filter(annotator=ctx.user, status=Assignment.Status.ACTIVE)
    if in_work.exists():
        return "elsewhere"
    try:
        assignment_take_up(ctx=ctx, assignment=assignment)
    except SlotTaken:
        return "taken"
    return Assignment.Status.ACTIVE


def _write(assignment: Assignment, base: int, work: Submission) -> Draft | None:
    """None when somebody was faster."""
    origin = origins(assignment, work)
    proposed = {as_span(item) for item in assignment.suggested.get("spans", [])}
    values: dict[str, Any] = {
        "spans": [{**asdict(span), "origin": origin(span)} for span in work.spans],
        "refused": [asdict(span) for span in work.refused if span in proposed],
        "seconds": work.seconds,
        "saved_at": now(),
    }
    if base:
        changed = Draft.objects.filter(assignment=assignment, revision=base)
        if not changed.update(revision=F("revision") + 1, **values):
            return None
        return Draft.objects.get(assignment=assignment)
    try:
        with transaction.atomic():
            return Draft.objects.create(organization_id=assignment.organization_id, assignment=assignment, **values)
    except IntegrityError:
        return None
