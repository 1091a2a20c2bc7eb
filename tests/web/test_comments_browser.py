"""Asking beside the text, the mark in the top bar, and the answer: in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from annotation.models import Comment, Thread
from annotation.services.queue import queue_extend
from daner_site.accounts.models import User
from tests.cast import Cast, cast_make
from tests.factories import annotation_make, case_make, document_make

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast(asgi_server: str) -> Cast:
    cast = cast_make()
    document_make(cast.project_a, "Ada met Grace in Oslo.")
    queue_extend(project=cast.project_a)
    return cast


def opened(page: Any, server: str, cast: Cast, user: User, name: str, *more: object) -> Any:
    client = Client()
    client.force_login(user)
    page.context.add_cookies(
        [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                "url": server,
            }
        ]
    )
    page.goto(server + reverse(name, args=[cast.org_a.slug, cast.project_a.uuid, *more]))
    return page


def test_a_question_about_a_place_reaches_the_reviewer_and_the_answer_comes_back(
    page: Any, browser: Any, cast: Cast, asgi_server: str
) -> None:
    opened(page, asgi_server, cast, cast.bob, "annotation:annotate")
    page.locator(".tok", has_text="Grace").first.click()
    page.keyboard.press("Shift+ArrowRight")
    page.get_by_label("To the reviewers").fill("@ben or a name?")
    expect(page.locator("[data-about]")).to_contain_text("Grace in")
    page.get_by_label("Flag: something is wrong").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("@ben does not read this conversation")
    page.console_errors.clear()  # the browser logs the 422 itself
    page.get_by_label("To the reviewers").fill("Is this a name?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".thread")).to_contain_text("Is this a name?")
    thread = Thread.objects.get()
    assert (thread.start, thread.end, thread.flagged, thread.annotator) == (8, 16, True, cast.bob)

    context = browser.new_context()
    other = opened(context.new_page(), asgi_server, cast, cast.dora, "annotation:comments")
    expect(other.locator(".thread")).to_contain_text("The annotator")
    assert "Bob" not in other.locator("main").inner_text()
    other.get_by_label("Answer").fill("Yes, it is.")
    other.get_by_role("button", name="Answer").click()
    expect(other.locator(".thread li")).to_have_count(2)
    expect(page.get_by_role("link", name="1 new comment for you")).to_be_visible()
    page.get_by_role("link", name="1 new comment for you").click()
    expect(page.locator(".thread")).to_contain_text("Reviewer")
    expect(page.locator(".thread")).to_contain_text("Yes, it is.")
    page.get_by_role("button", name="Settled").click()
    expect(page.get_by_role("heading", name="Nothing here")).to_be_visible()
    assert Comment.objects.count() == 2
    context.close()


def test_the_case_page_shows_what_was_asked_by_letter(page: Any, cast: Cast, asgi_server: str) -> None:
    document = document_make(cast.project_a, "Bo met Cleo in Rome.", overlap_target=2)
    for number, person in enumerate((cast.bob, cast.ben)):
        annotation_make(document, person, [(0, 2 + 5 * number, "PER")])
    thread = Thread.objects.create(
        organization=cast.org_a, project=cast.project_a, document=document, annotator=cast.bob, start=0, end=2
    )
    Comment.objects.create(organization=cast.org_a, thread=thread, author=cast.bob, body="Not sure about this.")
    opened(page, asgi_server, cast, cast.dora, "quality:case", case_make(document).uuid)
    expect(page.locator(".thread")).to_contain_text("Not sure about this.")
    assert page.locator(".thread li b").inner_text() in ("Annotator A", "Annotator B")


def test_a_reviewer_asks_an_annotator_by_letter_and_is_answered(
    page: Any, browser: Any, cast: Cast, asgi_server: str
) -> None:
    document = document_make(cast.project_a, "Bo met Cleo in Rome.", overlap_target=2)
    for number, person in enumerate((cast.bob, cast.ben)):
        annotation_make(document, person, [(0, 2 + 5 * number, "PER")])
    opened(page, asgi_server, cast, cast.dora, "quality:case", case_make(document).uuid)
    page.wait_for_selector("[data-comment-form]")
    letters = page.locator("[name=to] option").all_inner_texts()
    assert letters == ["the others who review", "annotator A", "annotator B"]
    page.keyboard.press("w")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("Why so long?")
    expect(page.locator("[data-about]")).to_contain_text("Bo met")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".thread")).to_contain_text("Why so long?")
    thread = Thread.objects.get()
    assert thread.annotator in (cast.bob, cast.ben)
    assert (thread.start, thread.end) == (0, 6)

    context = browser.new_context()
    other = opened(context.new_page(), asgi_server, cast, thread.annotator, "annotation:comments")
    expect(other.locator(".thread")).to_contain_text("Reviewer")
    assert "Dora" not in other.locator("main").inner_text()
    other.get_by_label("Answer").fill("A slip.")
    other.get_by_role("button", name="Answer").click()
    expect(other.locator(".thread li")).to_have_count(2)
    expect(page.get_by_role("link", name="1 new comment for you")).to_be_visible()
    context.close()


def test_a_document_is_flagged_without_the_mouse(page: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, asgi_server, cast, cast.bob, "annotation:annotate")
    page.get_by_label("To the reviewers").wait_for()
    page.keyboard.press("!")
    page.keyboard.type("Cut off in the middle.")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Send").press("Enter")
    expect(page.locator(".thread")).to_contain_text("Cut off in the middle.")
    thread = Thread.objects.get()
    assert (thread.flagged, thread.annotator) == (True, cast.bob)
