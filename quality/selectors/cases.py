"""Reading cases: the list, the queue, and who may judge what."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet

from annotation.access import ProjectContext
from annotation.domain.permissions import Permission, ProjectRole
from annotation.models import Annotation, Assignment, Document, Project
from daner_site.accounts.models import User
from daner_site.core.clock import now
from quality.domain.conflicts import CONFLICT_KINDS
from quality.models import AdjudicationCase, ReviewLease

Status = AdjudicationCase.Status


def cases_of(project: Project) -> QuerySet[AdjudicationCase]:
    """All cases, the one with most to correct first."""
    return AdjudicationCase.objects.filter(project=project).select_related("document", "resolved_by", "escalated_by")


def cases_listed(
    project: Project, *, kind: str = "", status: str = "", label: str = "", days: int = 0
) -> QuerySet[AdjudicationCase]:
    """For the list page; unknown filter values count as none (then: open cases of every kind).

    `days`: only cases that were opened at least so long ago.
    """
    cases = cases_of(project)
    cases = cases.filter(status=status if status in Status.values else Status.OPEN)
    if kind in {item.value for item in CONFLICT_KINDS}:
        cases = cases.filter(kinds__has_key=kind)
    if label:
        cases = cases.filter(labels__has_key=label)
    if days:
        cases = cases.filter(opened_at__lte=now() - timedelta(days=days))
    return cases


def open_count(project: Project) -> int:
    return AdjudicationCase.objects.filter(project=project, status=Status.OPEN).count()


def own_queue(ctx: ProjectContext) -> QuerySet[AdjudicationCase]:
    """The open cases this person may judge, the most urgent first; also those somebody else has open."""
    mine = _work_of(ctx.user).filter(document=OuterRef("document"))
    turns = _turns_of(ctx.user).filter(document=OuterRef("document"))
    cases = cases_of(ctx.project).filter(~Exists(mine), ~Exists(turns), status=Status.OPEN)
    cases = cases.exclude(barred=ctx.user, escalated_at=None)
    # What was passed on comes first to those who can decide it, and not at all to the others.
    if ctx.can(Permission.MANAGE):
        return cases.order_by(F("escalated_at").asc(nulls_last=True), "-priority", "opened_at", "id")
    return cases.filter(escalated_at=None)


def next_case(ctx: ProjectContext, *, after: UUID | None = None) -> AdjudicationCase | None:
    """The open case this person should judge next; with `after`, the one behind that in the order.

    One that somebody else has open is passed over.
    """
    cases = own_queue(ctx).filter(~Exists(others_leases(ctx).filter(document=OuterRef("document"))))
    if after is None:
        return cases.first()
    order = list(cases.values_list("uuid", flat=True))
    if after not in order:
        return cases.first()
    return cases.filter(uuid=(order[order.index(after) + 1 :] or order)[0]).first()


def others_leases(ctx: ProjectContext) -> QuerySet[ReviewLease]:
    """The documents that somebody else has open for review at this moment."""
    live = ReviewLease.objects.filter(project=ctx.project, lease_until__gte=now()).exclude(reviewer=ctx.user)
    return live.select_related("reviewer")


def lease_of_another(ctx: ProjectContext, document: Document) -> ReviewLease | None:
    """Who else has the document open for review, if anybody."""
    return others_leases(ctx).filter(document=document).first()


def own_open_count(ctx: ProjectContext) -> int:
    """Open cases about documents this person labelled, which others have to judge."""
    mine = _work_of(ctx.user).filter(document=OuterRef("document"))
    turns = _turns_of(ctx.user).filter(document=OuterRef("document"))
    cases = cases_of(ctx.project).filter(status=Status.OPEN)
    return cases.filter(Exists(mine) | Exists(turns)).count()


def worked_on(document: Document, user: User) -> bool:
    """True when the person labelled the document or holds it right now."""
    return _work_of(user).filter(document=document).exists() or _turns_of(user).filter(document=document).exists()


def another_reviewer(ctx: ProjectContext, document: Document) -> bool:
    """Whether a reviewer other than this person could judge the document as well."""
    mine = _work_of(OuterRef("user")).filter(document=document)
    turns = _turns_of(OuterRef("user")).filter(document=document)
    reviewers = ctx.project.members.filter(role=ProjectRole.REVIEWER.value).exclude(user=ctx.user)
    return reviewers.filter(~Exists(mine), ~Exists(turns)).exists()


def _work_of(user: User | OuterRef) -> QuerySet[Annotation]:
    return Annotation.objects.filter(author=user, kind=Annotation.Kind.HUMAN)


def _turns_of(user: User | OuterRef) -> QuerySet[Assignment]:
    return Assignment.objects.filter(annotator=user, status__in=Assignment.LIVE)
