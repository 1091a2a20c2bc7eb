"""The review page in a real browser, by keys and by mouse, on the real server."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from annotation.domain.spans import LabelledSpan
from annotation.models import Label
from quality.models import AdjudicationCase
from tests import factories
from tests.services.test_quality_cases import DATE, GOLD, NORP, PERSON, World, gold_of

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

EMOJI = "\U0001f469\u200d\U0001f52c \U0001d50a Ada met Grace in Oslo."


@pytest.fixture
def world(asgi_server: str) -> World:
    world = World()
    for name, key in (("PERSON", "p"), ("CARDINAL", "n"), ("DATE", "d"), ("NORP", "2")):
        Label.objects.filter(project=world.project, name=name).update(key=key)
    return world


def opened(world: World, page: Any, asgi_server: str, name: str = "quality:review") -> Any:
    client = Client()
    client.force_login(world.reviewer)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": asgi_server}])
    where = reverse(name, kwargs={"org": world.project.organization.slug, "project": world.project.uuid})
    page.goto(asgi_server + where)
    return page


def ready(page: Any) -> Any:
    page.wait_for_selector("[data-tools]:not([hidden])")
    return page


def status(page: Any) -> str:
    return page.text_content("[data-status]")


def number_of(page: Any, words: str) -> str:
    """The key of the proposal that reads `words`, in the current place."""
    for label in page.query_selector_all(".group.current label"):
        if words in label.text_content():
            return label.query_selector("kbd").text_content()
    raise AssertionError(words)


def test_three_keys_reach_the_gold_of_the_running_example(world: World, page: Any, asgi_server: str) -> None:
    world.annotate()
    world.case()
    ready(opened(world, page, asgi_server))
    assert status(page) == "2 of 2 still open"
    page.keyboard.press("1")
    assert status(page) == "1 of 2 still open"
    page.keyboard.press(number_of(page, "6 December 1947"))
    assert status(page).startswith("All decided")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=All done")
    assert gold_of(world.document) == GOLD


def test_open_places_block_the_finish(world: World, page: Any, asgi_server: str) -> None:
    world.annotate()
    world.case()
    ready(opened(world, page, asgi_server))
    page.keyboard.press("1")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=decide each before finishing")
    assert AdjudicationCase.objects.get().status == "open"
    assert page.query_selector(".group.current:not(.done)")


def test_keys_move_undo_relabel_and_add(world: World, page: Any, asgi_server: str) -> None:
    world.annotate()
    world.case()
    ready(opened(world, page, asgi_server))
    page.keyboard.press("1")  # PERSON, goes on to the date
    page.keyboard.press("x")  # no date
    assert status(page).startswith("All decided")
    page.keyboard.press("u")
    assert status(page) == "1 of 2 still open"
    page.keyboard.press("x")
    page.keyboard.press("k")  # back to the person
    page.keyboard.press("}")  # without "Hinton"
    page.keyboard.press("Shift+2")  # a digit is the page's own key, so NORP is Shift+2
    page.keyboard.press("n")  # a new span on the next free word
    page.keyboard.press("d")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=All done")
    assert gold_of(world.document) == [
        LabelledSpan(0, 16, "NORP"),
        LabelledSpan(24, 25, "DATE"),
        NORP,
    ]


def test_everything_works_with_the_mouse(world: World, page: Any, asgi_server: str) -> None:
    world.annotate()
    world.case()
    ready(opened(world, page, asgi_server))
    page.click(".group:not(.group-agreed) >> nth=0 >> text=Geoffrey Everest Hinton >> nth=-1")
    page.click(".group:not(.group-agreed) >> nth=1 >> label:has-text('nothing here')")
    box = page.get_by_text("scientist.", exact=False).last.bounding_box()
    assert box
    # Drag over the last words, then choose a label.
    drag(page, "scientist")
    page.click(".palette-button:has-text('NORP')")
    page.click("[data-do=startLeft]")  # now "-Canadian"? only up to the agreed span
    page.click("[data-finish]")
    page.wait_for_selector("text=All done")
    gold = gold_of(world.document)
    assert gold[:2] == [PERSON, NORP]
    assert gold[-1].label == "NORP"
    assert world.document.text[gold[-1].start : gold[-1].end].endswith("scientist")


def drag(page: Any, word: str) -> None:
    """Press on the first character of `word` in the text and release on its last."""
    points = page.evaluate(
        """(word) => {
            const walker = document.createTreeWalker(document.querySelector("[data-text]"), NodeFilter.SHOW_TEXT);
            for (let node; (node = walker.nextNode()); ) {
                const at = node.data.indexOf(word);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + word.length);
                const box = range.getBoundingClientRect();
                return [box.left + 2, box.right - 2, (box.top + box.bottom) / 2];
            }
        }""",
        word,
    )
    left, right, middle = points
    page.mouse.move(left, middle)
    page.mouse.down()
    page.mouse.move((left + right) / 2, middle)
    page.mouse.move(right, middle)
    page.mouse.up()


def test_offsets_are_code_points_behind_emoji(world: World, page: Any, asgi_server: str) -> None:
    document = factories.document_make(world.project, EMOJI)
    grace = EMOJI.index("Grace")
    factories.annotation_make(document, world.one, [(grace, grace + 5, "PERSON")])
    factories.annotation_make(document, world.two, [])
    world.document = document
    world.case()
    ready(opened(world, page, asgi_server))
    page.keyboard.press("1")
    drag(page, "Oslo")
    page.keyboard.press("d")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=All done")
    oslo = EMOJI.index("Oslo")
    assert gold_of(document) == [
        LabelledSpan(grace, grace + 5, "PERSON"),
        LabelledSpan(oslo, oslo + 4, "DATE"),
    ]


def test_after_a_409_the_decisions_are_still_on_the_page(world: World, page: Any, asgi_server: str) -> None:
    world.annotate()
    case = world.case()
    ready(opened(world, page, asgi_server))
    page.keyboard.press("1")
    page.keyboard.press(number_of(page, "6 December 1947"))
    world.resolve(case, ctx=world.ctx(world.manager))
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=Not saved.")
    ready(page)
    assert status(page).startswith("All decided")
    assert page.query_selector_all("[data-text] mark.span")[0].text_content() == "Geoffrey Everest HintonPERSON"
    page.console_errors.clear()  # the browser reports every 409 as an error


def test_without_javascript_radio_buttons_do_it(world: World, browser: Any, asgi_server: str) -> None:
    world.annotate()
    world.case()
    context = browser.new_context(java_script_enabled=False)
    page = opened(world, context.new_page(), asgi_server)
    fieldsets = page.query_selector_all(".group:not(.group-agreed)")
    fieldsets[0].query_selector("input[value='1']").check()
    for label in fieldsets[1].query_selector_all("label"):
        if "6 December 1947" in label.text_content():
            label.click()
    page.click("[data-finish]")
    assert "All done" in page.content()
    context.close()
    assert gold_of(world.document) == [PERSON, DATE, NORP]


def test_the_pages_hold_under_the_content_security_policy(world: World, page: Any, asgi_server: str) -> None:
    """The fixture fails on any console message of an inline style or script that was blocked."""
    from quality.services.agreement import agreement_recompute

    world.annotate()
    agreement_recompute(project_id=world.project.pk)
    for name in ("quality:quality", "quality:conflicts"):
        opened(world, page, asgi_server, name)
        page.wait_for_load_state("networkidle")
    chip = page.query_selector("mark.span")
    assert chip.evaluate("element => element.style.getPropertyValue('--label')")


def test_open_pages_follow_the_work_without_a_reload(world: World, page: Any, asgi_server: str, in_thread: Any) -> None:
    """The figures appear on the quality page; the "all done" page goes to the new case by itself."""
    from quality.services.agreement import agreement_recompute

    opened(world, page, asgi_server, "quality:quality")
    page.wait_for_selector("text=No agreement figures yet")
    page.wait_for_selector("body[data-live-state=open]", state="attached")
    page.evaluate("window.sameDocument = true")
    second = page.context.new_page()
    opened(world, second, asgi_server)
    second.wait_for_selector("text=All done")
    second.wait_for_selector("body[data-live-state=open]", state="attached")
    world.annotate()
    in_thread(agreement_recompute, project_id=world.project.pk)
    page.wait_for_selector("#agreement >> text=0.333")
    assert page.evaluate("window.sameDocument")
    ready(second)
    assert "Geoffrey" in second.text_content("[data-text]")
