"""API tokens: shown once, hashed, expiring, revocable, good for one organisation."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from daner_site.accounts.domain.tokens import token_hash
from daner_site.accounts.models import ApiToken, Membership
from daner_site.accounts.services.tokens import api_token_create, api_token_use
from daner_site.core.clock import now
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def make(cast: Cast, name: str = "bob", **fields) -> tuple[ApiToken, str]:
    member = Membership.objects.get(user=cast.user(name))
    return api_token_create(member=member, name="script", **fields)


def test_a_token_is_shown_once_and_only_its_hash_is_kept(client: Client, cast: Cast) -> None:
    client.force_login(cast.bob)
    url = f"/o/{cast.org_a.slug}/tokens/"
    page = client.post(url, {"name": "my script", "life": "30"})
    secret = re.search(r"daner_[\w-]{43}", page.text)[0]
    stored = ApiToken.objects.get()
    assert stored.token_hash == token_hash(secret)
    assert secret not in str(ApiToken.objects.values())
    assert timedelta(days=29) < stored.expires_at - now() < timedelta(days=31)
    again = client.get(url)
    assert secret not in again.text
    assert stored.prefix in again.text
    assert "no-store" in page.headers["Cache-Control"]


def test_a_token_for_ever_has_no_end(client: Client, cast: Cast) -> None:
    client.force_login(cast.bob)
    client.post(f"/o/{cast.org_a.slug}/tokens/", {"name": "server", "life": ""})
    assert ApiToken.objects.get().expires_at is None


def test_a_live_token_names_its_person(cast: Cast) -> None:
    token, secret = make(cast)
    found = api_token_use(secret=secret)
    assert found == token
    assert found.user == cast.bob
    assert found.organization == cast.org_a


def test_dead_tokens_name_nobody(cast: Cast) -> None:
    _, expired = make(cast, expires_at=now() - timedelta(seconds=1))
    revoked_row, revoked = make(cast)
    ApiToken.objects.filter(pk=revoked_row.pk).update(revoked_at=now())
    _, left = make(cast, "vic")
    Membership.objects.filter(user=cast.vic).delete()
    _, inactive = make(cast, "ben")
    cast.ben.is_active = False
    cast.ben.save()
    for secret in (expired, revoked, left, inactive, "daner_invented", ""):
        assert api_token_use(secret=secret) is None


def test_the_last_use_is_noted_at_most_once_a_minute(cast: Cast, django_assert_num_queries) -> None:
    token, secret = make(cast)
    api_token_use(secret=secret)
    token.refresh_from_db()
    first = token.last_used_at
    assert first is not None
    with django_assert_num_queries(2):
        api_token_use(secret=secret)
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    api_token_use(secret=secret)
    token.refresh_from_db()
    assert token.last_used_at >= first


def test_people_see_and_revoke_only_their_own(client: Client, cast: Cast) -> None:
    token, _ = make(cast)
    client.force_login(cast.alice)
    url = f"/o/{cast.org_a.slug}/tokens/"
    assert token.prefix not in client.get(url).text
    assert client.post(f"{url}{token.uuid}/revoke/").status_code == 404
    client.force_login(cast.bob)
    assert client.post(f"{url}{token.uuid}/revoke/").status_code == 302
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert client.post(f"{url}{token.uuid}/revoke/").status_code == 404
