"""Who may call the API, with which credentials."""

from __future__ import annotations

import pytest
from django.test import Client

from daner_site.accounts.models import ApiToken
from daner_site.api import paging
from tests.api.credentials import bearer, of_a
from tests.cast import Cast
from tests.factories import membership_make, project_make

pytestmark = pytest.mark.django_db


def test_nobody_gets_401_and_is_told_to_bring_a_token(client: Client, cast: Cast) -> None:
    answer = client.get(of_a(cast))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Bearer daner_x", "Bearer \xff\xfe", "bearer daner_é y"])
def test_a_wrong_token_gets_401(client: Client, cast: Cast, header: str) -> None:
    client.force_login(cast.alice)  # a bad token is not saved by a good session
    assert client.get(of_a(cast), headers={"Authorization": header}).status_code == 401


def test_another_scheme_is_not_a_token(client: Client, cast: Cast) -> None:
    assert client.get(of_a(cast), headers={"Authorization": "Basic Ym9iOmJvYg=="}).status_code == 401


def test_a_token_acts_as_its_person(client: Client, cast: Cast) -> None:
    answer = client.get(of_a(cast), headers=bearer(cast, "bob"))
    assert answer.status_code == 200
    assert answer.json()["role"] == "annotator"
    assert answer.json()["permissions"] == ["annotate", "view"]
    assert [label["name"] for label in answer.json()["labels"]] == ["PER", "LOC"]


def test_a_token_opens_its_own_organisation_only(client: Client, cast: Cast) -> None:
    membership_make(cast.org_a, cast.charlie, "admin")
    token = bearer(cast, "charlie", organization=cast.org_b)
    assert client.get(of_a(cast), headers=token).status_code == 404
    assert client.get(f"/api/o/{cast.org_a.slug}/projects/", headers=token).status_code == 404
    assert client.get(f"/api/o/{cast.org_b.slug}/projects/", headers=token).status_code == 200
    client.force_login(cast.charlie)
    assert client.get(of_a(cast)).status_code == 200


def test_a_revoked_token_gets_401(client: Client, cast: Cast) -> None:
    token = bearer(cast, "bob")
    ApiToken.objects.update(revoked_at="2026-01-01T00:00Z")
    assert client.get(of_a(cast), headers=token).status_code == 401


def test_an_outsider_gets_404_and_an_insider_without_a_role_403(client: Client, cast: Cast) -> None:
    assert client.get(of_a(cast), headers=bearer(cast, "charlie")).status_code == 404
    assert client.get(of_a(cast), headers=bearer(cast, "olga")).status_code == 403


def test_a_token_needs_no_csrf_and_a_session_does(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    token = bearer(cast, "alice")
    assert client.post(of_a(cast, "runs/"), headers=token).status_code != 403
    client.force_login(cast.alice)
    answer = client.post(of_a(cast, "runs/"))
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]


def test_the_list_of_projects_holds_those_one_may_open(client: Client, cast: Cast) -> None:
    project_make(cast.org_a, cast.alice, name="Secret")
    url = f"/api/o/{cast.org_a.slug}/projects/"
    names = {
        name: [row["name"] for row in client.get(url, headers=bearer(cast, name)).json()["results"]]
        for name in ("alice", "bob", "olga")
    }
    assert names == {"alice": ["Harbour reports", "Secret"], "bob": ["Harbour reports"], "olga": []}


def test_a_list_comes_in_pages_and_says_where_it_ends(client: Client, cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 1)
    project_make(cast.org_a, cast.alice, name="Second")
    url, token = f"/api/o/{cast.org_a.slug}/projects/", bearer(cast, "alice")
    page = client.get(url, headers=token).json()
    assert (page["count"], page["page"], page["pages"], len(page["results"])) == (2, 1, 2, 1)
    assert client.get(f"{url}?page=2", headers=token).json()["results"][0]["name"] == "Second"
    for wrong in ("3", "0", "x", "-1", "٣", "9" * 40):
        assert client.get(f"{url}?page={wrong}", headers=token).status_code == 400


def test_an_unknown_parameter_is_refused(client: Client, cast: Cast) -> None:
    answer = client.get(f"/api/o/{cast.org_a.slug}/projects/?created_by__password=x", headers=bearer(cast, "alice"))
    assert answer.status_code == 400
    assert list(answer.json()) == ["created_by__password"]
