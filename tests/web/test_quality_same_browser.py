"""One key decides the same words everywhere: here at once, elsewhere after a look, and back again."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation
from quality.models import AdjudicationCase
from quality.services.cases import cases_refresh
from tests import factories
from tests.services.test_quality_adjudication import draw
from tests.services.test_quality_cases import World, gold_of
from tests.web.test_quality_review_browser import opened, ready, status, world

__all__ = ["world"]  # a fixture

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def disputed(world: World, text: str) -> AdjudicationCase:
    """Every "Oslo" is a person to the one and a nationality to the other."""
    document = factories.document_make(world.project, text, overlap_target=2)
    places = [at for at in range(len(text)) if text.startswith("Oslo", at)]
    for person, label in ((world.one, "PERSON"), (world.two, "NORP")):
        factories.annotation_make(document, person, [(at, at + 4, label) for at in places])
    case = cases_refresh(document_id=document.pk)
    assert case is not None
    return case


def test_the_same_words_are_decided_by_one_key_after_a_look(
    world: World, page: Any, asgi_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(monkeypatch)
    case = disputed(world, "Oslo, then Oslo, and Oslo again")
    first, second = disputed(world, "In Oslo"), disputed(world, "From Oslo, home")
    ready(opened(world, page, asgi_server))
    page.keyboard.press("a")
    expect(page.locator(".toast")).to_contain_text("Decide the place first")
    page.keyboard.press("2")
    page.keyboard.press("k")
    assert status(page) == "2 of 3 still open"
    page.keyboard.press("a")
    boxes = page.locator(".same-places input")
    expect(boxes).to_have_count(4)
    expect(page.locator(".same-places")).to_contain_text("From Oslo, home")
    page.locator(".same-places li", has_text="From Oslo").locator("input").uncheck()
    page.locator("[data-same-form] button.btn-primary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#applied")).to_contain_text("Applied to 1 place in other documents; 1 document is finished.")
    assert status(page).startswith("All decided")
    assert gold_of(first.document) in ([LabelledSpan(3, 7, "PERSON")], [LabelledSpan(3, 7, "NORP")])
    assert not second.document.annotations.filter(kind="gold").exists()
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#applied")).to_contain_text("Taken back in 1 of 1 place")
    assert not Annotation.objects.filter(kind="gold", current=True).exists()
    page.keyboard.press("u")  # what was applied in this document is one step
    assert status(page) == "2 of 3 still open"
    case.refresh_from_db()
    assert case.status == "open"


def test_where_the_words_are_in_dispute_nowhere_else_it_says_so(world: World, page: Any, asgi_server: str) -> None:
    disputed(world, "In Oslo")
    ready(opened(world, page, asgi_server))
    page.keyboard.press("1")
    page.keyboard.press("a")
    expect(page.locator("#same-dialog")).to_contain_text("in dispute nowhere else")
    page.keyboard.press("Enter")
    expect(page.locator("#same-dialog")).to_be_hidden()
