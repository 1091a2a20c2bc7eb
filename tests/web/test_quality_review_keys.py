"""The keys around a decision: why people differ, a comment, suggestions, passing on, what nobody marked."""

from __future__ import annotations

from typing import Any

import pytest

from annotation.domain.spans import LabelledSpan
from quality.models import AdjudicationCase, Review
from tests.services.test_quality_adjudication import draw
from tests.services.test_quality_cases import GOLD, World, gold_of
from tests.web.test_quality_adjudication import suggest
from tests.web.test_quality_review_browser import number_of, opened, ready, status, world

__all__ = ["world"]  # a fixture

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

PLACES = ".group:not(.group-agreed)"


@pytest.fixture
def case(world: World) -> AdjudicationCase:
    world.annotate()
    return world.case()


def focused(page: Any) -> str:
    return str(
        page.evaluate("document.activeElement.id || document.activeElement.name || document.activeElement.tagName")
    )


def test_one_key_decides_and_goes_on(case: AdjudicationCase, world: World, page: Any, asgi_server: str) -> None:
    ready(opened(world, page, asgi_server))
    assert page.locator(".group.current .group-number").inner_text() == "1"
    page.keyboard.press("1")
    assert page.locator(".group.current .group-number").inner_text() == "2"
    assert page.locator(f"{PLACES}.done").count() == 1
    page.keyboard.press("9")  # there is no ninth proposal, and nothing happens but being told
    page.wait_for_selector("text=There is no proposal 9 here.")
    assert status(page) == "1 of 2 still open"
    page.keyboard.press("x")
    assert status(page).startswith("All decided")


def test_r_says_why_people_differ(case: AdjudicationCase, world: World, page: Any, asgi_server: str) -> None:
    ready(opened(world, page, asgi_server))
    page.keyboard.press("r")
    assert focused(page).startswith("reason-")
    # In the list, keys choose a reason and decide nothing.
    page.keyboard.press("s")  # "somebody slipped"
    assert status(page) == "2 of 2 still open"
    assert not page.locator("#suggestions section").count()
    chosen = page.locator(f"{PLACES} [data-reason] >> nth=0").input_value()
    assert chosen == "slip"
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.keyboard.press(number_of(page, "6 December 1947"))
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=All done")
    assert [place["reason"] for place in Review.objects.get().places] == ["slip", ""]


def test_c_writes_a_comment_without_deciding(case: AdjudicationCase, world: World, page: Any, asgi_server: str) -> None:
    ready(opened(world, page, asgi_server))
    page.keyboard.press("c")
    assert focused(page) == "comment"
    page.keyboard.type("1 x n: see 2")
    assert status(page) == "2 of 2 still open"
    assert page.input_value("#comment") == "1 x n: see 2"
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.keyboard.press(number_of(page, "6 December 1947"))
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=All done")
    assert AdjudicationCase.objects.get().decisions["comment"] == "1 x n: see 2"
    assert gold_of(world.document) == GOLD


def test_s_shows_suggestions_and_that_is_kept(
    case: AdjudicationCase, world: World, page: Any, asgi_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(monkeypatch)
    suggest(world)
    ready(opened(world, page, asgi_server))
    assert page.inner_text("#suggestions") == ""
    page.keyboard.press("s")
    page.wait_for_selector("#suggestions >> text=That you asked is kept")
    assert status(page) == "2 of 2 still open"
    page.keyboard.press("1")
    page.keyboard.press("x")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=All done")
    assert Review.objects.get().with_suggestions


def test_s_shows_nothing_where_chance_drew_a_blind_decision(
    case: AdjudicationCase, world: World, page: Any, asgi_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(monkeypatch, "blind")
    suggest(world)
    ready(opened(world, page, asgi_server))
    page.keyboard.press("s")
    page.keyboard.press("1")
    page.keyboard.press("x")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=All done")
    review = Review.objects.get()
    assert (review.blind, review.with_suggestions) == (True, False)


def test_e_passes_the_case_on(case: AdjudicationCase, world: World, page: Any, asgi_server: str) -> None:
    ready(opened(world, page, asgi_server))
    page.keyboard.press("e")
    page.wait_for_selector("#escalate-dialog[open]")
    assert focused(page) == "escalate-note"
    page.keyboard.type("x or 1, I cannot say")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=All done")
    case.refresh_from_db()
    assert case.escalated_at is not None
    assert case.escalation == "x or 1, I cannot say"
    assert not Review.objects.exists()


def test_a_reviewer_marks_what_nobody_did(case: AdjudicationCase, world: World, page: Any, asgi_server: str) -> None:
    ready(opened(world, page, asgi_server))
    page.keyboard.press("1")
    page.keyboard.press(number_of(page, "6 December 1947"))
    page.keyboard.press("n")  # on the next free word
    page.keyboard.press("d")
    page.keyboard.press("]")  # one word longer
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=All done")
    [added] = [span for span in gold_of(world.document) if span not in GOLD]
    assert added.label == "DATE"
    words = world.document.text[added.start : added.end].split()
    assert len(words) == 2
    assert LabelledSpan(added.start, added.end, "DATE") in gold_of(world.document)
    assert Review.objects.get().gold is not None
