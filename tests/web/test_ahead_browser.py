"""The next document reserved and shown ahead, on the real server."""

# ruff: noqa: F811  `cast` is a fixture that comes from another module

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from annotation.models import Assignment
from annotation.services.queue import RankedDocument, queue_publish
from tests.cast import Cast
from tests.conftest import wait_until
from tests.e2e.site_tools import fetched_ahead, settled
from tests.web.test_flow_browser import ADA, TEXTS, cast, mark, opened, stored  # noqa: F401  cast is the fixture

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def reserved() -> list[str]:
    return list(Assignment.objects.filter(status="reserved").values_list("document__text", flat=True))


def in_work() -> list[str]:
    return list(Assignment.objects.filter(status="active").values_list("document__text", flat=True))


def turn_round(cast: Cast) -> None:
    """Publish the documents in the opposite order."""
    documents = {item.text: item.uuid for item in cast.project_a.documents.all()}
    ranked = [RankedDocument(documents[text]) for text in TEXTS[::-1]]
    queue_publish(project=cast.project_a, ranked=ranked, strategy="mnlp", model_uuid=None)


def at_hand(page: Any, cast: Cast, server: str) -> Any:
    """On the first document, with the second one fetched."""
    with fetched_ahead(page):
        opened(page, cast, server)
    assert reserved() == [TEXTS[1]]
    return page


def test_what_is_shown_ahead_is_what_the_server_gives(page: Any, cast: Cast, asgi_server: str) -> None:
    at_hand(page, cast, asgi_server)
    mark(page, "Ada")
    with fetched_ahead(page):
        page.keyboard.press("Enter")
        page.locator(".tok", has_text="Bo").first.wait_for()
        settled(page)
        assert stored() == [(TEXTS[0], [ADA])]
        assert in_work() == [TEXTS[1]]
        expect(page.locator("#own-progress")).to_contain_text("1 done")
    assert reserved() == [TEXTS[2]]
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('daner:draft:')).length") == 0
    page.get_by_role("link", name="Go back to it").click()
    expect(page.get_by_role("button", name="Store as new version")).to_be_visible()
    expect(page.locator("mark", has_text="Ada")).to_be_visible()
    wait_until(lambda: not reserved())


def test_the_next_document_is_of_the_newest_order(
    page: Any,
    cast: Cast,
    asgi_server: str,
    in_thread: Any,
) -> None:
    at_hand(page, cast, asgi_server)
    with fetched_ahead(page):
        in_thread(turn_round, cast)
    page.keyboard.press("Enter")
    page.locator(".tok", has_text="Cleo").first.wait_for()
    settled(page)
    assert in_work() == [TEXTS[2]]


def test_an_order_that_the_page_has_not_heard_of_still_counts(
    page: Any,
    cast: Cast,
    asgi_server: str,
    in_thread: Any,
) -> None:
    at_hand(page, cast, asgi_server)
    page.evaluate("document.body.addEventListener('live:queue', (event) => event.stopImmediatePropagation(), true)")
    page.evaluate("document.body.addEventListener('live:ahead', (event) => event.stopImmediatePropagation(), true)")
    in_thread(turn_round, cast)
    page.keyboard.press("Enter")
    page.locator(".tok", has_text="Cleo").first.wait_for()
    settled(page)
    assert in_work() == [TEXTS[2]]
    assert [text for text, _ in stored()] == [TEXTS[0]]


def test_leaving_the_page_frees_what_was_reserved(page: Any, cast: Cast, asgi_server: str) -> None:
    at_hand(page, cast, asgi_server)
    page.goto(asgi_server + "/")
    wait_until(lambda: not reserved())
    assert in_work() == [TEXTS[0]]
