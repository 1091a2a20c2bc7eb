"""The span editor in a real browser: real templates and scripts under the real CSP, no server.

Spans are compared as code points, by keyboard and by mouse, on texts where counting goes wrong.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.harness import ANNOTATE, Harness, workspace

pytestmark = pytest.mark.e2e

PLAIN = "Ada met Charles Babbage in London on Monday."
TRICKY = [
    pytest.param("Hi 😀😀 Ada 👩‍👩‍👧 Byron of Paris", "Ada 👩‍👩‍👧 Byron", id="emoji"),
    pytest.param(
        "Cafe\u0301 Zoe\u0308 A\u030angstro\u0308m left", "Zoe\u0308 A\u030angstro\u0308m", id="combining marks"
    ),
    pytest.param("私は東京大学で学ぶ。", "東京大学", id="Japanese"),
    pytest.param("𠮷野家 in 𠮷川", "𠮷川", id="beyond the basic plane"),
    pytest.param("ที่กรุงเทพฯ เมื่อวาน", "กรุงเทพฯ", id="Thai"),
    pytest.param("سافر أحمد علي إلى القاهرة أمس", "أحمد علي", id="Arabic"),
    pytest.param("met דוד בן גוריון in Tel Aviv", "דוד בן גוריון", id="Hebrew in English"),
    pytest.param("one\r\ntwo  Ada\t Byron\r\n\r\nend", "Ada\t Byron", id="CRLF, tabs, repeated spaces"),
    pytest.param("a\u200bb Ada\ufeff Byron \u200dZoe", "Byron", id="zero width"),
    pytest.param("Ada\nByron went home", "Ada\nByron", id="across a line end"),
]


def expected(text: str, name: str, label: str = "PER", origin: str = "human") -> dict[str, Any]:
    start = text.index(name)
    return {"start": start, "end": start + len(name), "label": label, "origin": origin}


def tokens_of(document: dict[str, Any], name: str) -> list[int]:
    want = expected(document["text"], name)
    return [
        number for number, (start, end) in enumerate(document["tokens"]) if start < want["end"] and end > want["start"]
    ]


def suggestion(text: str, name: str, label: str, confidence: float) -> dict[str, Any]:
    return expected(text, name, label) | {"confidence": confidence}


def submit(page: Any, harness: Harness) -> dict[str, Any]:
    before = len(harness.posts)
    page.keyboard.press("Enter")
    page.wait_for_selector("#workspace:not([aria-busy])")
    assert len(harness.posts) == before + 1
    return harness.payload()


def word(page: Any, document: dict[str, Any], number: int) -> Any:
    return page.locator(f'.tok[data-start="{document["tokens"][number][0]}"]')


def drag(page: Any, document: dict[str, Any], first: int, last: int) -> None:
    """From inside one token to inside another, in steps as a hand would."""
    start = word(page, document, first).bounding_box()
    end = word(page, document, last).bounding_box()
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=6)
    page.mouse.up()


@pytest.mark.parametrize(("text", "name"), TRICKY)
def test_the_text_on_screen_is_the_text_with_every_piece_in_its_place(page, text, name):
    del name
    harness = Harness(page, [workspace(text)])
    harness.open()
    pieces = page.eval_on_selector_all(
        "[data-text] [data-start]", "all => all.map(e => [+e.dataset.start, +e.dataset.end, e.textContent])"
    )
    assert pieces
    assert [shown for _, _, shown in pieces] == [text[start:end] for start, end, _ in pieces]
    unseen = set(range(len(text))) - {i for start, end, _ in pieces for i in range(start, end)}
    assert {text[i] for i in unseen} <= {"\r", "\n"}


@pytest.mark.parametrize(("text", "name"), TRICKY)
def test_the_keyboard_makes_the_exact_span(page, text, name):
    document = workspace(text)
    harness = Harness(page, [document])
    harness.open()
    first, *rest = tokens_of(document, name)
    # Home and Shift+Tab free: only arrows, whose direction follows the line's.
    for _ in range(200):
        at = int(page.locator(".tok.caret").first.get_attribute("data-token"))
        if at == first:
            break
        rtl = page.locator(".tok.caret").first.evaluate("e => getComputedStyle(e).direction") == "rtl"
        page.keyboard.press("ArrowLeft" if rtl else "ArrowRight")
    for _ in rest:
        rtl = page.locator(".tok.caret").first.evaluate("e => getComputedStyle(e).direction") == "rtl"
        page.keyboard.press("Shift+ArrowLeft" if rtl else "Shift+ArrowRight")
    page.keyboard.press("p")
    assert submit(page, harness)["spans"] == [expected(text, name)]


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize(("text", "name"), TRICKY)
def test_dragging_in_either_direction_makes_the_exact_span(page, text, name, backwards):
    document = workspace(text)
    harness = Harness(page, [document])
    harness.open()
    touched = tokens_of(document, name)
    ends = (touched[-1], touched[0]) if backwards else (touched[0], touched[-1])
    drag(page, document, *ends)
    page.keyboard.press("p")
    assert submit(page, harness)["spans"] == [expected(text, name)]


def test_alt_dragging_selects_characters_but_never_half_a_cluster(page):
    text = "unhappyZoe\u0308👍🏽 x"
    document = workspace(text)
    harness = Harness(page, [document])
    harness.open()
    token = page.locator('[data-token="0"]').first.bounding_box()
    page.keyboard.down("Alt")
    page.mouse.move(token["x"] + 1, token["y"] + token["height"] / 2)
    page.mouse.down()
    # To the middle of the "h": the caret falls before or after it.
    two = page.evaluate("""() => { const node = document.querySelector('[data-token="0"]').firstChild;
        const range = document.createRange(); range.setStart(node, 0); range.setEnd(node, 2); return range.getBoundingClientRect().width; }""")
    page.mouse.move(token["x"] + two, token["y"] + token["height"] / 2, steps=5)
    page.mouse.up()
    page.keyboard.up("Alt")
    page.keyboard.press("p")
    assert submit(page, harness)["spans"] == [{"start": 0, "end": 2, "label": "PER", "origin": "human"}]


def test_the_edge_of_a_selection_moves_by_whole_characters(page):
    text = "Zoe\u0308s x"
    harness = Harness(page, [workspace(text)])
    harness.open()
    page.keyboard.press("Alt+Shift+ArrowLeft")
    page.keyboard.press("p")
    page.keyboard.press("ArrowLeft")
    assert submit(page, harness)["spans"] == [{"start": 0, "end": 4, "label": "PER", "origin": "human"}]


def test_a_span_is_relabelled_grown_removed_and_brought_back(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("o")
    page.keyboard.press("p")
    assert page.locator("mark .span-tag").inner_text().startswith("PER")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("p")
    assert page.locator("mark").get_attribute("data-end") == str(PLAIN.index(" in"))
    page.keyboard.press("Delete")
    assert page.locator("mark").count() == 0
    page.keyboard.press("Control+z")
    assert submit(page, harness)["spans"] == [expected(PLAIN, "Charles Babbage")]


def test_what_is_hidden_is_not_stored(page):
    suggestions = [
        suggestion(PLAIN, "Ada", "PER", 0.95),
        suggestion(PLAIN, "Charles Babbage", "PER", 0.80),
        suggestion(PLAIN, "London", "LOC", 0.40),
    ]
    harness = Harness(page, [workspace(PLAIN, suggestions=suggestions, model="v3")])
    harness.open()
    page.locator("[data-strength]").fill("60")
    assert page.locator("mark.span-suggested").count() == 2
    page.keyboard.press("Shift+A")
    payload = submit(page, harness)
    assert payload["spans"] == [
        expected(PLAIN, "Ada", origin="accepted"),
        expected(PLAIN, "Charles Babbage", origin="accepted"),
    ]
    assert payload["refused"] == []


def test_undecided_suggestions_are_not_stored(page):
    harness = Harness(page, [workspace(PLAIN, suggestions=[suggestion(PLAIN, "Ada", "PER", 0.95)], model="v3")])
    harness.open()
    payload = submit(page, harness)
    assert payload["spans"] == []
    assert payload["refused"] == []


def test_suggestions_are_accepted_and_refused_one_by_one(page):
    suggestions = [
        suggestion(PLAIN, "Ada", "PER", 0.95),
        suggestion(PLAIN, "Charles Babbage", "ORG", 0.80),
        suggestion(PLAIN, "London", "LOC", 0.40),
        suggestion(PLAIN, "Monday", "WORK", 0.30),
    ]
    harness = Harness(page, [workspace(PLAIN, suggestions=suggestions, model="v3")])
    harness.open()
    page.keyboard.press("a")
    page.keyboard.press("p")  # another label than suggested
    page.keyboard.press("Tab")
    page.keyboard.press("a")
    page.get_by_role("button", name="Refuse WORK").click()
    payload = submit(page, harness)
    assert payload["spans"] == [
        expected(PLAIN, "Ada", origin="accepted"),
        expected(PLAIN, "Charles Babbage", origin="edited"),
        expected(PLAIN, "London", "LOC", "accepted"),
    ]
    monday = expected(PLAIN, "Monday", "WORK")
    assert payload["refused"] == [{key: monday[key] for key in ("start", "end", "label")}]


def test_a_held_label_labels_every_drag_and_every_word_clicked(page):
    document = workspace(PLAIN)
    harness = Harness(page, [document])
    harness.open()
    page.get_by_label("Hold label").check()
    page.get_by_role("button", name="LOC").click()
    word(page, document, tokens_of(document, "London")[0]).click()
    drag(page, document, *tokens_of(document, "Charles Babbage"))
    assert [span["label"] for span in submit(page, harness)["spans"]] == ["LOC", "LOC"]


def test_a_click_beside_the_words_labels_nothing(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    page.get_by_role("button", name="PER").click()
    box = page.locator("[data-text]").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 8, box["y"] + box["height"] - 8)
    assert submit(page, harness)["spans"] == []


def test_submitting_brings_the_next_document_ready_for_keys(page):
    harness = Harness(page, [workspace(PLAIN), workspace("Grace Hopper flew.", 2)])
    harness.open()
    page.keyboard.press("p")
    submit(page, harness)
    assert harness.posts[0]["assignment"] == harness.documents[0]["assignment"]
    assert harness.posts[0]["action"] == "submit"
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("p")
    assert submit(page, harness)["spans"] == [expected("Grace Hopper flew.", "Grace Hopper")]
    assert page.get_by_text("Nothing left for you right now").is_visible()
    assert page.locator("#own-progress").count() == 1
    assert page.locator("#own-progress b").inner_text() == "2"


@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "plain form"])
def test_an_impatient_second_key_does_not_post_twice(page, htmx):
    harness = Harness(page, [workspace(PLAIN), workspace("Grace Hopper flew.", 2)])
    if not htmx:
        page.route("**/htmx*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    harness.open()
    harness.held = []
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    page.keyboard.press("Enter")
    page.keyboard.press("s")
    page.wait_for_timeout(200)
    assert len(harness.held) == 1
    harness.release()
    page.get_by_text("Grace").wait_for()
    assert len(harness.posts) == 1


def test_a_refused_submission_keeps_the_spans_and_says_why(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.refusals = [(422, "Span 1 (PER at 0–3): the label was retired.")]
    harness.open()
    page.keyboard.press("p")
    submit(page, harness)
    page.console_errors.clear()  # the browser logs the 422 itself
    assert "the label was retired" in page.get_by_role("alert").inner_text()
    assert page.locator("mark").count() == 1
    assert submit(page, harness)["spans"] == [expected(PLAIN, "Ada")]


def test_a_lost_connection_loses_nothing(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    page.keyboard.press("p")
    page.route("**" + ANNOTATE, lambda route: route.abort("connectionrefused"), times=1)
    page.keyboard.press("Enter")
    page.get_by_text("The server cannot be reached").wait_for()
    page.console_errors.clear()
    assert submit(page, harness)["spans"] == [expected(PLAIN, "Ada")]


def test_without_htmx_the_form_is_posted_as_a_form(page):
    harness = Harness(page, [workspace(PLAIN), workspace("Grace Hopper flew.", 2)])
    page.route("**/htmx*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    harness.open()
    page.keyboard.press("p")
    page.keyboard.press("Enter")
    page.get_by_text("Grace").wait_for()
    assert harness.payload()["spans"] == [expected(PLAIN, "Ada")]
    assert harness.posts[0]["action"] == "submit"


def test_rejecting_asks_for_a_reason_and_enter_rejects(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    page.keyboard.press("x")
    page.get_by_label("Reason").fill("not prose, px")
    page.keyboard.press("Enter")
    page.wait_for_selector(".empty")
    assert (harness.posts[0]["action"], harness.posts[0]["reason"]) == ("reject", "not prose, px")


def test_skipping_needs_one_key(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    page.keyboard.press("s")
    page.wait_for_selector(".empty")
    assert harness.posts[0]["action"] == "skip"


def test_tab_walks_the_suggestions_and_then_leaves_the_text(page):
    suggestions = [suggestion(PLAIN, "Ada", "PER", 0.9), suggestion(PLAIN, "London", "LOC", 0.9)]
    harness = Harness(page, [workspace(PLAIN, suggestions=suggestions, model="v3")])
    harness.open()
    page.keyboard.press("Tab")
    assert page.locator("mark.current").inner_text().startswith("London")
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('[data-text]')")


def test_a_new_queue_is_announced_without_moving_the_focus(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    harness.nudge("queue", generation=2)
    page.get_by_text("The queue was re-ranked").wait_for()
    assert page.evaluate("Boolean(document.activeElement.closest('[data-text]'))")


def test_the_empty_page_opens_a_document_by_itself_when_one_comes(page):
    harness = Harness(page, [])
    harness.open()
    harness.documents.append(workspace(PLAIN))
    harness.nudge("queue", generation=2)
    page.wait_for_selector("[data-text] .line")
    page.keyboard.press("p")
    assert submit(page, harness)["spans"] == [expected(PLAIN, "Ada")]


def test_the_page_reconnects_and_asks_everything_again(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    page.evaluate("""() => { window.heard = []; for (const kind of ['queue', 'run', 'model', 'progress', 'quality', 'import'])
        document.body.addEventListener('live:' + kind, () => window.heard.push(kind)); }""")
    harness.sockets[-1].close()
    page.wait_for_selector("body[data-live-state=lost]")
    page.wait_for_selector("body[data-live-state=open]")
    assert sorted(page.evaluate("window.heard")) == ["import", "model", "progress", "quality", "queue", "run"]


def test_a_refused_socket_is_not_asked_again(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    harness.sockets[-1].close(code=4403)
    page.wait_for_selector("body[data-live-state=refused]")
    page.wait_for_timeout(900)
    assert len(harness.sockets) == 1


def test_the_theme_is_kept_over_a_reload(page):
    harness = Harness(page, [workspace(PLAIN)])
    harness.open()
    page.get_by_label("Light, dark, contrast").click()
    page.get_by_role("button", name="Dark").click()
    chosen = page.evaluate("document.documentElement.dataset.theme")
    harness.open()
    assert page.evaluate("document.documentElement.dataset.theme") == chosen == "dark"


def test_names_that_look_like_markup_stay_text(page):
    text = 'See <script>alert(1)</script> & </template> "quotes"'
    document = workspace(text)
    document["labels"] = [{"name": "<b>X</b>", "color": "red;}", "key": "x", "description": '"><img src=x>'}]
    harness = Harness(page, [document])
    harness.open()
    page.keyboard.press("x")
    assert submit(page, harness)["spans"] == [{"start": 0, "end": 3, "label": "<b>X</b>", "origin": "human"}]


def test_a_long_text_is_drawn_where_one_looks_and_works_to_its_end(page):
    text = "Ada went on and on. 😀\n" * 2000 + "Grace Hopper stopped."
    at = text.index("Grace")
    late = {"start": at, "end": at + len("Grace Hopper"), "label": "PER", "confidence": 0.9}
    early = {"start": 0, "end": 3, "label": "PER", "confidence": 0.9}
    harness = Harness(page, [workspace(text, suggestions=[early, late], model="v3")])
    harness.open()
    page.wait_for_selector('.tok[data-start="0"]')
    assert page.locator(f'.tok[data-start="{at}"]').count() == 0
    assert page.locator(".tok").count() < 2000
    page.keyboard.press("a")
    page.wait_for_selector("mark.span-suggested.current")
    assert page.locator("mark.current").bounding_box()["y"] < 800
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("o")
    spans = submit(page, harness)["spans"]
    assert spans == [
        {"start": 0, "end": 3, "label": "PER", "origin": "accepted"},
        {"start": at, "end": at + len("Grace Hopper stopped"), "label": "ORG", "origin": "edited"},
    ]


def test_on_a_phone_two_taps_make_a_span_and_nothing_sticks_out(browser):
    context = browser.new_context(viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
    page = context.new_page()
    document = workspace(PLAIN, suggestions=[suggestion(PLAIN, "Ada", "PER", 0.9)], model="v3")
    harness = Harness(page, [document])
    harness.open()
    word(page, document, tokens_of(document, "London")[0]).tap()
    page.get_by_role("button", name="LOC").tap()
    page.get_by_role("button", name="Accept PER").tap()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Submit").tap()
    page.wait_for_selector(".empty")
    assert harness.payload()["spans"] == [expected(PLAIN, "Ada", origin="accepted"), expected(PLAIN, "London", "LOC")]
    context.close()
