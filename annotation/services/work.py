"""An annotator's turn: claim the next document, then submit, skip or reject it.

The database constraints on `Assignment` are what keeps two people apart; a lost race is an
IntegrityError here and simply the next try.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from annotation.access import ProjectContext
from annotation.domain.spans import LabelledSpan
from annotation.domain.submission import Submission
from annotation.models import Annotation, Assignment, Document, Project, QueueEntry, Span, Split, Suggestion
from annotation.services.annotations import annotation_write
from annotation.services.checks import check_answered, check_take
from annotation.signals import annotation_submitted
from daner_site.core.clock import now
from daner_site.core.events import send_on_commit
from daner_site.core.live import nudge_on_commit, project_group

CLAIM_TRIES = 25


class WorkError(Exception):
    """The assignment cannot take this any more; the message is for the annotator."""


class AlreadyClosed(WorkError):
    """A second click, or another tab: the work is in already."""


class SlotTaken(WorkError):
    """The lease ran out and somebody else has the document now."""


class Paused(WorkError):
    """A manager has stopped giving this person documents."""

    def __init__(self) -> None:
        super().__init__("A manager has paused your labelling, so this document went back to the others.")


def assignment_claim_next(*, ctx: ProjectContext) -> Assignment | None:
    """The document in work, or else the next free one in the published order; None if none is left
    or the person is paused.

    Never more live assignments on a document than its overlap target, never the same person
    twice; what the person skipped comes back after everything else, longest ago first.
    """
    if ctx.paused:
        return None
    held = _renew(ctx)
    if held is not None:
        return held
    assignments_expire(project=ctx.project)
    for _ in range(CLAIM_TRIES):
        entry = _next_entry(ctx)
        if entry is None:
            return None
        try:
            return _take(ctx, entry)
        except Paused:
            return None
        except IntegrityError:
            # Somebody took the slot, or this person opened a second tab.
            held = _renew(ctx)
            if held is not None:
                return held
    return None


@transaction.atomic
def annotation_submit(*, ctx: ProjectContext, assignment_uuid: UUID, submission: Submission) -> Annotation | None:
    """Store exactly the submitted spans and close the assignment; None for a check, which is no annotation.

    A lapsed lease is forgiven while a slot is free.

    Raises: AlreadyClosed, SlotTaken; SpanError when a span does not fit the text.
    """
    assignment = _close(ctx, assignment_uuid, Assignment.Status.SUBMITTED)
    if assignment.is_check:
        check_answered(assignment=assignment, submission=submission)
        nudge_on_commit(project_group(ctx.project.uuid), "progress")
        return None
    shown = {_as_span(item) for item in assignment.suggested.get("spans", [])}

    def origin(span: LabelledSpan) -> str:
        # What was accepted or refused is what the page had proposed, whatever the request says.
        if span in shown:
            return Span.Origin.ACCEPTED
        return Span.Origin.EDITED if span in submission.edited else Span.Origin.HUMAN

    annotation = annotation_write(
        project=ctx.project,
        document=assignment.document,
        author=ctx.user,
        kind=Annotation.Kind.HUMAN,
        spans=submission.spans,
        origin=origin,
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
    """Give the slot back; the document returns later, to this person last."""
    _close(ctx, assignment_uuid, Assignment.Status.SKIPPED)


@transaction.atomic
def assignment_reject(*, ctx: ProjectContext, assignment_uuid: UUID, reason: str) -> None:
    """Vote the text out of training; keeps the slot."""
    _close(ctx, assignment_uuid, Assignment.Status.REJECTED, reason=reason[:500])
    nudge_on_commit(project_group(ctx.project.uuid), "progress")


def assignment_held(*, ctx: ProjectContext, assignment_uuid: UUID) -> Assignment | None:
    """The person's own document if it is still in work."""
    return (
        ctx.project.assignments.filter(uuid=assignment_uuid, annotator=ctx.user, status=Assignment.Status.ACTIVE)
        .select_related("document")
        .first()
    )


def assignments_expire(*, project: Project | None = None) -> int:
    """Free the slots of lapsed leases; returns how many. Also run by the sweep, for all projects."""
    lapsed = Assignment.objects.filter(status=Assignment.Status.ACTIVE, lease_until__lt=now())
    if project is not None:
        lapsed = lapsed.filter(project=project)
    return lapsed.update(status=Assignment.Status.EXPIRED, closed_at=now())


def _renew(ctx: ProjectContext) -> Assignment | None:
    held = ctx.project.assignments.filter(annotator=ctx.user, status=Assignment.Status.ACTIVE, lease_until__gte=now())
    if held.update(lease_until=_lease(ctx.project)):
        return held.select_related("document").first()
    return None


def _lease(project: Project) -> Any:
    return now() + timedelta(minutes=project.lease_minutes)


def _next_entry(ctx: ProjectContext) -> QueueEntry | None:
    """The best free entry of the generation that is published at this moment."""
    of_document = Assignment.objects.filter(document=OuterRef("document")).order_by()
    mine = of_document.filter(annotator=ctx.user)
    taken = of_document.filter(status__in=Assignment.LIVE).values("document").annotate(n=Count("pk"))
    settled = Annotation.objects.filter(document=OuterRef("document"), current=True).filter(
        Q(kind=Annotation.Kind.GOLD) | Q(author=ctx.user)
    )
    free = (
        QueueEntry.objects.filter(
            ~Exists(mine.filter(status__in=Assignment.LIVE)),
            ~Exists(settled),
            project=ctx.project,
            generation=F("project__queue_generation"),
        )
        .annotate(taken=Coalesce(Subquery(taken.values("n")), 0))
        .filter(taken__lt=F("document__overlap_target"))
        .select_related("document")
    )
    fresh = free.filter(~Exists(mine)).order_by("position").first()
    if fresh is not None:
        return fresh
    last_seen = mine.values("document").annotate(last=Max("closed_at")).values("last")
    return free.order_by(Subquery(last_seen), "position").first()


@transaction.atomic
def _take(ctx: ProjectContext, entry: QueueEntry) -> Assignment:
    # Locked, so that a pause either sees this assignment or is seen here.
    member = ctx.project.members.select_for_update(no_key=True, of=("self",)).filter(user=ctx.user).first()
    if member is not None and member.paused_at is not None:
        raise Paused
    check = check_take(ctx=ctx, entry=entry, lease_until=_lease(ctx.project))
    if check is not None:
        return check
    document = entry.document
    taken = set(document.assignments.filter(status__in=Assignment.LIVE).values_list("slot", flat=True))
    free = next((slot for slot in range(document.overlap_target) if slot not in taken), None)
    if free is None:
        raise IntegrityError("no free slot")
    blind = _measured_on(ctx.project, entry)
    return Assignment.objects.create(
        organization_id=ctx.project.organization_id,
        project=ctx.project,
        document=document,
        annotator=ctx.user,
        slot=free,
        lease_until=_lease(ctx.project),
        strategy=entry.strategy,
        model_uuid=entry.model_uuid,
        generation=entry.generation,
        rank=entry.position,
        score=entry.score,
        suggested={} if blind else _suggested(ctx.project, document.pk),
    )


def _measured_on(project: Project, entry: QueueEntry) -> bool:
    """Whether the document is one to measure on, or becomes one: labelled blind and never learned from.

    A place that chance drew takes its document out of the pool, while the project has too few to
    measure on and unless somebody has had the document in hand.
    """
    document = Document.objects.filter(pk=entry.document_id)
    if entry.probe and project.documents.filter(split=Split.TEST).count() < project.probe_documents:
        seen = [model.objects.filter(document=OuterRef("pk")) for model in (Assignment, Annotation)]
        untouched = document.filter(*(~Exists(rows) for rows in seen), split=Split.POOL)
        untouched.update(split=Split.TEST, probe=True)
    return document.filter(probe=True).exists()


def _suggested(project: Project, document_id: int) -> dict[str, Any]:
    if not project.show_suggestions:
        return {}
    suggestion = Suggestion.objects.filter(project=project, document_id=document_id).first()
    if suggestion is None:
        return {}
    in_use = set(project.labels.filter(retired_at__isnull=True).values_list("name", flat=True))
    return {
        "model": suggestion.model_name,
        "model_uuid": str(suggestion.model_uuid),
        "spans": [span for span in suggestion.spans if span["label"] in in_use],
    }


def _close(ctx: ProjectContext, assignment_uuid: UUID, status: str, reason: str = "") -> Assignment:
    """One conditional UPDATE: whoever changes the row first has it."""
    mine = ctx.project.assignments.filter(uuid=assignment_uuid, annotator=ctx.user)
    change = {"status": status, "closed_at": now(), "reason": reason}
    if not mine.filter(status=Assignment.Status.ACTIVE).update(**change):
        assignment = mine.select_related("document").first()
        if assignment is None:
            raise WorkError("This is not one of your documents.")
        if assignment.status != Assignment.Status.EXPIRED:
            raise AlreadyClosed("This document is done already; nothing was stored twice.")
        if ctx.project.members.filter(user=ctx.user, paused_at__isnull=False).exists():
            raise Paused
        _revive(assignment, change)
    return mine.select_related("document").get()


def _revive(assignment: Assignment, change: dict[str, Any]) -> None:
    """Late work is still work: give an expired assignment a slot again if one is free."""
    if assignment.is_check:
        Assignment.objects.filter(pk=assignment.pk, status=Assignment.Status.EXPIRED).update(**change)
        return
    live = assignment.document.assignments.filter(status__in=Assignment.LIVE)
    taken = set(live.values_list("slot", flat=True))
    slots = [slot for slot in range(assignment.document.overlap_target) if slot not in taken]
    if not slots or live.filter(annotator=assignment.annotator).exists():
        raise SlotTaken("Your time on this document ran out and others have labelled it meanwhile.")
    try:
        with transaction.atomic():
            Assignment.objects.filter(pk=assignment.pk, status=Assignment.Status.EXPIRED).update(
                slot=slots[0], **change
            )
    except IntegrityError as error:
        raise SlotTaken("Your time on this document ran out and others have labelled it meanwhile.") from error


def _as_span(item: dict[str, Any]) -> LabelledSpan:
    return LabelledSpan(item["start"], item["end"], item["label"])


def _outcome(suggested: dict[str, Any], refused: set[LabelledSpan]) -> dict[str, Any]:
    if not suggested:
        return {}
    return {
        "model": suggested["model_uuid"],
        "shown": suggested["spans"],
        "refused": [{"start": span.start, "end": span.end, "label": span.label} for span in sorted(refused)],
    }
