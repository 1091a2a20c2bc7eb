"""API tokens: made, used, revoked."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from daner_site.accounts.audit import audit
from daner_site.accounts.domain.tokens import API_PREFIX, token_hash, token_new
from daner_site.accounts.models import ApiToken, Membership, Organization
from daner_site.core.clock import now

# A busy client must not cost a write per request.
LAST_USED_RESOLUTION = timedelta(minutes=1)


@transaction.atomic
def api_token_create(*, member: Membership, name: str, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """A token for one member in one organisation, and its secret, which exists only in the returned string.

    Raises ValidationError by field.
    """
    secret = token_new(API_PREFIX)
    token = ApiToken(
        organization=member.organization,
        user=member.user,
        name=name.strip(),
        prefix=secret[:12],
        token_hash=token_hash(secret),
        expires_at=expires_at,
    )
    token.full_clean(exclude=["expires_at", "last_used_at", "revoked_at"])
    token.save()
    audit(organization=member.organization, actor=member.user, verb="token.create", target_uuid=token.uuid)
    return token, secret


@transaction.atomic
def api_token_revoke(*, member: Membership, token_uuid: UUID) -> bool:
    """End one of the member's own tokens at once. Returns: whether there was a live one."""
    revoked = ApiToken.objects.filter(
        organization=member.organization, user=member.user, uuid=token_uuid, revoked_at__isnull=True
    ).update(revoked_at=now())
    if revoked:
        audit(organization=member.organization, actor=member.user, verb="token.revoke", target_uuid=token_uuid)
    return bool(revoked)


def api_token_use(*, secret: str) -> ApiToken | None:
    """The live token behind `secret`, its last use noted, or None.

    Live: not revoked, not expired, its person active and still a member of the organisation.
    No transaction: under SQLite one would make every API request wait for the writers.
    """
    moment = now()
    token = (
        ApiToken.objects.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=moment),
            token_hash=token_hash(secret),
            revoked_at__isnull=True,
            user__is_active=True,
        )
        .select_related("user", "organization")
        .first()
    )
    if token is None or not Membership.objects.filter(user=token.user, organization=token.organization).exists():
        return None
    stale = moment - LAST_USED_RESOLUTION
    if token.last_used_at is None or token.last_used_at < stale:
        ApiToken.objects.filter(Q(last_used_at__isnull=True) | Q(last_used_at__lt=stale), pk=token.pk).update(
            last_used_at=moment
        )
    return token


def member_tokens_revoke(*, organization: Organization, user_id: int) -> int:
    """End all tokens somebody has for the organisation. Returns: how many."""
    return ApiToken.objects.filter(organization=organization, user_id=user_id, revoked_at__isnull=True).update(
        revoked_at=now()
    )
