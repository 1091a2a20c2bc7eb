"""Two reviewers at one document, in real browsers: the lease, taking over, and both versions side by side."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation
from annotation.services.annotations import annotation_write
from daner_site.accounts.models import AuditEvent
from quality.domain.adjudication import EDITED, NOTHING, Decision
from quality.models import AdjudicationCase, ReviewLease
from quality.services.leases import lease_take_over
from tests.services.test_quality_cases import DATE, NORP, PERSON, World, another_reviewer, gold_of
from tests.web.test_quality_review_browser import number_of, opened, ready, status, world

__all__ = ["world"]  # a fixture

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def case(world: World) -> AdjudicationCase:
    world.annotate()
    return world.case()


def as_second(world: World, browser: Any, server: str, case: AdjudicationCase) -> tuple[Any, Any]:
    """A second reviewer on the same case, in a browser of their own."""
    second = another_reviewer(world)
    first, world.reviewer = world.reviewer, second
    page = opened(world, browser.new_context().new_page(), server, "quality:conflicts")
    world.reviewer = first
    where = {"org": world.project.organization.slug, "project": world.project.uuid, "case": case.uuid}
    page.goto(server + reverse("quality:case", kwargs=where))
    return ready(page), second


def live(page: Any) -> Any:
    page.wait_for_selector("body[data-live-state=open]", state="attached")
    return page


def test_the_second_sees_who_has_it_takes_it_over_and_the_first_is_told_at_once(
    case: AdjudicationCase, world: World, page: Any, browser: Any, asgi_server: str
) -> None:
    live(ready(opened(world, page, asgi_server)))
    page.keyboard.press("1")
    other, second = as_second(world, browser, asgi_server, case)
    expect(other.locator("#lease")).to_contain_text(f"{world.reviewer.name} is reviewing this")
    # The queue says so too, and the first reviewer's page knows of nobody.
    expect(page.locator("#lease .alert")).to_have_count(0)
    other.keyboard.press("1")
    other.keyboard.press("x")
    other.keyboard.press("Shift+Enter")
    expect(other.locator(".toast")).to_contain_text("Take it over to finish it")
    assert not Annotation.objects.filter(kind="gold").exists()
    other.keyboard.press("Enter")  # the focus is on the button
    expect(page.locator("#lease")).to_contain_text(f"{second.name} took this document over")
    expect(page.locator("#lease")).to_contain_text("stays on this page")
    assert status(page) == "1 of 2 still open"
    assert AuditEvent.objects.get(verb="case.takeover").actor == second
    expect(other.locator("#lease .alert")).to_have_count(0)
    other.keyboard.press("Shift+Enter")
    other.wait_for_selector("text=All done")
    assert gold_of(world.document) == [PERSON, NORP]
    # Now the first hears that it is decided, and is not in anybody's way any more.
    expect(page.locator("#lease")).to_contain_text("Somebody decided or labelled here")
    other.context.close()


def test_leaving_gives_the_document_back(case: AdjudicationCase, world: World, page: Any, asgi_server: str) -> None:
    ready(opened(world, page, asgi_server))
    assert ReviewLease.objects.get().reviewer == world.reviewer
    page.goto(asgi_server + reverse("quality:rulings", args=[world.project.organization.slug, world.project.uuid]))
    for _ in range(50):
        if not ReviewLease.objects.exists():
            break
        page.wait_for_timeout(100)
    assert not ReviewLease.objects.exists()


def test_both_versions_stand_side_by_side_and_each_place_is_chosen(
    case: AdjudicationCase, world: World, page: Any, asgi_server: str
) -> None:
    ready(opened(world, page, asgi_server))
    page.keyboard.press("1")  # PERSON
    page.keyboard.press(number_of(page, "6 December 1947"))
    page.keyboard.press("n")
    page.keyboard.press("d")  # what nobody marked
    page.keyboard.press("c")
    page.keyboard.type("Said twice.")
    page.keyboard.press("Escape")
    person, date = (decision.group for decision in world.decisions())
    theirs = [Decision(person, NOTHING), Decision(date, EDITED, (LabelledSpan(32, 45, "DATE"),))]
    world.resolve(case, ctx=world.ctx(world.manager), decisions=theirs)
    page.keyboard.press("Shift+Enter")
    ready(page)
    page.console_errors.clear()  # the browser reports every 409 as an error
    rows = page.locator("[data-apart]")
    expect(rows).to_have_count(3)
    assert [text.split("\n")[0] for text in rows.locator("th").all_inner_texts()] == [
        "not in the other version",
        "changed meanwhile",
        "not in the other version",
    ]
    assert page.input_value("#comment") == "Said twice."
    assert status(page).startswith("All decided")
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".toast")).to_contain_text("choose one of them first")
    assert Annotation.objects.filter(kind="gold").count() == 1
    page.keyboard.press("Enter")  # the focus is on "Keep mine" of the first
    rows.nth(1).get_by_role("button", name="Take this").click()
    rows.nth(2).get_by_role("button", name="Keep mine").click()
    expect(page.locator("[data-versions-left]")).to_have_text("All chosen")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=All done")
    gold = gold_of(world.document)
    assert PERSON in gold
    assert LabelledSpan(32, 45, "DATE") in gold
    assert len(gold) == 4
    assert Annotation.objects.filter(kind="gold").count() == 2


def test_a_place_that_changed_under_the_decision_is_shown_and_can_be_kept(
    case: AdjudicationCase, world: World, page: Any, asgi_server: str
) -> None:
    ready(opened(world, page, asgi_server))
    page.keyboard.press("1")
    page.keyboard.press(number_of(page, "6 December 1947"))
    annotation_write(
        project=world.project,
        document=world.document,
        author=world.two,
        kind="human",
        spans=[PERSON, LabelledSpan(30, 40, "DATE"), NORP],
    )
    page.keyboard.press("Shift+Enter")
    ready(page)
    page.console_errors.clear()
    rows = page.locator("[data-apart]")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("to decide again")
    assert status(page) == "1 of 1 still open"
    rows.get_by_role("button", name="Keep mine").click()
    assert status(page).startswith("All decided")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=All done")
    assert gold_of(world.document) == [PERSON, DATE, NORP]


def test_a_page_that_lost_the_document_cannot_send_past_the_script(
    case: AdjudicationCase, world: World, page: Any, asgi_server: str
) -> None:
    ready(opened(world, page, asgi_server))
    page.keyboard.press("1")
    page.keyboard.press("x")
    page.evaluate("document.getElementById('lease').remove()")
    lease_take_over(ctx=world.ctx(another_reviewer(world)), document=world.document)
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".alert-error")).to_contain_text("is reviewing this document now")
    ready(page)
    page.console_errors.clear()
    assert status(page).startswith("All decided")
    assert AdjudicationCase.objects.get().status == "open"
