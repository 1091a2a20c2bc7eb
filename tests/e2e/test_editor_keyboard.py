"""Everything that can be done to spans, by keyboard alone, in the real page."""

from __future__ import annotations

from typing import Any

import pytest

from annotation.domain.formats import ParsedDocument, parse
from tests.e2e.harness import Harness, workspace
from tests.e2e.keyboard_plan import keys_for, name_runs
from tests.e2e.test_editor import PLAIN, expected, submit, suggestion, word
from tests.services.import_helpers import shared_data

pytestmark = pytest.mark.e2e

WNUT_KEYS = {"person": "p", "location": "l", "corporation": "c", "group": "g", "product": "o", "creative-work": "w"}
UNER_KEYS = {"PER": "p", "ORG": "o", "LOC": "l"}


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def spans_on_screen(page: Any) -> list[tuple[int, int]]:
    found = page.eval_on_selector_all(
        "mark.span:not(.span-suggested)", "all => all.map(e => [+e.dataset.start, +e.dataset.end])"
    )
    return [(start, end) for start, end in found]


def gold_documents(corpus: str, file: str, keys: dict[str, str], least: int, count: int) -> list[dict[str, Any]]:
    """The first documents of a corpus with at least `least` spans, as the page gets them, gold apart."""
    labels = [{"name": name, "color": "#0072B2", "key": key, "description": ""} for name, key in keys.items()]
    rows = parse("conll", shared_data(corpus, file).read_text(encoding="utf-8"))
    found = [row for row in rows if isinstance(row, ParsedDocument) and len(row.spans or ()) >= least][:count]
    assert len(found) == count
    return [
        workspace(row.text, number, labels=labels, tokens=[list(token) for token in row.tokens or ()])
        | {"gold": [{"start": s.start, "end": s.end, "label": s.label} for s in sorted(row.spans or ())]}
        for number, row in enumerate(found, 1)
    ]


@pytest.mark.parametrize(
    ("corpus", "file", "keys", "least", "count"),
    [
        pytest.param("wnut17", "test.conll", WNUT_KEYS, 2, 12, id="tweets"),
        pytest.param("uner_zh", "dev.conll", UNER_KEYS, 3, 6, id="Chinese"),
    ],
)
def test_real_documents_are_labelled_to_exactly_their_gold_by_keys_alone(page, corpus, file, keys, least, count):
    documents = gold_documents(corpus, file, keys, least, count)
    harness = Harness(page, documents)
    harness.open()
    for number, document in enumerate(documents):
        runs = name_runs(page, document["text"], document["tokens"])
        press(page, *keys_for(document["text"], document["tokens"], runs, document["gold"], keys))
        page.keyboard.press("Enter")
        page.wait_for_function(
            "text => !document.querySelector(`input[name=assignment][value='${text}']`)", arg=document["assignment"]
        )
        assert len(harness.posts) == number + 1
        made = [{key: span[key] for key in ("start", "end", "label")} for span in harness.payload()["spans"]]
        assert made == document["gold"]


def test_a_letter_finds_the_next_word_that_begins_with_it(page):
    text = "the tall élan met Ellen in an empty town"
    harness = Harness(page, [workspace(text)])
    harness.open()
    starts = [text.index(name) for name in ("élan", "Ellen", "empty", "town", "the")]
    for start, letter in zip(starts, "eeEtt", strict=True):
        press(page, "f", letter, "p")
        assert (start, start + len(text[start:].split()[0])) in spans_on_screen(page)
    assert len(spans_on_screen(page)) == 5
    press(page, "/", "Escape", "u")  # no letter: the keys do again what they do
    assert len(spans_on_screen(page)) == 4


def test_a_letter_extends_the_selection_to_the_next_word_that_begins_with_it(page):
    text = "see / r / news and The Day of the Doctor now"
    harness = Harness(page, [workspace(text)])
    harness.open()
    press(page, "f", "/", "F", "n", "o")
    assert spans_on_screen(page) == [(4, 14)]
    press(page, "f", "t", "F", "d", "F", "d", "l")  # the second time goes on behind the first
    assert spans_on_screen(page)[1:] == [(19, 40)]
    press(page, "f", "n", "F", "z", "F", "Escape", "p")  # no such word, and no letter: nothing moves
    assert spans_on_screen(page)[2:] == [(41, 44)]


def test_what_the_labels_mean_is_one_key_away_and_one_key_back(page):
    Harness(page, [workspace(PLAIN)]).open()
    meaning = page.get_by_text("People, real or invented.")
    assert not meaning.is_visible()
    press(page, "d")
    meaning.wait_for(state="visible")
    press(page, "ArrowRight", "ArrowRight", "p", "d")
    meaning.wait_for(state="hidden")
    assert spans_on_screen(page) == [(8, 15)]


def test_both_ends_of_a_span_move_out_and_in(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    press(page, "ArrowRight", "ArrowRight", "p")  # Charles
    press(page, "Alt+ArrowRight", "Alt+ArrowRight")
    assert spans_on_screen(page) == [(8, PLAIN.index(" London"))]
    press(page, "Control+ArrowLeft")
    assert spans_on_screen(page) == [(4, PLAIN.index(" London"))]
    press(page, "Alt+ArrowLeft", "Control+ArrowRight")
    assert submit(page, harness)["spans"] == [expected(PLAIN, "Charles Babbage")]


def test_a_span_never_grows_over_another(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    press(page, "p", "ArrowRight", "ArrowRight", "o", "ArrowLeft", "ArrowLeft")
    press(page, "Alt+ArrowRight", "Alt+ArrowRight")
    page.get_by_text("ORG “Charles” is in the way.").wait_for()
    assert submit(page, harness)["spans"] == [expected(PLAIN, "Ada met"), expected(PLAIN, "Charles", "ORG")]


def test_a_span_shrinks_to_a_word_and_no_further(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    press(page, "Shift+ArrowRight", "p", "Alt+ArrowLeft", "Alt+ArrowLeft", "Control+ArrowRight")
    assert submit(page, harness)["spans"] == [expected(PLAIN, "Ada")]


def test_a_span_shrinks_by_characters(page):
    text = "Zoe\u0308s car"
    harness = Harness(page, [workspace(text)])
    harness.open()
    press(
        page,
        "Shift+ArrowRight",
        "p",
        "Alt+Shift+ArrowLeft",
        "Alt+Shift+ArrowLeft",
        "Alt+Shift+ArrowLeft",
        "Alt+Shift+ArrowLeft",
    )
    press(page, "Alt+Shift+ArrowLeft", "p")
    assert submit(page, harness)["spans"] == [expected(text, "Zoe\u0308")]


def test_a_span_is_cut_in_two_before_the_word_at_the_caret(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    press(page, ".", ".", "p")
    assert spans_on_screen(page) == [(8, 23)]
    press(page, "c")
    assert spans_on_screen(page) == [(8, 15), (16, 23)]
    press(page, "c")
    page.get_by_text("A span of one word cannot be cut.").wait_for()
    press(page, "Control+z")
    assert submit(page, harness)["spans"] == [expected(PLAIN, "Charles Babbage")]


def test_the_caret_is_to_be_seen(page):
    Harness(page, [workspace(PLAIN)]).open()
    press(page, "ArrowRight")
    caret = page.locator(".tok.caret")
    assert caret.inner_text() == "met"
    assert caret.evaluate("e => getComputedStyle(e).boxShadow") != "none"


def test_names_are_walked_round_and_those_with_a_span_left_out(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    press(page, ".", ".", "p", ",", ",", "l")  # Charles Babbage; then back over the start to Monday
    assert submit(page, harness)["spans"] == [
        expected(PLAIN, "Charles Babbage"),
        expected(PLAIN, "Monday", "LOC"),
    ]


def test_an_edge_of_a_suggestion_moves_and_makes_it_ones_own(page):
    harness = Harness(page, [workspace(PLAIN, suggestions=[suggestion(PLAIN, "Charles", "PER", 0.9)], model="v3")])
    harness.open()
    press(page, "Alt+ArrowRight")
    assert submit(page, harness)["spans"] == [expected(PLAIN, "Charles Babbage", origin="edited")]


def test_the_strength_is_set_by_keys_and_what_it_hides_is_not_stored(page):
    suggestions = [suggestion(PLAIN, "Ada", "PER", 0.95), suggestion(PLAIN, "London", "LOC", 0.07)]
    harness = Harness(page, [workspace(PLAIN, suggestions=suggestions, model="v3")])
    harness.open()
    press(page, "-", "-")
    assert page.locator("mark.span-suggested").count() == 1
    press(page, "+")
    assert page.locator("mark.span-suggested").count() == 2
    press(page, "-", "Shift+A")
    assert submit(page, harness)["spans"] == [expected(PLAIN, "Ada", origin="accepted")]


SAME = "Ada met Ada Byron. Adam saw Ada, Ada\nand ADA. Later Ada left."


def places(name: str, text: str = SAME) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(name, at) and not text[at + len(name) :][:1].isalpha()]


def test_every_same_string_is_shown_first_and_then_labelled_in_one_step(page):
    harness = Harness(page, [workspace(SAME)])
    harness.open()
    press(page, "ArrowRight", "ArrowRight", "Shift+ArrowRight", "o")  # Ada Byron stays what it is
    press(page, "Home", "p", "e")
    assert page.locator("[data-same]").is_visible()
    assert "“Ada”: 3 other places" in page.locator("[data-same]").inner_text()
    assert "1 other place has a span and keeps it" in page.locator("[data-same]").inner_text()
    assert page.get_by_role("button", name="Label all 3 PER").is_visible()
    shown = page.eval_on_selector_all(".preview", "all => all.map(e => +e.dataset.start)")
    assert shown == places("Ada")[2:]
    assert page.locator("mark").count() == 2
    press(page, "e")
    assert not page.locator("[data-same]").is_visible()
    assert page.locator(".preview").count() == 0
    assert page.locator("mark").count() == 5
    press(page, "Control+z")
    assert page.locator("mark").count() == 2
    press(page, "Control+y")
    made = submit(page, harness)["spans"]
    assert [(span["start"], span["label"]) for span in made] == [
        (at, "ORG" if SAME[at:].startswith("Ada Byron") else "PER") for at in places("Ada")
    ]


@pytest.mark.parametrize("key", ["Escape", "ArrowRight", "Enter"])
def test_a_preview_that_is_left_stores_nothing(page, key):
    harness = Harness(page, [workspace(SAME)])
    harness.open()
    press(page, "p", "e", key)
    if key != "Enter":
        assert page.locator(".preview").count() == 0
        assert not page.locator("[data-same]").is_visible()
        press(page, "Enter")
    page.wait_for_selector(".empty")
    assert harness.payload()["spans"] == [expected(SAME, "Ada")]


def test_the_preview_takes_the_mouse_as_well(page):
    harness = Harness(page, [workspace(SAME)])
    harness.open()
    press(page, "p", "e")
    page.get_by_role("button", name="Label all 4 PER").click()
    assert len(submit(page, harness)["spans"]) == 5


def test_what_stands_nowhere_else_or_is_no_span_is_said(page):
    Harness(page, [workspace(PLAIN)]).open()
    press(page, "e")
    page.get_by_text("Label the words first").wait_for()
    press(page, "p", "e")
    page.get_by_text("“Ada” stands nowhere else in this text.").wait_for()
    assert not page.locator("[data-same]").is_visible()


def test_ones_own_keys_work_and_are_shown_everywhere(page):
    own = {"undo": ["F2"], "submit": ["Mod+ArrowDown"], "skip": ["J"]}
    labels = [{"name": "PER", "color": "#0072B2", "key": "7", "description": ""}]
    harness = Harness(page, [workspace(PLAIN, keys=own, labels=labels)])
    harness.open()
    assert page.get_by_role("button", name="Undo").locator("kbd").inner_text() == "F2"
    assert page.locator(".btn-submit kbd").inner_text() == "Ctrl ↓"
    assert page.locator(".palette kbd").inner_text() == "7"
    press(page, "?")
    listed = page.locator("#keys-dialog .key-row").all_inner_texts()
    assert any("F2" in line and "Undo" in line for line in listed)
    assert not any("Ctrl Z" in line for line in listed if line.endswith("Undo"))
    assert page.get_by_role("link", name="Change the labels' keys").get_attribute("href").endswith("/keys/")
    press(page, "?", "7", "F2", "7", "s", "Enter")
    assert not harness.posts
    press(page, "Control+ArrowDown")
    page.wait_for_selector(".empty")
    assert harness.payload()["spans"] == [expected(PLAIN, "Ada")]


def test_a_click_with_a_long_text_far_down_still_hits_the_word(page):
    text = "Ada went on. " * 9000 + "Grace Hopper stopped."
    document = workspace(text)
    harness = Harness(page, [document])
    harness.open()
    page.wait_for_selector('.tok[data-start="0"]')
    press(page, ",")
    hopper = word(page, document, len(document["tokens"]) - 3)
    hopper.wait_for()
    assert page.locator(".tok").count() < 6000
    press(page, "p")
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_selector('.tok[data-start="0"]')
    page.wait_for_function("document.querySelectorAll('.tok').length < 6000")
    at = text.index("Grace")
    assert submit(page, harness)["spans"] == [{"start": at, "end": at + 12, "label": "PER", "origin": "human"}]
