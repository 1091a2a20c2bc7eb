"""The pages in German and French, and turned round for a language written from right to left."""

# ruff: noqa: F811  `cast` and `world` are fixtures that come from other modules

from __future__ import annotations

import os
from typing import Any

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Page, expect

from tests.cast import Cast
from tests.services.test_quality_cases import World
from tests.web import test_quality_review_browser as review
from tests.web.test_flow_browser import cast, mark, opened  # noqa: F401  cast is the fixture
from tests.web.test_quality_review_browser import world  # noqa: F401  a fixture as well

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

LOOK_AT = os.environ.get("DANER_TEST_SCREENSHOTS", "")
"""A folder: every page walked here is kept as a picture in both themes."""


def speak(page: Page, server: str, language: str) -> None:
    page.context.add_cookies([{"name": django_settings.LANGUAGE_COOKIE_NAME, "value": language, "url": server}])


def look(page: Page, name: str) -> None:
    for theme in ("light", "dark") if LOOK_AT else ():
        page.emulate_media(color_scheme=theme)
        page.screenshot(path=f"{LOOK_AT}/{name}-{theme}.png", full_page=True)


@pytest.mark.parametrize(
    ("language", "submit", "overview", "progress"),
    [("de", "Abgeben", "Überblick", "Fortschritt"), ("fr", "Soumettre", "Vue d’ensemble", "Avancement")],
)
def test_somebody_labels_in_their_language(
    page: Page, cast: Cast, asgi_server: str, language: str, submit: str, overview: str, progress: str
) -> None:
    speak(page, asgi_server, language)
    opened(page, cast, asgi_server)
    assert page.locator("html").get_attribute("lang") == language
    button = page.locator(".btn-submit")
    expect(button).to_contain_text(submit)
    look(page, f"{language}-annotate")
    mark(page, "Ada")
    page.keyboard.press("Enter")
    page.locator(".tok", has_text="Bo").first.wait_for()
    expect(button).to_contain_text(submit)  # what htmx fetched as well
    page.get_by_role("link", name=overview).click()
    expect(page.locator("#progress-panel h2").first).to_have_text(progress)
    look(page, f"{language}-project")


@pytest.mark.parametrize(
    ("language", "one", "none", "saved", "label", "remove", "nothing", "undone", "keys"),
    [
        (
            "de",
            "1 Spanne",
            "0 Spannen",
            "Gespeichert",
            "PER „Ada“",
            "PER „Ada“ entfernen",
            "An der Schreibmarke ist keine Spanne.",
            "Rückgängig gemacht",
            ("Wort, Auswahl oder Spanne als PER annotieren", "Wort rechts"),
        ),
        (
            "fr",
            "1 segment",
            "0 segment",
            "Enregistré",
            "PER «\u00a0Ada\u00a0»",
            "Retirer PER «\u00a0Ada\u00a0»",
            "Il n’y a pas de segment au curseur.",
            "Annulé",
            ("Annoter le mot, la sélection ou le segment comme PER", "Mot à droite"),
        ),
    ],
    ids=("de", "fr"),
)
def test_what_scripts_say_while_labelling(
    page: Page,
    cast: Cast,
    asgi_server: str,
    language: str,
    one: str,
    none: str,
    saved: str,
    label: str,
    remove: str,
    nothing: str,
    undone: str,
    keys: tuple[str, str],
) -> None:
    speak(page, asgi_server, language)
    opened(page, cast, asgi_server)
    count, announcer = page.locator("[data-span-count]"), page.locator("[data-announcer]")
    mark(page, "Ada")
    expect(announcer).to_have_text(label)
    expect(count).to_have_text(one)
    expect(page.locator("mark .tag-button")).to_have_attribute("aria-label", remove)
    expect(page.locator("[data-draft-note]")).to_have_text(saved)
    page.keyboard.press("u")
    expect(announcer).to_have_text(undone)
    expect(count).to_have_text(none)
    page.keyboard.press("w")
    expect(page.locator("#toasts")).to_contain_text(nothing)
    page.keyboard.press("?")
    for text in keys:
        expect(page.locator("#keys-dialog dd").get_by_text(text, exact=True)).to_be_visible()
    look(page, f"{language}-keys")


@pytest.mark.parametrize(
    ("language", "open_two", "undo", "proposal", "open_one", "done"),
    [
        (
            "de",
            "Noch 2 von 2 offen",
            "Nichts rückgängig zu machen.",
            "Hier gibt es keinen Vorschlag 9.",
            "Noch 1 von 2 offen",
            "Alles entschieden. Shift+Enter schließt ab.",
        ),
        (
            "fr",
            "2 sur 2 à décider",
            "Rien à annuler.",
            "Il n’y a pas de proposition 9 ici.",
            "1 sur 2 à décider",
            "Tout est décidé. Shift+Enter termine.",
        ),
    ],
    ids=("de", "fr"),
)
def test_what_scripts_say_while_reviewing(
    page: Page,
    world: World,
    asgi_server: str,
    language: str,
    open_two: str,
    undo: str,
    proposal: str,
    open_one: str,
    done: str,
) -> None:
    world.annotate()
    world.case()
    speak(page, asgi_server, language)
    review.ready(review.opened(world, page, asgi_server))
    status, toasts = page.locator("[data-status]"), page.locator("#toasts")
    expect(status).to_have_text(open_two)
    page.keyboard.press("u")
    expect(toasts).to_contain_text(undo)
    page.keyboard.press("9")
    expect(toasts).to_contain_text(proposal)
    page.keyboard.press("1")
    expect(status).to_have_text(open_one)
    page.keyboard.press("x")
    expect(status).to_have_text(done)
    look(page, f"{language}-review")


def test_the_menu_changes_the_language_of_the_page_one_is_on(page: Page, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server)
    here = page.url
    page.get_by_label("Your account").click()
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator(".btn-submit")).to_contain_text("Abgeben")
    assert page.url == here


def test_pages_turn_round_and_the_text_keeps_its_own_direction(
    page: Page, cast: Cast, asgi_server: str, settings: Any
) -> None:
    settings.LANGUAGES = [*settings.LANGUAGES, ("ar", "العربية")]
    speak(page, asgi_server, "ar")
    page.set_viewport_size({"width": 1280, "height": 800})
    opened(page, cast, asgi_server)
    assert page.locator("html").get_attribute("dir") == "rtl"
    side, text = (page.locator(place).bounding_box() for place in (".workbench-side", "[data-text]"))
    assert side
    assert text
    assert side["x"] < text["x"]
    first, second = (page.locator(".tok").nth(n).bounding_box() for n in (0, 1))
    assert first
    assert second
    assert first["x"] < second["x"]  # English still runs from left to right
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    look(page, "ar-annotate")
    page.goto(page.url.replace("annotate/", ""))
    brand, account = (page.locator(place).bounding_box() for place in (".brand", ".topbar .avatar"))
    assert brand
    assert account
    assert account["x"] < brand["x"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#progress-panel h2").first.wait_for()
    look(page, "ar-project")
