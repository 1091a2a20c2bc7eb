"""One person's turn at a document: closing it, taking it up again, and what keeps either from happening."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from annotation.access import ProjectContext
from annotation.domain.spans import LabelledSpan
from annotation.domain.submission import Submission
from annotation.models import Assignment, Project, Span
from daner_site.core.clock import now


class WorkError(Exception):
    """The assignment cannot take this any more; the message is for the annotator."""


class AlreadyClosed(WorkError):
    """A second click, or another tab: the work is in already."""


class SlotTaken(WorkError):
    """The lease ran out and somebody else has the document now."""


class ClosedOtherwise(WorkError):
    """The work is in already, but not this work: another tab or machine had something else."""


class Paused(WorkError):
    """A manager has stopped giving this person documents."""

    def __init__(self) -> None:
        super().__init__(gettext("A manager has paused your labelling, so this document went back to the others."))


RESERVED_FOR = timedelta(minutes=2)
"""How long a page may keep the next document without a sign of its person."""


def lease_end(project: Project) -> datetime:
    """Until when a document is held that somebody is at work on now."""
    return now() + timedelta(minutes=project.lease_minutes)


def reservation_end(project: Project) -> datetime:
    """Until when the next document is held for somebody."""
    return min(now() + RESERVED_FOR, lease_end(project))


def own_turns_begun(ctx: ProjectContext) -> QuerySet[Assignment]:
    """The person's turns that have come; one that is reserved has not."""
    return ctx.project.assignments.filter(annotator=ctx.user).exclude(status=Assignment.Status.RESERVED)


def turn_close(
    ctx: ProjectContext,
    assignment_uuid: UUID,
    status: str,
    reason: str = "",
    spans: Collection[LabelledSpan] | None = None,
) -> Assignment:
    """One conditional UPDATE: whoever changes the row first has it."""
    mine = own_turns_begun(ctx).filter(uuid=assignment_uuid)
    change = {"status": status, "closed_at": now(), "reason": reason}
    if not mine.filter(status=Assignment.Status.ACTIVE).update(**change):
        assignment = mine.select_related("document").first()
        if assignment is None:
            raise WorkError(gettext("This is not one of your documents."))
        if assignment.status != Assignment.Status.EXPIRED:
            raise _closed_before(assignment, spans)
        _revive(ctx, assignment, change)
    return mine.select_related("document").get()


def _closed_before(assignment: Assignment, spans: Collection[LabelledSpan] | None) -> WorkError:
    done = assignment.get_status_display().lower()
    if spans is None or spans_stored(assignment) == set(spans):
        return AlreadyClosed(gettext("This document is done already; nothing was stored twice."))
    return ClosedOtherwise(
        gettext(
            "You have {done} this document already, in another tab or on another machine, and what was here is different. Nothing was changed; what was here is kept under “Your documents”."
        ).format(done=done)
    )


def assignment_take_up(*, ctx: ProjectContext, assignment: Assignment) -> None:
    """Put an expired assignment back in work. Raises: SlotTaken, Paused."""
    change = {"status": Assignment.Status.ACTIVE, "closed_at": None, "lease_until": lease_end(ctx.project)}
    _revive(ctx, assignment, change)


def spans_stored(assignment: Assignment) -> set[LabelledSpan] | None:
    """What was submitted last for this assignment; None if nothing was."""
    if assignment.status != Assignment.Status.SUBMITTED:
        return None
    if assignment.is_check:
        return {as_span(item) for item in assignment.answer or []}
    newest = assignment.annotations.order_by("revision").last()
    if newest is None:
        return None
    return {LabelledSpan(span.start, span.end, span.label.name) for span in newest.spans.select_related("label")}


def _revive(ctx: ProjectContext, assignment: Assignment, change: dict[str, Any]) -> None:
    """Late work is still work: give an expired assignment a slot again if one is free."""
    if ctx.project.members.filter(user=ctx.user, paused_at__isnull=False).exists():
        raise Paused
    expired = Assignment.objects.filter(pk=assignment.pk, status=Assignment.Status.EXPIRED)
    live = assignment.document.assignments.filter(status__in=Assignment.LIVE, is_check=assignment.is_check)
    taken = set(live.values_list("slot", flat=True))
    slots = [slot for slot in range(assignment.document.overlap_target) if slot not in taken]
    if assignment.is_check:
        slots = [assignment.slot]
    if not slots or live.filter(annotator=assignment.annotator).exists():
        raise SlotTaken(gettext("Your time on this document ran out and others have labelled it meanwhile."))
    try:
        with transaction.atomic():
            expired.update(slot=slots[0], **change)
    except IntegrityError as error:
        raise SlotTaken(gettext("Your time on this document ran out and others have labelled it meanwhile.")) from error


def origins(assignment: Assignment, submission: Submission) -> Callable[[LabelledSpan], str]:
    """Where each span came from: what was accepted is what the page had proposed, whatever the request says."""
    shown = {as_span(item) for item in assignment.suggested.get("spans", [])}

    def origin(span: LabelledSpan) -> str:
        if span in shown:
            return Span.Origin.ACCEPTED
        return Span.Origin.EDITED if span in submission.edited else Span.Origin.HUMAN

    return origin


def as_span(item: dict[str, Any]) -> LabelledSpan:
    return LabelledSpan(item["start"], item["end"], item["label"])
