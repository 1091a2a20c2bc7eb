"""Pausing somebody's labelling: a manager's decision with a reason, taken back at any time."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from annotation.access import ProjectContext, require
from annotation.domain.permissions import Permission
from annotation.models import Assignment, ProjectMember
from annotation.services.reservations import reservations_drop
from daner_site.accounts.audit import audit
from daner_site.core.clock import now
from daner_site.core.live import nudge_on_commit, project_group


@transaction.atomic
def member_pause(*, ctx: ProjectContext, member: ProjectMember, reason: str) -> ProjectMember:
    """Give the person no more documents; what they have in work or reserved goes back to the queue.

    What they have submitted stays. Pausing somebody who is paused already changes the reason.

    Raises: PermissionDenied for anybody but a manager; ValidationError without a reason, or when
    somebody wants to pause themselves.
    """
    require(ctx, Permission.MANAGE)
    if not reason.strip():
        raise ValidationError({"reason": gettext("Say why; the person will read it.")})
    if member.user_id == ctx.user.pk:
        raise ValidationError({"reason": gettext("Nobody pauses themselves: just label nothing.")})
    member = _locked(ctx, member)
    member.paused_at, member.paused_by, member.pause_reason = now(), ctx.user, reason.strip()
    member.save(update_fields=["paused_at", "paused_by", "pause_reason"])
    turns = ctx.project.assignments.filter(annotator=member.user)
    turns.filter(status=Assignment.Status.ACTIVE).update(status=Assignment.Status.EXPIRED, closed_at=now())
    reservations_drop(turns)
    _tell(ctx, member, "member.pause", {"reason": member.pause_reason})
    return member


@transaction.atomic
def member_resume(*, ctx: ProjectContext, member: ProjectMember) -> ProjectMember:
    """Give the person documents again. Raises PermissionDenied for anybody but a manager."""
    require(ctx, Permission.MANAGE)
    member = _locked(ctx, member)
    if member.paused_at is None:
        return member
    member.paused_at, member.paused_by, member.pause_reason = None, None, ""
    member.save(update_fields=["paused_at", "paused_by", "pause_reason"])
    _tell(ctx, member, "member.resume", {})
    return member


def _locked(ctx: ProjectContext, member: ProjectMember) -> ProjectMember:
    """The row as it is now; a claim of this person waits for it, or is waited for."""
    return ctx.project.members.select_for_update(no_key=True, of=("self",)).select_related("user").get(pk=member.pk)


def _tell(ctx: ProjectContext, member: ProjectMember, verb: str, payload: dict[str, str]) -> None:
    audit(
        organization=ctx.organization,
        actor=ctx.user,
        verb=verb,
        project_uuid=ctx.project.uuid,
        payload={"user": member.user.username, **payload},
    )
    # "queue": the page that waits for a document asks again.
    nudge_on_commit(project_group(ctx.project.uuid), "queue")
