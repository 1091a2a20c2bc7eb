"""The pages in German and French, and turned round for a language written from right to left."""

# ruff: noqa: F811  `cast` is a fixture that comes from another module

from __future__ import annotations

import os
from typing import Any

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Page, expect

from tests.cast import Cast
from tests.web.test_flow_browser import cast, mark, opened  # noqa: F401  cast is the fixture

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
