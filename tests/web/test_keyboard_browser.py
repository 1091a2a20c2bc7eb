"""Without a mouse: the frame of every page, its menus, toolbars and dialogs, and what is said aloud."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from annotation.models import Label
from annotation.services.queue import RankedDocument, queue_publish
from tests.cast import Cast, cast_make
from tests.factories import annotation_make, document_make

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

FOCUS_SHOWN = """() => {
  const here = document.activeElement;
  const ring = (element) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none";
  };
  return ring(here.closest(".paper") ?? here) || ring(here);
}"""
WHERE = "() => document.activeElement.outerHTML.slice(0, 120)"
AT_END = """() => { const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
  .filter((e) => e.tabIndex >= 0 && !e.disabled && e.offsetParent); return all.at(-1) === document.activeElement; }"""


@pytest.fixture
def cast(asgi_server: str) -> Cast:
    cast = cast_make()
    Label.objects.filter(project=cast.project_a, name="PER").update(key="p")
    document_make(cast.project_a, "Ada met Grace in Oslo.")
    annotation_make(document_make(cast.project_a, "Bo left Rome."), cast.bob, [(0, 2, "PER")])
    queue_publish(
        project=cast.project_a,
        ranked=[RankedDocument(document.uuid) for document in cast.project_a.documents.all()],
        strategy="mnlp",
        model_uuid=None,
    )
    return cast


def opened(page: Any, cast: Cast, server: str, name: str, person: str = "bob") -> Any:
    client = Client()
    client.force_login(cast.user(person))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": server}])
    arguments = [cast.org_a.slug] if name == "pages:organization" else [cast.org_a.slug, cast.project_a.uuid]
    page.goto(server + reverse(name, args=arguments))
    page.wait_for_load_state("networkidle")
    return page


def test_the_first_tab_leads_past_the_frame(page: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server, "pages:project")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_menu_opens_moves_and_closes_by_key(page: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server, "pages:project")
    account = page.locator("summary[aria-label='Your account']")
    account.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Your organisations")).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="Sign out")).to_be_focused()
    page.keyboard.press("Escape")
    expect(account).to_be_focused()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_themes_are_chosen_by_key_and_stay(page: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server, "pages:organization")
    page.locator("summary[aria-label='Light, dark, contrast']").focus()
    page.keyboard.press("ArrowDown")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Space")
    expect(page.locator("html")).to_have_attribute("data-contrast", "more")
    chosen = "() => ({ ...document.documentElement.dataset })"
    assert page.evaluate(chosen) == {"theme": "dark", "contrast": "more"}
    page.reload()
    assert page.evaluate(chosen) == {"theme": "dark", "contrast": "more"}
    expect(page.locator("[data-choose-theme=dark]")).to_have_attribute("aria-pressed", "true")


def test_high_contrast_follows_the_system_until_one_chooses(page: Any, cast: Cast, asgi_server: str) -> None:
    page.emulate_media(contrast="more")
    opened(page, cast, asgi_server, "pages:organization")
    root = page.locator("html")
    expect(root).to_have_attribute("data-contrast", "more")
    page.emulate_media(contrast="no-preference")
    expect(root).to_have_attribute("data-contrast", "standard")


def test_a_toolbar_is_one_stop_and_arrows_move_in_it(page: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server, "annotation:annotate")
    first, second = page.locator("[data-label=PER]"), page.locator("[data-label=LOC]")
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(second).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(second).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("[data-sticky]")).to_be_focused()


def test_a_span_the_caret_enters_is_said_with_its_label(page: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server, "annotation:annotate")
    said = page.locator("[data-announcer]")
    page.keyboard.press("p")
    expect(said).to_have_text("PER “Ada”")
    page.keyboard.press("ArrowRight")
    expect(said).to_have_text("met")
    page.keyboard.press("ArrowLeft")
    expect(said).to_have_text("Ada, PER “Ada”")


def test_a_dialog_gives_the_focus_back(page: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server, "annotation:annotate")
    text = page.locator("[data-text]")
    expect(text).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#keys-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(text).to_be_focused()


def test_the_focus_survives_a_panel_that_is_fetched_again(page: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server, "pages:project")
    link = page.locator("#progress-panel").get_by_role("link", name="Annotate")
    link.evaluate("(element) => { element.old = true; element.focus(); }")
    with page.expect_response("**/progress/"):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('live:progress', { bubbles: true }))")
    page.wait_for_function("() => !document.querySelector('#progress-panel a').old")
    expect(link).to_be_focused()


def test_a_push_is_said_and_takes_no_focus(page: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server, "annotation:annotate")
    page.evaluate(
        """() => { for (const [kind, detail] of [["queue", { model: "v4" }], ["model", {}]])
             document.body.dispatchEvent(new CustomEvent(`live:${kind}`, { bubbles: true, detail })); }"""
    )
    toasts = page.get_by_role("status").and_(page.locator("#toasts"))
    expect(toasts).to_contain_text("Queue re-ranked by v4.")
    expect(toasts).to_contain_text("A new model version is in use.")
    expect(page.locator("[data-text]")).to_be_focused()


@pytest.mark.parametrize("name", ["annotation:annotate", "pages:project"])
def test_every_stop_of_the_tab_key_shows_where_one_is(page: Any, cast: Cast, asgi_server: str, name: str) -> None:
    opened(page, cast, asgi_server, name)
    page.evaluate("document.activeElement.blur(); window.getSelection().collapse(document.body, 0)")
    unseen, stops = [], 0
    for _ in range(60):
        page.keyboard.press("Tab")
        stops += 1
        if not page.evaluate(FOCUS_SHOWN):
            unseen.append(page.evaluate(WHERE))
        if page.evaluate(AT_END):
            break
    assert stops > 10
    assert not unseen


def test_on_a_phone_the_tabs_one_is_on_are_in_sight(page: Any, cast: Cast, asgi_server: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, cast, asgi_server, "annotation:members", "alice")
    current = page.locator(".tabs [aria-current]")
    expect(current).to_have_count(2)
    for tab in current.all():
        expect(tab).to_be_in_viewport(ratio=1)
