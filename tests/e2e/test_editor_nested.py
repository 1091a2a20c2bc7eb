"""Spans over spans in the real page: made, told apart, changed and sent, by keyboard and by mouse."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.harness import Harness, workspace
from tests.e2e.test_editor import drag, submit, suggestion, word
from tests.e2e.test_editor_keyboard import press

pytestmark = pytest.mark.e2e

# A name within a name within a name, as in the corpora that were made for it.
TEXT = "The University of New York Press printed it in Albany ."


def span(words: str, label: str, text: str = TEXT) -> dict[str, Any]:
    start = text.index(words)
    return {"start": start, "end": start + len(words), "label": label}


PRESS = span("University of New York Press", "ORG")
UNIVERSITY = span("University of New York", "ORG")
CITY = span("New York", "LOC")
ALBANY = span("Albany", "LOC")


def opened(page: Any, text: str = TEXT, overlap: str = "nested", **changes: Any) -> Harness:
    harness = Harness(page, [workspace(text, overlap=overlap, **changes), workspace("Next one.", 2)])
    harness.open()
    return harness


def made(payload: dict[str, Any]) -> list[dict[str, Any]]:
    return [{key: item[key] for key in ("start", "end", "label")} for item in payload["spans"]]


def announced(page: Any) -> str:
    return str(page.locator("[data-announcer]").text_content())


def marks(page: Any) -> list[str]:
    """The words of each box, without the tags."""
    found = page.eval_on_selector_all(
        "mark.span",
        "all => all.map(m => [...m.querySelectorAll('[data-start]')].filter(e => e.matches('.tok, .gap')).map(e => e.textContent).join(''))",
    )
    return [str(item) for item in found]


def chosen(page: Any) -> str:
    return " ".join(page.locator(".choice[aria-pressed=true]").inner_text().split())


def label_three_deep(page: Any) -> None:
    press(page, "ArrowRight", *["Shift+ArrowRight"] * 4, "o")  # University of New York Press
    press(page, "Home", "ArrowRight", *["Shift+ArrowRight"] * 3, "o")  # University of New York
    press(page, "Home", *["ArrowRight"] * 3, "Shift+ArrowRight", "l")  # New York


def test_names_within_names_are_labelled_by_keys_alone_drawn_in_each_other_and_sent(page):
    harness = opened(page)
    label_three_deep(page)
    assert marks(page) == ["University of New York Press", "University of New York", "New York"]
    assert page.locator("mark mark mark .span-tag").inner_text().startswith("LOC")
    assert page.eval_on_selector_all("mark.span", "all => all.map(m => m.dataset.height ?? '')") == ["2", "1", ""]
    press(page, "End", "ArrowLeft", "l")
    assert made(submit(page, harness)) == [UNIVERSITY, PRESS, CITY, ALBANY]


def test_one_key_walks_the_spans_at_the_caret_and_the_word_and_what_is_current_is_shown_and_said(page):
    harness = opened(page)
    label_three_deep(page)

    def current() -> str:
        return f"{page.locator('mark.current').count()} {chosen(page)}"

    assert current() == "1 LOC “New York”"
    press(page, "w")
    assert current() == "1 ORG “University of New York”"
    assert announced(page) == "York, ORG “University of New York”, 2 of 3 here"
    press(page, "w")
    assert current() == "1 ORG “University of New York Press”"
    press(page, "w")
    assert current() == "0 the word alone"
    assert announced(page) == "York, the word alone, inside LOC “New York”"
    press(page, "p")  # the word becomes a span of its own
    assert current() == "1 PER “York”"
    press(page, "Alt+ArrowDown")  # back, round the end: the word alone
    assert current() == "0 the word alone"
    press(page, "Alt+ArrowDown", "Delete")
    assert marks(page) == ["University of New York", "New York", "York"]
    press(page, "w", "w", "l")
    assert made(submit(page, harness)) == [UNIVERSITY | {"label": "LOC"}, CITY, span("York", "PER")]


def test_the_current_span_is_moved_cut_and_removed_and_undo_brings_all_back(page):
    harness = opened(page)
    label_three_deep(page)
    press(page, "w", "Alt+ArrowRight")  # the university's end onto the press's: the same span again
    assert "is in the way" in page.locator("#toasts").inner_text()
    press(page, "w", "Control+ArrowLeft")  # the press, outwards
    assert marks(page)[0] == "The University of New York Press"
    press(page, "Control+ArrowRight", "Control+ArrowRight")
    assert "is in the way" in page.locator("#toasts").last.inner_text()
    press(page, "u", "u")
    before = marks(page)
    press(page, "Home", *["ArrowRight"] * 4, "w", "c")  # through New York: in the way
    assert marks(page) == before
    press(page, "w", "w", "w", "Delete", "Delete", "Delete")
    assert marks(page) == []
    for _ in range(3):
        press(page, "u")
    assert marks(page) == before
    assert made(submit(page, harness)) == [UNIVERSITY, PRESS, CITY]


def test_a_span_across_another_gives_way_where_only_nesting_is_allowed_and_is_drawn_in_parts_where_all_is(page):
    opened(page)
    press(page, "ArrowRight", *["Shift+ArrowRight"] * 3, "o")
    press(page, *["Shift+ArrowRight"] * 2, "p")  # York Press printed
    assert marks(page) == ["York Press printed"]
    assert "ORG “University of New York” gave way" in page.locator("#toasts").inner_text()
    page.context.new_page()
    harness = opened(page, overlap="any")
    press(page, "ArrowRight", *["Shift+ArrowRight"] * 3, "o")
    press(page, *["Shift+ArrowRight"] * 2, "p")
    assert marks(page) == ["University of New York", "York", " Press printed"]
    assert page.locator("mark.to-go-on").count() == page.locator("mark.goes-on").count() == 1
    assert page.locator(".span-tag").count() == 2
    assert made(submit(page, harness)) == [UNIVERSITY, span("York Press printed", "PER")]


def test_by_mouse_words_are_dragged_inside_a_span_and_a_second_click_means_the_next_one(page):
    harness = opened(page)
    document = workspace(TEXT)
    drag(page, document, 1, 5)
    press(page, "o")
    drag(page, document, 4, 3)
    press(page, "l")
    assert marks(page) == ["University of New York Press", "New York"]
    word(page, document, 3).click()
    assert chosen(page) == "LOC “New York”"
    word(page, document, 3).click()
    assert chosen(page) == "ORG “University of New York Press”"
    page.get_by_role("button", name="the word alone").click()
    press(page, "p")
    page.locator(".span-tag").last.click(position={"x": 4, "y": 6})
    press(page, "Delete")
    assert made(submit(page, harness)) == [span("New", "PER"), CITY]


def test_suggestions_stand_beside_and_within_spans_and_tab_goes_there(page):
    harness = opened(page, suggestions=[suggestion(TEXT, name, "LOC", 0.9) for name in ("New York", "Albany")])
    press(page, "Home", "ArrowRight", *["Shift+ArrowRight"] * 4, "o")
    assert page.locator("mark.span .span-suggested").count() == 1
    press(page, "Home", "Tab", "a", "a")
    assert made(submit(page, harness)) == [PRESS, CITY, ALBANY]


def test_every_same_string_goes_inside_other_spans_but_not_over_its_like(page):
    text = "York won . York City lost to New York . York again ."
    harness = opened(page, text)
    press(page, *["ArrowRight"] * 3, "Shift+ArrowRight", "o")  # York City
    press(page, "Home", "l", "e", "e")
    starts = [index for index in range(len(text)) if text.startswith("York", index)]
    york = [{"start": at, "end": at + 4, "label": "LOC"} for at in starts]
    city = span("York City", "ORG", text)
    assert made(submit(page, harness)) == [york[0], york[1], city, *york[2:]]


def test_words_that_run_the_other_way_hold_spans_as_well(page):
    text = "قال مدير جامعة القاهرة أمس ."
    harness = opened(page, text)
    press(page, *["ArrowLeft"] * 2, "Shift+ArrowLeft", "o", "w", "l")
    assert marks(page) == ["جامعة القاهرة", "القاهرة"]
    assert made(submit(page, harness)) == [span("جامعة القاهرة", "ORG", text), span("القاهرة", "LOC", text)]


def test_a_long_text_draws_spans_over_spans_only_where_one_looks(page):
    line = "The University of New York Press printed it .\n"
    spans = []
    for at in range(0, 600 * len(line), len(line)):
        spans += [{"start": at + 4, "end": at + 32, "label": "ORG"}, {"start": at + 18, "end": at + 26, "label": "LOC"}]
    harness = opened(page, line * 600, spans=spans)
    assert 10 < page.locator("mark mark").count() < 200
    page.locator(".line").nth(590).scroll_into_view_if_needed()
    page.locator(".line").nth(590).locator("mark mark").wait_for()
    assert len(made(submit(page, harness))) == 1200
