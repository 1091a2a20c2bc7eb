"""Signing in and out, signing up, founding an organisation, changing the password."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from daner_site.accounts import throttle
from daner_site.accounts.models import AuditEvent, Membership, Organization, User
from daner_site.accounts.services.organizations import organization_create, slug_for
from tests.cast import Cast
from tests.factories import PASSWORD, membership_make, organization_make, user_make

pytestmark = pytest.mark.django_db
LOGIN = "/login/"


@pytest.fixture(autouse=True)
def no_failures_yet() -> None:
    cache.clear()


@pytest.fixture
def open_signup(settings) -> None:
    settings.DANER_SIGNUP = "open"


def sign_in(client: Client, username: str, password: str, **extra):
    return client.post(LOGIN, {"username": username, "password": password}, **extra)


def test_a_stranger_sees_what_this_is_and_where_to_sign_in(client: Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert 'href="/login/"' in page.text
    assert "/signup/" not in page.text


def test_signing_in_leads_to_the_only_organisation(client: Client, cast: Cast) -> None:
    page = sign_in(client, "bob", PASSWORD)
    assert page.url == "/"
    assert client.get("/").url == f"/o/{cast.org_a.slug}/"


def test_somebody_in_two_organisations_chooses(client: Client, cast: Cast) -> None:
    membership_make(cast.org_b, cast.bob)
    client.force_login(cast.bob)
    page = client.get("/")
    assert page.status_code == 200
    assert "Harbour Desk" in page.text
    assert "Cedar Lab" in page.text
    assert "6 members" in page.text


def test_signing_in_leads_back_to_where_one_was_going_but_not_to_another_site(client: Client, cast: Cast) -> None:
    members = f"/o/{cast.org_a.slug}/members/"
    asked = client.get(members)
    assert asked.url == f"{LOGIN}?next={members}"
    form = {"username": "bob", "password": PASSWORD}
    assert client.post(LOGIN, form | {"next": members}).url == members
    client.logout()
    assert client.post(LOGIN, form | {"next": "https://evil.example/"}).url == "/"


def test_a_wrong_password_and_a_wrong_name_read_the_same(client: Client, cast: Cast) -> None:
    wrong, nobody = sign_in(client, "bob", "not it at all"), sign_in(client, "nobody", "not it at all")
    assert "do not match" in wrong.text
    assert wrong.context["form"].errors == nobody.context["form"].errors


def test_ten_failures_close_the_door_for_this_name_and_address_only(client: Client, cast: Cast) -> None:
    for _ in range(throttle.FAILURES):
        assert "do not match" in sign_in(client, "bob", "guess").text
    blocked = sign_in(client, "BOB", PASSWORD)
    assert "Too many failed attempts" in blocked.text
    assert "_auth_user_id" not in client.session
    assert sign_in(client, "ben", PASSWORD).status_code == 302
    assert sign_in(Client(), "bob", PASSWORD, REMOTE_ADDR="10.0.0.9").status_code == 302


def test_a_success_forgets_the_failures(client: Client, cast: Cast) -> None:
    for _ in range(throttle.FAILURES - 1):
        sign_in(client, "bob", "guess")
    sign_in(client, "bob", PASSWORD)
    client.logout()
    sign_in(client, "bob", "guess")
    assert sign_in(client, "bob", PASSWORD).status_code == 302


def test_people_can_sign_in_while_the_cache_is_down(client: Client, cast: Cast, monkeypatch) -> None:
    def down(*args: object) -> None:
        raise ConnectionError

    for name in ("get", "add", "incr", "delete"):
        monkeypatch.setattr(cache, name, down)
    assert "do not match" in sign_in(client, "bob", "guess").text
    assert sign_in(client, "bob", PASSWORD).status_code == 302


def test_an_imported_name_cannot_sign_in(client: Client) -> None:
    User.objects.create(username="import:ana", imported=True, is_active=False, password="!")
    assert (
        "do not match" in sign_in(client, "import:ana", "").text or "required" in sign_in(client, "import:ana", "").text
    )
    assert "do not match" in sign_in(client, "import:ana", "!").text


def test_signing_out_needs_a_post(client: Client, cast: Cast) -> None:
    client.force_login(cast.bob)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").url == LOGIN
    assert "_auth_user_id" not in client.session


def test_forms_without_a_csrf_token_are_refused(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, "bob", PASSWORD).status_code == 403
    client.force_login(cast.alice)
    assert client.post("/o/new/", {"name": "Sneaky"}).status_code == 403
    assert not Organization.objects.filter(name="Sneaky").exists()


def test_sign_up_is_closed_unless_opened(client: Client) -> None:
    page = client.post("/signup/", {"username": "eve", "password": PASSWORD})
    assert page.status_code == 403
    assert "invitation" in page.text
    assert not User.objects.exists()


def test_a_newcomer_signs_up_names_an_organisation_and_owns_it(client: Client, open_signup: None) -> None:
    assert "/signup/" in client.get("/").text
    page = client.post("/signup/", {"username": "nina", "display_name": "Nina <b>", "password": PASSWORD})
    assert page.url == "/o/new/"
    assert client.get("/").url == "/o/new/"
    page = client.post("/o/new/", {"name": "Nina's Desk"})
    organization = Organization.objects.get()
    assert page.url == f"/o/{organization.slug}/" == "/o/ninas-desk/"
    membership = Membership.objects.get()
    assert (membership.user.username, membership.role) == ("nina", "owner")
    assert list(AuditEvent.objects.values_list("verb", "actor__username")) == [("organization.create", "nina")]
    dashboard = client.get("/", follow=True)
    assert dashboard.redirect_chain == [("/o/ninas-desk/", 302)]
    assert "Create your first project" in dashboard.text
    assert 'href="/o/ninas-desk/p/new/"' in dashboard.text


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"username": "nina", "password": "short"}, "too short"),
        ({"username": "nina-olsen", "password": "nina-olsen-1"}, "too similar"),
        ({"username": "TAKEN", "password": PASSWORD}, "already has this user name"),
        ({"username": "a b", "password": PASSWORD}, "valid username"),
        ({"username": "", "password": PASSWORD}, "required"),
    ],
)
def test_sign_up_says_what_is_wrong(client: Client, open_signup: None, form: dict[str, str], message: str) -> None:
    user_make("taken")
    page = client.post("/signup/", form)
    assert page.status_code == 200
    assert message in page.text
    assert PASSWORD not in page.text
    assert User.objects.count() == 1


def test_a_name_gives_a_free_and_readable_slug() -> None:
    owner = user_make()
    slugs = [
        organization_create(name=name, owner=owner).slug for name in ("New", "Cedar Lab", "Cedar  lab!", "検定", "")[:4]
    ]
    assert slugs == ["new-2", "cedar-lab", "cedar-lab-2", "organisation"]
    assert len(slug_for("x" * 300)) <= 60


def test_an_organisation_needs_a_name(client: Client) -> None:
    client.force_login(user_make())
    page = client.post("/o/new/", {"name": "  "})
    assert page.status_code == 200
    assert "required" in page.text
    assert not Organization.objects.exists()


def test_changing_the_password_ends_the_other_sessions(cast: Cast) -> None:
    here, there = Client(), Client()
    here.force_login(cast.bob)
    there.force_login(cast.bob)
    form = {"old_password": PASSWORD, "new_password1": "another fine phrase", "new_password2": "another fine phrase"}
    assert here.get("/password/").status_code == 200
    assert here.post("/password/", form).status_code == 302
    assert here.get(reverse("accounts:tokens", args=[cast.org_a.slug])).status_code == 200
    assert there.get(reverse("accounts:tokens", args=[cast.org_a.slug])).status_code == 302


def test_a_fragment_asked_for_after_the_session_ended_moves_the_whole_page_to_the_login(cast: Cast) -> None:
    fragment = f"/o/{cast.org_a.slug}/members/"
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver/o/{cast.org_a.slug}/tokens/"}
    answer = Client().get(fragment, headers=headers)
    assert answer.headers["HX-Redirect"] == f"{LOGIN}?next=/o/{cast.org_a.slug}/tokens/"


def test_names_of_people_and_organisations_are_shown_as_text(client: Client) -> None:
    evil = "<script>alert(1)</script>"
    user = user_make("mallory", display_name=evil)
    organization = organization_make(evil, owner=user)
    membership_make(organization_make("Second", owner=user_make()), user)
    client.force_login(user)
    for url in ("/", f"/o/{organization.slug}/members/"):
        page = client.get(url)
        assert "&lt;script&gt;" in page.text
        assert evil not in page.text
