"""The next document is shown before the one submitted has arrived: what then goes wrong costs nobody anything."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.harness import ANNOTATE, Harness, workspace
from tests.e2e.site_tools import fetched_ahead, settled

pytestmark = pytest.mark.e2e

TEXTS = ("Ada met Charles in London.", "Bo left Rome on Monday.", "Cleo stayed in Paris.")


@pytest.fixture
def harness(page: Any) -> Harness:
    """Three documents, the second one fetched while the first is worked on."""
    harness = Harness(page, [workspace(text, number) for number, text in enumerate(TEXTS, start=1)])
    harness.ahead = True
    with fetched_ahead(page):
        harness.open()
    return harness


def word(page: Any, name: str) -> Any:
    return page.locator(".tok", has_text=re.compile(f"^{name}$"))


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def names(page: Any) -> list[str]:
    return page.eval_on_selector_all("[data-text] mark .tok", "all => all.map((token) => token.textContent)")


def test_the_next_document_is_there_before_the_server_has_answered(page: Any, harness: Harness) -> None:
    harness.held = []
    press(page, "p", "Enter")
    expect(word(page, "Bo")).to_be_visible()
    assert harness.posts == []
    assert page.evaluate("document.activeElement.closest('[data-text]') !== null")
    press(page, "p")
    assert names(page) == ["Bo"]
    assert not harness.drafts, "nothing is saved for a document that is not given yet"
    harness.release()
    settled(page)
    assert [span["start"] for span in harness.payload()["spans"]] == [0]
    assert harness.posts[0]["assignment"] == harness.documents[0]["assignment"]
    assert names(page) == ["Bo"]
    link = page.get_by_role("link", name="Go back to it")
    assert link.get_attribute("href").endswith(f"/history/{harness.documents[0]['assignment']}/")
    expect(page.locator("[data-draft-note]")).to_have_text("Saved")
    assert page.evaluate("performance.getEntriesByName('daner:next').length") == 1


@pytest.mark.parametrize("width", [980, 1366, 1920, 2560])
def test_what_is_said_after_submitting_lies_beside_the_text(page: Any, harness: Harness, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    press(page, "Enter")
    said = page.locator(".toast", has_text="Submitted.").bounding_box()
    reasons = page.get_by_text("Why this document?").bounding_box()
    assert said["x"] >= reasons["x"] + reasons["width"]
    assert said["x"] + said["width"] <= width


def test_one_after_the_other_is_sent_in_that_order(page: Any, harness: Harness) -> None:
    harness.held = []
    press(page, "Enter")
    expect(word(page, "Bo")).to_be_visible()
    press(page, "p", "Enter", "Enter")
    assert len(harness.held) == 1
    harness.release()
    expect(word(page, "Cleo")).to_be_visible()
    assert [post["assignment"] for post in harness.posts] == [item["assignment"] for item in harness.documents[:2]]
    assert [span["start"] for span in harness.payload()["spans"]] == [0]


def test_a_refusal_brings_the_document_back_as_it_was_left(page: Any, harness: Harness) -> None:
    harness.refusals = [(422, "PER (0–3) is outside the text")]
    press(page, "p", "ArrowRight", "ArrowRight", "p", "Enter")
    expect(page.get_by_text("PER (0–3) is outside the text")).to_be_visible()
    page.console_errors.clear()
    assert names(page) == ["Ada", "Charles"]
    press(page, "u")
    assert names(page) == ["Ada"]
    press(page, "Enter")
    expect(word(page, "Bo")).to_be_visible()
    settled(page)
    assert [span["start"] for span in harness.payload()["spans"]] == [0]


@pytest.mark.parametrize("status", [0, 502])
def test_without_an_answer_the_document_comes_back_and_waits(page: Any, harness: Harness, status: int) -> None:
    def fail(route: Any) -> None:
        route.abort("connectionreset") if status == 0 else route.fulfill(status=status, body="")

    page.route(f"**{ANNOTATE}", fail, times=1)
    press(page, "p", "Enter")
    expect(page.get_by_text("This document is sent by itself")).to_be_visible()
    page.console_errors.clear()
    assert names(page) == ["Ada"]
    expect(word(page, "Bo")).to_be_visible(timeout=20_000)
    settled(page)
    assert [post["assignment"] for post in harness.posts] == [harness.documents[0]["assignment"]]
    assert [span["start"] for span in harness.payload()["spans"]] == [0]


def test_another_text_that_comes_first_takes_the_place_and_what_was_begun_comes_back(
    page: Any, harness: Harness
) -> None:
    harness.held = []
    press(page, "Enter")
    expect(word(page, "Bo")).to_be_visible()
    press(page, "p")
    harness.documents.insert(1, workspace("Dora came first.", 9))
    harness.release()
    expect(word(page, "Dora")).to_be_visible()
    expect(page.get_by_text("What you had marked is kept for when it comes back.")).to_be_visible()
    assert names(page) == []
    # The text comes again, as another assignment.
    harness.documents[2] |= {"assignment": "00000000-0000-4000-8000-000000000777"}
    press(page, "Enter")
    expect(word(page, "Bo")).to_be_visible()
    assert names(page) == ["Bo"]


def test_skipping_goes_on_as_fast(page: Any, harness: Harness) -> None:
    harness.held = []
    press(page, "s")
    expect(word(page, "Bo")).to_be_visible()
    harness.release()
    settled(page)
    assert harness.posts[0]["action"] == "skip"
    assert page.get_by_role("link", name="Go back to it").count() == 0


def test_a_new_order_fetches_the_next_document_again(page: Any, harness: Harness) -> None:
    harness.documents.insert(1, workspace("Dora came first.", 9))
    with fetched_ahead(page):
        harness.nudge("queue", generation=2)
    harness.held = []
    press(page, "Enter")
    expect(word(page, "Dora")).to_be_visible()
    harness.release()


def test_leaving_gives_the_next_document_back(page: Any, harness: Harness) -> None:
    with page.expect_request("**/ahead/") as left:
        page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert left.value.post_data == "leave=on"
