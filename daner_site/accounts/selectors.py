"""Reads about people and organisations."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from daner_site.accounts.domain.tokens import token_hash
from daner_site.accounts.models import ApiToken, Invitation, Membership, Organization, User
from daner_site.core.clock import now


def memberships_of(user: User) -> QuerySet[Membership]:
    """A person's organisations with `members`, their number of people, by name."""
    return (
        user.memberships.select_related("organization")
        .annotate(members=Count("organization__memberships"))
        .order_by("organization__name", "pk")
    )


def members_of(organization: Organization) -> QuerySet[Membership]:
    return organization.memberships.select_related("user").order_by("user__username")


def open_invitations(organization: Organization) -> QuerySet[Invitation]:
    """Neither used nor expired, newest first."""
    return Invitation.objects.filter(
        organization=organization, accepted_at__isnull=True, expires_at__gt=now()
    ).select_related("created_by")


def invitation_by_token(token: str) -> Invitation | None:
    """The invitation if it can still be accepted."""
    return (
        Invitation.objects.filter(token_hash=token_hash(token), accepted_at__isnull=True, expires_at__gt=now())
        .select_related("organization", "created_by")
        .first()
    )


def tokens_of(member: Membership) -> QuerySet[ApiToken]:
    """A member's own tokens for the organisation that are not revoked, newest first."""
    return ApiToken.objects.filter(organization=member.organization, user=member.user, revoked_at__isnull=True)
