"""Changing a submitted document in the browser; the list of one's own documents."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from annotation.models import Annotation
from tests.cast import Cast
from tests.web.test_flow_browser import ADA, GRACE, TEXTS, cast, mark, opened, stored  # noqa: F401

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_a_submitted_document_is_changed_as_a_new_revision(page: Any, cast: Cast, asgi_server: str) -> None:  # noqa: F811
    opened(page, cast, asgi_server)
    mark(page, "Ada")
    page.keyboard.press("Enter")
    page.locator(".tok", has_text="Bo").first.wait_for()
    assert page.evaluate("performance.getEntriesByName('daner:next').length") == 1
    page.get_by_role("link", name="Your documents").click()
    page.get_by_role("link", name="Change").click()
    expect(page.locator("mark", has_text="Ada")).to_be_visible()
    page.keyboard.press("s")
    page.keyboard.press("x")
    mark(page, "Grace")
    expect(page.locator("[data-draft-note]")).to_have_text("Saved")
    assert page.locator("[data-notice]").inner_text() == ""
    page.reload()
    expect(page.locator("mark", has_text="Grace")).to_be_visible()
    page.get_by_role("button", name="Store as new version").click()
    expect(page.get_by_text("Your new version is stored.")).to_be_visible()
    assert stored() == [(TEXTS[0], [ADA]), (TEXTS[0], [ADA, GRACE])]
    assert Annotation.objects.get(current=True).revision == 2
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('daner:draft')).length") == 0
