"""Fingers on a phone: real touch events, through the browser's own recognition of gestures."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from tests.e2e.harness import Harness, workspace
from tests.e2e.test_editor import PLAIN, expected, tokens_of, word

pytestmark = pytest.mark.e2e


@pytest.fixture
def phone(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
    yield context.new_page()
    context.close()


def swipe(page: Any, points: list[tuple[float, float]]) -> None:
    """One finger from the first point over the others."""
    session = page.context.new_cdp_session(page)

    def send(kind: str, at: list[tuple[float, float]]) -> None:
        touches = [{"x": x, "y": y} for x, y in at]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    send("touchStart", points[:1])
    for (x0, y0), (x1, y1) in pairwise(points):
        for step in range(1, 9):
            send("touchMove", [(x0 + (x1 - x0) * step / 8, y0 + (y1 - y0) * step / 8)])
    send("touchEnd", [])
    page.wait_for_timeout(400)  # sooner, the next tap would be taken for a part of the same gesture


def middle(page: Any, document: dict[str, Any], number: int) -> tuple[float, float]:
    box = word(page, document, number).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
def test_a_finger_drawn_over_words_selects_them(phone, backwards):
    document = workspace(PLAIN)
    harness = Harness(phone, [document])
    harness.open()
    first, last = tokens_of(document, "met Charles")
    ends = [middle(phone, document, first), middle(phone, document, last)]
    swipe(phone, ends[::-1] if backwards else ends)
    phone.wait_for_selector(".selected")
    phone.get_by_role("button", name="PER").tap()
    phone.wait_for_selector("mark.span")
    phone.get_by_role("button", name="Submit").tap()
    phone.wait_for_selector(".empty")
    assert harness.payload()["spans"] == [expected(PLAIN, "met Charles")]


def test_a_held_label_labels_what_a_finger_is_drawn_over(phone):
    document = workspace(PLAIN)
    harness = Harness(phone, [document])
    harness.open()
    phone.get_by_role("button", name="PER").tap()
    first, last = tokens_of(document, "met Charles")
    swipe(phone, [middle(phone, document, first), middle(phone, document, last)])
    phone.wait_for_selector("mark.span")
    phone.get_by_role("button", name="Submit").tap()
    phone.wait_for_selector(".empty")
    assert harness.payload()["spans"] == [expected(PLAIN, "met Charles")]


def test_a_finger_drawn_down_scrolls_and_selects_nothing(phone):
    document = workspace(PLAIN + "\n" * 60 + "The end.")
    harness = Harness(phone, [document])
    harness.open()
    x, y = middle(phone, document, 1)
    swipe(phone, [(x, y + 200), (x, y)])
    phone.wait_for_function("window.scrollY > 0")
    assert phone.locator(".selected").count() == 0
