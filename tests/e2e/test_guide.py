"""Searching the guidelines beside the text."""

from __future__ import annotations

import pytest

from tests.e2e.harness import Harness, workspace

pytestmark = pytest.mark.e2e


def test_the_guidelines_are_searched_beside_the_text(page):
    harness = Harness(page, [workspace("Ada met Bo.")])
    harness.open()
    before = page.locator("[data-guide]").inner_text()
    page.get_by_label("Search in the guidelines").fill("OUT T")
    assert page.locator("mark.found").all_inner_texts() == ["out t"]
    assert page.get_by_text("1 place").is_visible()
    page.get_by_label("Search in the guidelines").fill("<b>(.*")
    assert page.locator("mark.found").count() == 0
    page.get_by_label("Search in the guidelines").fill("")
    assert page.locator("[data-guide]").inner_text() == before
    assert page.locator("[data-guide] mark").count() == 0
