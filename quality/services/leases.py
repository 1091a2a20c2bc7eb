"""One reviewer at a document: taken by opening it, kept by a heartbeat, given back by leaving.

A row per document under a unique constraint, changed by conditional updates, so any number of web
processes agree on who holds it. A lease never blocks for long: it lapses when the page falls
silent, and anybody who may review can take it over.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext

from annotation.access import ProjectContext, require
from annotation.domain.permissions import Permission
from annotation.models import Document
from daner_site.accounts.audit import audit
from daner_site.core.clock import now
from daner_site.core.live import nudge_on_commit, project_group
from quality.models import AdjudicationCase, ReviewLease
from quality.selectors.cases import lease_of_another, next_case
from quality.services.settling import CaseError

LEASE = timedelta(minutes=2)
"""Four heartbeats: a page that said nothing for so long is closed, asleep or offline."""


class LeasedError(CaseError):
    """Somebody else has the document open for review."""

    def __init__(self, lease: ReviewLease) -> None:
        super().__init__(
            gettext("{name} is reviewing this document now. Take it over to finish it yourself.").format(
                name=lease.reviewer.name
            )
        )


@transaction.atomic
def lease_take(*, ctx: ProjectContext, document: Document) -> ReviewLease | None:
    """Take or renew the lease; also the heartbeat of an open page.

    Returns: None when the person has it now, or the lease of whoever else has.
    """
    require(ctx, Permission.REVIEW)
    moment = now()
    until = moment + LEASE
    live = Q(lease_until__gte=moment)
    rows = ReviewLease.objects.filter(document=document)
    if rows.filter(live, reviewer=ctx.user).update(lease_until=until):
        return None
    # Lapsed, perhaps one's own: it begins anew.
    if not rows.exclude(live).update(reviewer=ctx.user, since=moment, lease_until=until):
        try:
            with transaction.atomic():
                ReviewLease.objects.create(
                    organization=ctx.organization,
                    project=ctx.project,
                    document=document,
                    reviewer=ctx.user,
                    since=moment,
                    lease_until=until,
                )
        except IntegrityError:
            return lease_of_another(ctx, document)
    _nudge(ctx)
    return None


@transaction.atomic
def lease_release(*, ctx: ProjectContext, document: Document) -> bool:
    """Give the document back; False where somebody else has it."""
    gone, _ = ReviewLease.objects.filter(document=document, reviewer=ctx.user).delete()
    if gone:
        _nudge(ctx)
    return bool(gone)


@transaction.atomic
def lease_take_over(*, ctx: ProjectContext, document: Document) -> None:
    """Take the document from whoever has it; they are told, and it is written down.

    Raises: PermissionDenied.
    """
    holder = lease_take(ctx=ctx, document=document)
    if holder is None:
        return
    moment = now()
    ReviewLease.objects.filter(document=document).update(reviewer=ctx.user, since=moment, lease_until=moment + LEASE)
    audit(
        organization=ctx.organization,
        actor=ctx.user,
        verb="case.takeover",
        project_uuid=ctx.project.uuid,
        target_uuid=document.uuid,
        payload={"from": holder.reviewer_id},
    )
    _nudge(ctx)


def lease_check(*, ctx: ProjectContext, document: Document) -> None:
    """Raises: LeasedError while somebody else has the document."""
    if (lease := lease_of_another(ctx, document)) is not None:
        raise LeasedError(lease)


def next_case_take(*, ctx: ProjectContext, after: UUID | None = None) -> AdjudicationCase | None:
    """The next case of the person's queue, leased to them; None when there is none left.

    Two people who ask at once get two cases: whoever loses the race goes on to the next.
    """
    while (case := next_case(ctx, after=after)) is not None:
        if lease_take(ctx=ctx, document=case.document) is None:
            return case
        after = case.uuid
    return None


def _nudge(ctx: ProjectContext) -> None:
    nudge_on_commit(project_group(ctx.project.uuid), "review")
