"""Whose turn is it: claiming the next document, and reserving the one after it.

The database constraints on `Assignment` are what keeps two people apart; a lost race is an
IntegrityError here and simply the next try.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from annotation.access import ProjectContext
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
from annotation.services.checks import check_take
from annotation.services.reservations import reservations_drop
from annotation.services.turns import Paused, lease_end, reservation_end
from daner_site.core.clock import now

CLAIM_TRIES = 25
IN_HAND = -1
"""Beside the slots of a document, which count from 0: the person has a document already."""
NEAR = 20
"""So many entries of the published order are as good as each other, where it is about who comes together."""


def assignment_claim_next(*, ctx: ProjectContext) -> Assignment | None:
    """The document in work, or else the one reserved, or else the next free one in the published order;
    None if none is left or the person is paused.

    Never more live assignments on a document than its overlap target, never the same person
    twice; what the person skipped comes back after everything else, longest ago first.
    """
    if ctx.paused:
        return None
    held = _held(ctx)
    if held is not None and _renewed(ctx, held):
        return held
    assignments_expire(project=ctx.project)
    try:
        if held is not None and _activated(ctx, held):
            return held
        return _draw(ctx, Assignment.Status.ACTIVE)
    except Paused:
        return None


def assignment_reserve_next(*, ctx: ProjectContext) -> Assignment | None:
    """What `assignment_claim_next` would bring after the document in work, held for the person a short while.

    Asked again it is the same one, held for longer, unless a later order is served by now. None while
    nothing is in work, and where only texts are left that the person had before: those bring along
    what was marked in them when they are claimed.
    """
    if ctx.paused:
        return None
    mine = ctx.project.assignments.filter(annotator=ctx.user, lease_until__gte=now())
    if not mine.filter(status=Assignment.Status.ACTIVE).update(lease_until=lease_end(ctx.project)):
        return None
    held = _reserved(ctx)
    if held is not None:
        return held
    assignments_expire(project=ctx.project)
    try:
        return _draw(ctx, Assignment.Status.RESERVED)
    except Paused:
        return None


def reservation_give_back(*, ctx: ProjectContext) -> None:
    """The person has left the page; what was reserved for them is free again."""
    reservations_drop(ctx.project.assignments.filter(annotator=ctx.user))


def assignments_expire(*, project: Project | None = None) -> int:
    """Free the slots of lapsed leases; returns how many. Also run by the sweep, for all projects."""
    lapsed = Assignment.objects.filter(lease_until__lt=now(), status__in=Assignment.HELD)
    if project is not None:
        lapsed = lapsed.filter(project=project)
    if not lapsed.exists():
        return 0
    in_work = lapsed.filter(status=Assignment.Status.ACTIVE)
    return in_work.update(status=Assignment.Status.EXPIRED, closed_at=now()) + reservations_drop(lapsed)


def _held(ctx: ProjectContext) -> Assignment | None:
    """What is in work, or else what is reserved; its time has not run out."""
    held = _all_held(ctx).select_related("document", "draft")
    return held.order_by("status").first()  # "active" comes before "reserved"


def _all_held(ctx: ProjectContext) -> QuerySet[Assignment]:
    return ctx.project.assignments.filter(annotator=ctx.user, status__in=Assignment.HELD, lease_until__gte=now())


def _renewed(ctx: ProjectContext, held: Assignment) -> bool:
    held.lease_until = lease_end(ctx.project)
    in_work = Assignment.objects.filter(pk=held.pk, status=Assignment.Status.ACTIVE)
    return bool(in_work.update(lease_until=held.lease_until))


@transaction.atomic
def _activated(ctx: ProjectContext, held: Assignment) -> bool:
    """Its turn has come, if the order it comes from is still the one that is served; else it is given back."""
    _stop_if_paused(ctx)
    change: dict[str, Any] = {
        "status": Assignment.Status.ACTIVE,
        "lease_until": lease_end(ctx.project),
        "created_at": now(),
    }
    if _still_served(ctx).filter(pk=held.pk).update(**change):
        held.status, held.lease_until = Assignment.Status.ACTIVE, change["lease_until"]
        return True
    reservation_give_back(ctx=ctx)
    return False


def _reserved(ctx: ProjectContext) -> Assignment | None:
    """What is reserved already, for a while longer; one that another order has overtaken is given back."""
    reserved = _still_served(ctx).filter(lease_until__gte=now())
    if reserved.update(lease_until=reservation_end(ctx.project)):
        return reserved.select_related("document", "draft").first()
    reservation_give_back(ctx=ctx)
    return None


def _still_served(ctx: ProjectContext) -> QuerySet[Assignment]:
    served = Project.objects.filter(pk=ctx.project.pk).values("queue_generation")
    return ctx.project.assignments.filter(
        annotator=ctx.user, status=Assignment.Status.RESERVED, generation=Subquery(served)
    )


def _draw(ctx: ProjectContext, status: Assignment.Status) -> Assignment | None:
    """The best free document, in work or reserved from now on. Raises: Paused."""
    for _ in range(CLAIM_TRIES):
        entry, seen_before = _next_entry(ctx)
        if entry is None or (seen_before and status == Assignment.Status.RESERVED):
            return None
        try:
            return _take(ctx, entry, status, seen_before=seen_before)
        except IntegrityError:
            # Somebody took the slot, or this person has it by now: a second tab, a request ahead that was on its way.
            held = _held(ctx) if status == Assignment.Status.ACTIVE else _reserved(ctx)
            if held is not None and (held.status == status or _activated(ctx, held)):
                return held
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
def _take(ctx: ProjectContext, entry: QueueEntry, status: Assignment.Status, *, seen_before: bool) -> Assignment:
    _stop_if_paused(ctx)
    document = entry.document
    taken = _taken_slots(ctx, document)
    if status == Assignment.Status.ACTIVE and IN_HAND in taken:
        raise IntegrityError("in hand since it was asked")  # that one comes before this entry
    until = lease_end(ctx.project) if status == Assignment.Status.ACTIVE else reservation_end(ctx.project)
    check = check_take(ctx=ctx, entry=entry, status=status, lease_until=until)
    if check is not None:
        return check
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
        status=status,
        lease_until=until,
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


def _taken_slots(ctx: ProjectContext, document: Document) -> set[int]:
    """The document's, and `IN_HAND` if the person has one in work or reserved; in one query."""
    turns = document.assignments.filter(status__in=Assignment.LIVE, is_check=False).order_by()
    held = _all_held(ctx).order_by().values_list(Value(IN_HAND))
    return {slot for (slot,) in turns.values_list("slot").union(held, all=True)}


def _stop_if_paused(ctx: ProjectContext) -> None:
    # Locked, so that a pause either sees what is taken now or is seen here; and a reservation by the same person.
    member = ctx.project.members.select_for_update(no_key=True, of=("self",)).filter(user=ctx.user).first()
    if member is not None and member.paused_at is not None:
        raise Paused


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
