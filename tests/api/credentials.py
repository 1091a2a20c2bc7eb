"""Tokens and addresses for API tests."""

from __future__ import annotations

from daner_site.accounts.models import Membership, Organization
from daner_site.accounts.services.tokens import api_token_create
from tests.cast import Cast


def bearer(cast: Cast, name: str, *, organization: Organization | None = None) -> dict[str, str]:
    """Headers that make a call somebody's, by a token of the only organisation they are in, or the one given."""
    memberships = Membership.objects.filter(user=cast.user(name))
    member = memberships.get(organization=organization) if organization else memberships.get()
    return {"Authorization": f"Bearer {api_token_create(member=member, name='test')[1]}"}


def of_a(cast: Cast, path: str = "") -> str:
    """The address of something in project A."""
    return f"/api/o/{cast.org_a.slug}/p/{cast.project_a.uuid}/{path}"
