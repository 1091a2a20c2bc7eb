"""The way in, in a real browser: no console error, nothing the content policy refuses."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from daner_site.accounts.models import ApiToken, Membership
from tests.cast import cast_make
from tests.factories import PASSWORD

pytestmark = pytest.mark.e2e


@pytest.fixture(autouse=True)
def open_signup(settings: Any) -> None:
    settings.DANER_SIGNUP = "open"


def sign_up(page: Page, name: str) -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main form button").click()


def test_a_newcomer_founds_an_organisation_and_brings_somebody_in(
    asgi_server: str, page: Any, browser: Any, in_thread: Any
) -> None:
    page.goto(asgi_server)
    page.get_by_role("link", name="Create an account").click()
    sign_up(page, "nina")
    page.get_by_label("Name of the organisation").fill("Nina's Desk")
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_role("heading", name="Create your first project")).to_be_visible()

    page.get_by_role("link", name="Members").first.click()
    page.get_by_role("button", name="Make an invitation link").click()
    link = page.get_by_label("Invitation link").input_value()
    other = browser.new_context()
    guest = other.new_page()
    guest.goto(link)
    expect(guest.get_by_role("heading", name="Join Nina's Desk")).to_be_visible()
    sign_up(guest, "gus")
    expect(guest.get_by_text("Welcome to Nina's Desk.")).to_be_visible()
    other.close()
    roles = in_thread(lambda: dict(Membership.objects.values_list("user__username", "role")))
    assert roles == {"nina": "owner", "gus": "member"}

    page.goto(f"{asgi_server}/o/ninas-desk/tokens/")
    page.get_by_label("What is it for?").fill("my script")
    page.get_by_role("button", name="Make it").click()
    secret = page.get_by_label("Token", exact=True).input_value()
    answer = page.request.get(
        f"{asgi_server}/api/o/ninas-desk/projects/", headers={"Authorization": f"Bearer {secret}"}
    )
    assert answer.json() == {"count": 0, "page": 1, "pages": 1, "results": []}
    page.get_by_role("button", name="Revoke my script").click()
    expect(page.get_by_text("The token is revoked.")).to_be_visible()
    assert in_thread(lambda: ApiToken.objects.get().revoked_at) is not None


def sign_in(page: Page, url: str, name: str) -> None:
    """By way of the page that was wanted."""
    page.goto(url)
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_somebody_removed_is_shown_out(asgi_server: str, page: Any, browser: Any, in_thread: Any) -> None:
    cast = in_thread(cast_make)
    sign_in(page, f"{asgi_server}/o/{cast.org_a.slug}/", "bob")
    expect(page.get_by_role("heading", name="Harbour Desk")).to_be_visible()
    expect(page.locator("body[data-live-state=open]")).to_be_attached()
    alice = browser.new_context().new_page()
    sign_in(alice, f"{asgi_server}/o/{cast.org_a.slug}/members/", "alice")
    alice.get_by_label("Remove Bob").click()
    alice.get_by_role("button", name="Remove Bob").click()
    expect(alice.get_by_text("The member is removed.")).to_be_visible()
    alice.context.close()
    expect(page.locator("body[data-live-state=refused]")).to_be_attached()
    page.goto(f"{asgi_server}/o/{cast.org_a.slug}/members/")
    expect(page.get_by_text("404")).to_be_visible()
    page.console_errors.clear()  # the browser notes the 404 itself
