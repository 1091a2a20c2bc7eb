"""Choosing keys by pressing them, and labelling with them afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from annotation.models import KeyChoice, Span
from annotation.services.queue import queue_extend
from tests.cast import Cast
from tests.factories import PASSWORD, document_make

pytestmark = pytest.mark.e2e


def opened(page: Any, cast: Cast, url: str, in_thread: Any) -> str:
    def work() -> None:
        document_make(cast.project_a, "Ada met Bo.")
        queue_extend(project=cast.project_a)

    in_thread(work)
    page.goto(f"{url}/login/")
    page.get_by_label("User name").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main form button").click()
    return f"{url}/o/{cast.org_a.slug}/p/{cast.project_a.uuid}/"


def test_keys_are_pressed_saved_shown_and_used(asgi_server: str, page: Any, cast: Cast, in_thread: Any) -> None:
    project = opened(page, cast, asgi_server, in_thread)
    page.goto(project + "annotate/")
    page.keyboard.press("?")
    page.get_by_role("link", name="Change the commands' keys").click()
    expect(page.locator("[data-key-help]").first).to_be_visible()  # the script is there
    field = page.get_by_label("Undo", exact=True)
    field.focus()
    page.keyboard.press("Alt+q")
    expect(field).to_have_value("Alt+q")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Undo, second key")).to_be_focused()
    page.keyboard.press("Backspace")
    expect(page.get_by_label("Undo, second key")).to_have_value("")
    page.get_by_role("button", name="Save keys").click()
    expect(page.get_by_text("Your keys are saved.")).to_be_visible()
    assert in_thread(lambda: KeyChoice.objects.get().keys) == {"undo": ["Alt+q"]}

    page.goto(project + "keys/")
    page.get_by_label("PER", exact=True).fill("7")
    page.get_by_role("button", name="Save keys").click()
    page.goto(project + "annotate/")
    expect(page.get_by_role("button", name="Undo").locator("kbd")).to_have_text("Alt Q")
    for key in ("7", "Alt+q", "Control+z", "ArrowRight", "ArrowRight", "7"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing left for you right now")).to_be_visible()
    assert in_thread(lambda: list(Span.objects.values_list("start", "end", "label__name"))) == [(8, 10, "PER")]


def test_a_key_that_is_taken_is_refused_in_words(asgi_server: str, page: Any, cast: Cast, in_thread: Any) -> None:
    opened(page, cast, asgi_server, in_thread)
    page.goto(f"{asgi_server}/o/{cast.org_a.slug}/keys/")
    expect(page.locator("[data-key-help]").first).to_be_visible()
    page.get_by_label("Undo", exact=True).focus()
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Save keys").click()
    expect(
        page.get_by_text("Delete is already the key of “Remove the span, or refuse the suggestion”.")
    ).to_be_visible()
    page.console_errors.clear()  # the browser logs the 422 itself
    assert not in_thread(KeyChoice.objects.exists)
