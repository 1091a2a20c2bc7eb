"""An annotator's turn: claim the next document, then submit, skip or reject it.

The database constraints on `Assignment` are what keeps two people apart; a lost race is an
IntegrityError here and simply the next try.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotation.access import ProjectContext
from annotation.domain.spans import LabelledSpan
from annotation.domain.submission import Submission
from annotation.models import (
    Annotation,
    Assignment,
    Document,
    Draft,
    OverlapReason,
    Project,
    QueueEntry,
    Split,
    Suggestion,
)
from annotation.selectors.doubts import second_look
from annotation.selectors.people import documents_shared
from annotation.services.annotations import annotation_write
from annotation.services.checks import check_answered, check_take
from annotation.services.turns import (
    AlreadyClosed,
    ClosedOtherwise,
    Paused,
    SlotTaken,
    WorkError,
    as_span,
    lease_end,
    origins,
    turn_close,
)
from annotation.signals import annotation_submitted
from daner_site.core.clock import now
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

CLAIM_TRIES = 25
NEAR = 20
"""So many entries of the published order are as good as each other, where it is about who comes together."""


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
        entry, seen_before = _next_entry(ctx)
        if entry is None:
            return None
        try:
            return _take(ctx, entry, seen_before=seen_before)
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


def assignments_expire(*, project: Project | None = None) -> int:
    """Free the slots of lapsed leases; returns how many. Also run by the sweep, for all projects."""
    lapsed = Assignment.objects.filter(status=Assignment.Status.ACTIVE, lease_until__lt=now())
    if project is not None:
        lapsed = lapsed.filter(project=project)
    return lapsed.update(status=Assignment.Status.EXPIRED, closed_at=now())


def _renew(ctx: ProjectContext) -> Assignment | None:
    held = ctx.project.assignments.filter(annotator=ctx.user, status=Assignment.Status.ACTIVE, lease_until__gte=now())
    if held.update(lease_until=lease_end(ctx.project)):
        return held.select_related("document", "draft").first()
    return None


def _next_entry(ctx: ProjectContext) -> tuple[QueueEntry | None, bool]:
    """The best free entry of the generation that is published at this moment, and whether the person had it before."""
    of_document = Assignment.objects.filter(document=OuterRef("document")).order_by()
    mine = of_document.filter(annotator=ctx.user)
    turns = of_document.filter(status__in=Assignment.LIVE, is_check=False)
    taken = turns.values("document").annotate(n=Count("pk"))
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
    if fresh is not None and fresh.taken and fresh.document.overlap_reason == OverlapReason.TARGETED:
        return _new_company(ctx, free.filter(~Exists(mine))), False
    if fresh is not None:
        return fresh, False
    last_seen = mine.values("document").annotate(last=Max("closed_at")).values("last")
    return free.order_by(Subquery(last_seen), "position").first(), True


def _new_company(ctx: ProjectContext, free: QuerySet[Any]) -> QueueEntry:
    """Of the first free documents that need a further person, one whose people have shared least with this one.

    All pairs come to be compared that way, and not the same few over and over.
    """
    near = list(free.order_by("position")[:NEAR])
    picked = [entry for entry in near if entry.taken and entry.document.overlap_reason == OverlapReason.TARGETED]
    shared = documents_shared(ctx.project, ctx.user, [entry.document_id for entry in picked])
    best: QueueEntry = min(picked, key=lambda entry: (shared[entry.document_id], entry.position))
    return best


@transaction.atomic
def _take(ctx: ProjectContext, entry: QueueEntry, *, seen_before: bool) -> Assignment:
    # Locked, so that a pause either sees this assignment or is seen here.
    member = ctx.project.members.select_for_update(no_key=True, of=("self",)).filter(user=ctx.user).first()
    if member is not None and member.paused_at is not None:
        raise Paused
    check = check_take(ctx=ctx, entry=entry, lease_until=lease_end(ctx.project))
    if check is not None:
        return check
    document = entry.document
    turns = document.assignments.filter(status__in=Assignment.LIVE, is_check=False)
    taken = set(turns.values_list("slot", flat=True))
    free = next((slot for slot in range(document.overlap_target) if slot not in taken), None)
    if free is None:
        raise IntegrityError("no free slot")
    # A model that has learned the first person's labels would repeat them.
    blind = _measured_on(ctx.project, entry) or second_look(document.pk)
    assignment = Assignment.objects.create(
        organization_id=ctx.project.organization_id,
        project=ctx.project,
        document=document,
        annotator=ctx.user,
        slot=free,
        lease_until=lease_end(ctx.project),
        strategy=entry.strategy,
        model_uuid=entry.model_uuid,
        generation=entry.generation,
        rank=entry.position,
        score=entry.score,
        suggested={} if blind else _suggested(ctx.project, document.pk),
    )
    if seen_before:
        _bring_along(assignment)
    else:
        Assignment._meta.get_field("draft").set_cached_value(assignment, None)  # nobody needs to ask for it
    return assignment


def _bring_along(assignment: Assignment) -> None:
    """What the person had marked before they skipped the document or their time ran out."""
    earlier = Draft.objects.filter(
        assignment__document_id=assignment.document_id, assignment__annotator_id=assignment.annotator_id
    )
    newest = earlier.order_by("-saved_at").first()
    if newest is not None:
        Draft.objects.filter(pk=newest.pk).update(assignment=assignment)


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


def _outcome(suggested: dict[str, Any], refused: set[LabelledSpan]) -> dict[str, Any]:
    if not suggested:
        return {}
    return {
        "model": suggested["model_uuid"],
        "shown": suggested["spans"],
        "refused": [{"start": span.start, "end": span.end, "label": span.label} for span in sorted(refused)],
    }
