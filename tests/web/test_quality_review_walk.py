"""The whole review screen without a mouse: from the queue to the end, with everything that is on it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from annotation.domain.spans import LabelledSpan
from annotation.models import Guideline, Thread
from quality.models import AdjudicationCase, Review, Ruling
from tests import factories
from tests.services.test_quality_adjudication import draw
from tests.services.test_quality_cases import NORP, PERSON, World, gold_of
from tests.web.test_quality_adjudication import suggest
from tests.web.test_quality_review_browser import number_of, opened, ready, status, world
from tests.web.test_quality_same_browser import disputed

__all__ = ["world"]  # a fixture

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

FOCUSED = "document.activeElement"


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Any, selector: str, most: int = 60) -> None:
    """Walk with Tab until the focus is there."""
    for _ in range(most):
        if page.evaluate(f"{FOCUSED}.matches('{selector}')"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab")


def test_everything_on_the_review_screen_is_done_by_keys_alone(
    world: World, page: Any, asgi_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(monkeypatch)
    world.annotate()
    Guideline.objects.create(
        organization=world.project.organization,
        project=world.project,
        version=1,
        body="A DATE is a day.\n\nA PERSON has a name.",
        author=world.manager,
    )
    gold = factories.document_make(world.project, "Geoffrey Everest Hinton")
    factories.annotation_make(gold, world.manager, [(0, 23, "PERSON")], kind="gold")
    first = world.case()
    other = disputed(world, "In Oslo and from Oslo")
    suggest(world)
    ready(opened(world, page, asgi_server))

    # What helps is there without asking; a suggestion only for who asks.
    expect(page.locator(".group.current .evidence")).to_contain_text("PERSON 1×")
    expect(page.locator(".label-guide")).to_contain_text("A DATE is a day.")
    expect(page.locator(".review-queue")).to_contain_text("In Oslo and from Oslo")
    press(page, "s")
    expect(page.locator("#suggestions")).to_contain_text("That you asked is kept")

    # A proposal, a relabelling and back, why they differ, bounds, a new span, a comment.
    press(page, "1", "k", "Shift+2")
    expect(page.locator(".group.current")).to_contain_text("edited")
    press(page, "u", "r", "s", "Escape", "j")
    press(page, number_of(page, "6 December 1947"), "k", "j", "r", "t", "Escape")
    press(page, "{", "[", "n", "d", "]", "c")
    page.keyboard.type("See the guideline.")
    press(page, "Escape", "w", "ArrowDown")
    tab_to(page, "#comment-body")
    page.keyboard.type("Why?")
    tab_to(page, "[data-comment-form] button")
    press(page, "Enter")
    expect(page.locator(".thread")).to_contain_text("Why?")
    page.evaluate(f"{FOCUSED}.blur()")
    assert status(page).startswith("All decided")
    press(page, "Shift+Enter")

    # On to the next; the same words by one key, then passed on with a reason.
    expect(page.locator("h1")).to_contain_text(f"document {other.document.position + 1}")
    ready(page)
    assert PERSON in gold_of(world.document)
    press(page, "1", "k", "a")
    expect(page.locator(".same-places input")).to_have_count(1)
    expect(page.locator("[data-same-form] .btn-primary")).to_be_focused()
    press(page, "Enter")
    expect(page.locator("#same-dialog")).to_be_hidden()
    assert status(page).startswith("All decided")
    press(page, "e")
    page.keyboard.type("Two readings.")
    press(page, "Enter")
    page.wait_for_selector("text=All done")

    review = Review.objects.get(case=first)
    assert [place["reason"] for place in review.places] == ["slip", "guideline"]
    assert review.with_suggestions
    spans = gold_of(world.document)
    assert {PERSON, NORP} < set(spans)
    assert [span for span in spans if span.label == "DATE" and span not in (LabelledSpan(30, 45, "DATE"),)]
    assert Ruling.objects.get().string
    assert Thread.objects.get().annotator in (world.one, world.two)
    assert AdjudicationCase.objects.get(pk=other.pk).escalation == "Two readings."


def test_every_control_of_the_screen_is_reached_by_tab(world: World, page: Any, asgi_server: str) -> None:
    world.annotate()
    world.case()
    ready(opened(world, page, asgi_server))
    page.wait_for_selector("[data-comment-form]")
    for selector in (
        ".review-queue a",
        ".palette-button",
        "[data-do=startLeft]",
        "[data-finish]",
        "input[type=radio]",
        "[data-reason]",
        "#comment",
        "[name=to]",
    ):
        tab_to(page, selector)
        if selector == "[data-do=startLeft]":  # a toolbar is one stop for Tab: arrows move inside
            press(page, *["ArrowRight"] * 6)
            assert page.evaluate(f"{FOCUSED}.matches('[data-do=same]')")
