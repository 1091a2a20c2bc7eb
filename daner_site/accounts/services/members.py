"""Who belongs to an organisation: invite, join, change, remove."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext

from daner_site.accounts.audit import audit
from daner_site.accounts.domain.tokens import token_hash, token_new
from daner_site.accounts.models import Invitation, Membership, Organization, OrganizationRole, User
from daner_site.accounts.services.organizations import user_create
from daner_site.accounts.services.tokens import member_tokens_revoke
from daner_site.accounts.signals import membership_ended
from daner_site.core.clock import now
from daner_site.core.live import nudge_on_commit, organization_group

INVITATION_LIFE = timedelta(days=7)


@transaction.atomic
def invitation_create(
    *, organization: Organization, actor: Membership, role: str, email: str = ""
) -> tuple[Invitation, str]:
    """An invitation and its secret, which exists only in the returned string.

    Raises PermissionDenied unless `actor` may give that role, ValidationError by field.
    """
    _may_grant(actor, role)
    secret = token_new()
    invitation = Invitation(
        organization=organization,
        email=email,
        role=role,
        token_hash=token_hash(secret),
        created_by=actor.user,
        expires_at=now() + INVITATION_LIFE,
    )
    invitation.full_clean(exclude=["accepted_by", "accepted_at"])
    invitation.save()
    audit(
        organization=organization,
        actor=actor.user,
        verb="invitation.create",
        target_uuid=invitation.uuid,
        payload={"role": role},
    )
    return invitation, secret


@transaction.atomic
def invitation_revoke(*, organization: Organization, actor: Membership, invitation_uuid: UUID) -> bool:
    """Withdraw an open invitation. Returns: whether there was one."""
    gone, _ = Invitation.objects.filter(
        organization=organization, uuid=invitation_uuid, accepted_at__isnull=True
    ).delete()
    if gone:
        audit(organization=organization, actor=actor.user, verb="invitation.revoke", target_uuid=invitation_uuid)
    return bool(gone)


@transaction.atomic
def invitation_accept(*, token: str, user: User) -> Membership:
    """Make `user` a member. Whoever already is one keeps the role they have.

    Raises ValidationError when the invitation was used, withdrawn, expired or never existed.
    """
    invitations = Invitation.objects.filter(
        token_hash=token_hash(token), accepted_at__isnull=True, expires_at__gt=now()
    )
    invitation = invitations.select_related("organization").first()
    # The conditional update makes it single-use: of two clicks one finds no row to change.
    if invitation is None or not invitations.update(accepted_at=now(), accepted_by=user):
        raise ValidationError(gettext("This invitation is no longer valid. Ask for a new one."))
    membership, joined = Membership.objects.get_or_create(
        organization=invitation.organization, user=user, defaults={"role": invitation.role}
    )
    if joined:
        audit(
            organization=invitation.organization,
            actor=user,
            verb="organization.join",
            target_uuid=membership.uuid,
            payload={"role": membership.role, "invitation": str(invitation.uuid)},
        )
    return membership


@transaction.atomic
def invitation_accept_as_new_user(*, token: str, username: str, password: str, display_name: str = "") -> Membership:
    """Make an account and join; works where sign-up is closed. Raises ValidationError, by field where it can."""
    user = user_create(username=username, password=password, display_name=display_name)
    return invitation_accept(token=token, user=user)


@transaction.atomic
def member_role_change(*, organization: Organization, actor: Membership, member_uuid: UUID, role: str) -> Membership:
    """Give a member another role.

    Raises Membership.DoesNotExist, PermissionDenied unless `actor` may take the old and give the
    new role, ValidationError for the last owner.
    """
    membership = _member_locked(organization, member_uuid)
    _may_grant(actor, role)
    _may_grant(actor, membership.role)
    if membership.role == OrganizationRole.OWNER and role != OrganizationRole.OWNER:
        _keep_an_owner(organization)
    before, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    audit(
        organization=organization,
        actor=actor.user,
        verb="organization.role",
        target_uuid=membership.uuid,
        payload={"user": membership.user_id, "from": before, "to": role},
    )
    nudge_on_commit(organization_group(organization.uuid), "membership.revoked", user=membership.user_id)
    return membership


@transaction.atomic
def member_remove(*, organization: Organization, actor: Membership, member_uuid: UUID) -> None:
    """Take somebody out: their roles in projects, API tokens and open pages end; their labels stay.

    Raises Membership.DoesNotExist, PermissionDenied, ValidationError for the last owner.
    """
    membership = _member_locked(organization, member_uuid)
    _may_grant(actor, membership.role)
    if membership.role == OrganizationRole.OWNER:
        _keep_an_owner(organization)
    user_id = membership.user_id
    membership.delete()
    member_tokens_revoke(organization=organization, user_id=user_id)
    membership_ended.send(Membership, organization_id=organization.pk, user_id=user_id)
    audit(
        organization=organization,
        actor=actor.user,
        verb="organization.remove",
        target_uuid=member_uuid,
        payload={"user": user_id},
    )
    nudge_on_commit(organization_group(organization.uuid), "membership.revoked", user=user_id)


def _member_locked(organization: Organization, member_uuid: UUID) -> Membership:
    """The membership, with the organisation locked: two owners must not remove each other at once."""
    Organization.objects.select_for_update().get(pk=organization.pk)
    return Membership.objects.get(organization=organization, uuid=member_uuid)


def _may_grant(actor: Membership, role: str) -> None:
    """Administrators deal with members and administrators; only owners deal with owners."""
    if role not in OrganizationRole.values:
        raise ValidationError({"role": gettext("Choose one of the roles.")})
    if not actor.administers or (role == OrganizationRole.OWNER and actor.role != OrganizationRole.OWNER):
        raise PermissionDenied(gettext("Your role does not allow this."))


def _keep_an_owner(organization: Organization) -> None:
    if Membership.objects.filter(organization=organization, role=OrganizationRole.OWNER).count() < 2:
        raise ValidationError(gettext("An organisation needs an owner: make somebody else an owner first."))
