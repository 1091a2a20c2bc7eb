"""Names within names, from two people's work to gold: decided by keys, stored and exported as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from annotation.domain.spans import LabelledSpan
from annotation.models import Project
from annotation.services.exports import export_parts
from quality.models import AdjudicationCase
from quality.services.cases import cases_refresh
from tests import factories
from tests.services.test_quality_cases import World, gold_of
from tests.web.test_quality_review_browser import opened, ready, world

__all__ = ["world"]  # a fixture

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

TEXT = "The University of New York Press printed it in Albany."


def span(words: str, label: str) -> LabelledSpan:
    start = TEXT.index(words)
    return LabelledSpan(start, start + len(words), label)


PRESS, CITY, ALBANY = span("University of New York Press", "ORG"), span("New York", "PERSON"), span("Albany", "PERSON")
LONGER = span("The University of New York Press", "ORG")


@pytest.fixture
def case(world: World) -> AdjudicationCase:
    Project.objects.filter(pk=world.project.pk).update(span_overlap="nested")
    world.project.refresh_from_db()
    known = set(world.project.labels.values_list("name", flat=True))
    for name in {"ORG", "PERSON"} - known:
        factories.label_make(world.project, name)
    world.document = factories.document_make(world.project, TEXT, overlap_target=2)
    factories.annotation_make(world.document, world.one, [PRESS, CITY, ALBANY])
    factories.annotation_make(world.document, world.two, [LONGER, ALBANY])
    found = cases_refresh(document_id=world.document.pk)
    assert found is not None
    return found


def test_a_name_within_a_name_is_a_place_of_its_own_and_both_become_gold(
    case: AdjudicationCase, world: World, page: Any, asgi_server: str
) -> None:
    ready(opened(world, page, asgi_server))
    assert page.locator("[data-status]").inner_text() == "2 of 2 still open"
    assert page.locator(".review-text mark.conflict mark.conflict").count() >= 1
    page.keyboard.press("1")
    page.keyboard.press("1")
    assert page.locator(".review-text mark.span mark.span").count() == 1
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=All done")
    gold = gold_of(world.document)
    assert CITY in gold
    assert ALBANY in gold
    assert {PRESS, LONGER} & set(gold)
    assert len(gold) == 3
    row = json.loads("".join(export_parts(world.project, layer="gold", fmt="jsonl")).splitlines()[-1])
    assert [LabelledSpan(item["start"], item["end"], item["label"]) for item in row["gold"]] == sorted(gold)
