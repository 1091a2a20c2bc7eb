"""Network cut, tab killed, two tabs on one document: nothing lost, nothing doubled. On the real server."""

from __future__ import annotations

import contextlib
from typing import Any

import psutil
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from annotation.models import Annotation, Assignment, Draft, Label
from annotation.services.queue import RankedDocument, queue_publish
from tests.cast import Cast, cast_make
from tests.conftest import wait_until
from tests.e2e.site_tools import settled
from tests.factories import document_make

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

TEXTS = ("Ada met Grace in Oslo.", "Bo left Rome on Monday.", "Cleo stayed.")


@pytest.fixture
def cast(asgi_server: str) -> Cast:
    cast = cast_make()
    Label.objects.filter(project=cast.project_a, name="PER").update(key="p")
    Label.objects.filter(project=cast.project_a, name="LOC").update(key="l")
    documents = [document_make(cast.project_a, text) for text in TEXTS]
    queue_publish(
        project=cast.project_a,
        ranked=[RankedDocument(document.uuid) for document in documents],
        strategy="mnlp",
        model_uuid=None,
    )
    return cast


def address(cast: Cast, server: str) -> str:
    return server + reverse("annotation:annotate", args=[cast.org_a.slug, cast.project_a.uuid])


def signed_in(context: Any, cast: Cast, server: str) -> None:
    client = Client()
    client.force_login(cast.bob)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": server}])


def opened(page: Any, cast: Cast, server: str) -> Any:
    signed_in(page.context, cast, server)
    page.goto(address(cast, server))
    page.wait_for_selector("[data-text] .line")
    return page


def mark(page: Any, word: str, key: str = "p") -> None:
    """Put the caret on the word, by mouse, and label it."""
    page.locator(".tok", has_text=word).first.click()
    page.keyboard.press(key)
    expect(page.locator("mark", has_text=word)).to_be_visible()


def marks(page: Any) -> list[str]:
    found = page.eval_on_selector_all("[data-text] mark", "all => all.map(e => e.dataset.start)")
    return sorted(found, key=int)


def stored() -> list[tuple[str, list[tuple[int, int, str]]]]:
    return [
        (item.document.text, [(s.start, s.end, s.label.name) for s in item.spans.order_by("start")])
        for item in Annotation.objects.order_by("pk")
    ]


def kill_tabs(page: Any) -> None:
    """kill -9 the processes that draw pages, as the system does when memory runs out."""
    with page.expect_event("crash"):
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "--type=renderer" in process.cmdline():
                    process.kill()


ADA, GRACE, OSLO = (0, 3, "PER"), (8, 13, "PER"), (17, 21, "LOC")


def test_a_network_cut_in_mid_document_loses_and_doubles_nothing(page: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server)
    mark(page, "Ada")
    expect(page.locator("[data-draft-note]")).to_have_text("Saved")
    page.context.set_offline(True)
    expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    mark(page, "Grace")
    expect(page.locator("[data-draft-note]")).to_have_text("Kept in this browser")
    page.keyboard.press("Enter")
    expect(page.get_by_text("sent by itself as soon as the connection is back")).to_be_visible()
    mark(page, "Oslo", "l")  # what is marked until then goes with it
    page.keyboard.press("Enter")
    assert stored() == []
    page.context.set_offline(False)
    page.locator(".tok", has_text="Bo").first.wait_for()
    settled(page)
    page.console_errors.clear()
    assert stored() == [(TEXTS[0], [ADA, GRACE, OSLO])]
    assert page.get_by_text("The server cannot be reached.").count() == 0
    assert not Draft.objects.exists()
    page.reload()
    page.locator(".tok", has_text="Bo").first.wait_for()
    settled(page)
    assert len(stored()) == 1


def test_a_submission_that_waits_can_be_held_back(page: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server)
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Do not send it yet").click()
    page.context.set_offline(False)
    expect(page.get_by_text("The server cannot be reached.")).to_have_count(0)
    page.wait_for_timeout(300)
    page.console_errors.clear()
    assert stored() == []
    assert page.locator(".tok", has_text="Ada").count() == 1


def test_an_answer_that_was_lost_on_its_way_is_not_stored_twice(page: Any, cast: Cast, asgi_server: str) -> None:
    """The server has the work; the page does not know, and sends it again."""
    opened(page, cast, asgi_server)
    mark(page, "Ada")

    def lose(route: Any) -> None:
        route.fetch()
        route.abort("connectionreset")

    page.route(address(cast, asgi_server), lose, times=1)
    page.keyboard.press("Enter")
    page.locator(".tok", has_text="Bo").first.wait_for()
    settled(page)
    page.console_errors.clear()
    assert stored() == [(TEXTS[0], [ADA])]
    assert Assignment.objects.filter(status="active").count() == 1


@pytest.mark.parametrize("offline", [False, True], ids=["saved", "never saved"])
def test_a_killed_tab_loses_nothing(page: Any, cast: Cast, asgi_server: str, offline: bool) -> None:
    opened(page, cast, asgi_server)
    mark(page, "Ada")
    if offline:
        page.context.set_offline(True)
        mark(page, "Grace")
        assert Draft.objects.count() <= 1
    else:
        mark(page, "Grace")
        wait_until(lambda: Draft.objects.filter(revision__gte=1).exists())
    context = page.context
    kill_tabs(page)
    page.close()
    context.set_offline(False)
    page.console_errors.clear()
    again = context.new_page()
    again.goto(address(cast, asgi_server))
    expect(again.get_by_text("What you had marked is back: 2 spans.")).to_be_visible()
    assert marks(again) == ["0", "8"]
    again.keyboard.press("u")
    assert len(marks(again)) < 2
    again.keyboard.press("Control+y")
    again.keyboard.press("Enter")
    again.locator(".tok", has_text="Bo").first.wait_for()
    settled(again)
    assert stored() == [(TEXTS[0], [ADA, GRACE])]


def test_what_was_submitted_offline_goes_out_when_the_page_is_opened_again(
    page: Any, cast: Cast, asgi_server: str
) -> None:
    opened(page, cast, asgi_server)
    mark(page, "Ada")
    context = page.context
    context.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.get_by_text("sent by itself")).to_be_visible()
    page.close()
    page.console_errors.clear()
    context.set_offline(False)
    again = context.new_page()
    again.goto(address(cast, asgi_server))
    again.locator(".tok", has_text="Bo").first.wait_for()
    settled(again)
    assert stored() == [(TEXTS[0], [ADA])]


def test_a_second_tab_follows_the_first(page: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server)
    second = page.context.new_page()
    second.goto(address(cast, asgi_server))
    mark(page, "Ada")
    expect(second.locator("mark", has_text="Ada")).to_be_visible()
    expect(second.locator("[data-draft-note]")).to_have_text("Changed in another tab")
    # Were both to save in the same moment, one of them would rightly be told of the other's (409).
    expect(page.locator("[data-draft-note]")).to_have_text("Saved")
    mark(second, "Grace")
    expect(page.locator("mark", has_text="Grace")).to_be_visible()
    page.keyboard.press("Enter")
    page.locator(".tok", has_text="Bo").first.wait_for()
    settled(page)
    assert stored() == [(TEXTS[0], [ADA, GRACE])]
    expect(second.get_by_text("You have submitted this document, in another tab")).to_be_visible()
    second.keyboard.press("Enter")
    second.locator(".tok", has_text="Bo").first.wait_for()
    settled(second)
    assert len(stored()) == 1
    assert Assignment.objects.filter(status="active").count() == 1


def test_two_machines_never_write_over_each_other_unseen(page: Any, browser: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server)
    context = browser.new_context()
    other = opened(context.new_page(), cast, asgi_server)
    mark(page, "Ada")
    expect(page.locator("[data-draft-note]")).to_have_text("Saved")
    mark(other, "Grace")
    expect(other.get_by_text("Later work from another tab or machine is shown")).to_be_visible()
    assert marks(other) == ["0"]
    other.keyboard.press("u")
    assert marks(other) == ["8"]
    expect(other.locator("[data-draft-note]")).to_have_text("Saved")
    # The first page learns of it when it is looked at again, or when it submits something else.
    page.keyboard.press("Enter")
    page.locator(".tok", has_text="Bo").first.wait_for()
    settled(page)
    other.keyboard.press("Enter")
    expect(other.get_by_role("alert")).to_contain_text("You have submitted this document already")
    other.locator(".tok", has_text="Bo").first.wait_for()
    settled(other)
    context.close()
    page.console_errors.clear()
    assert stored() == [(TEXTS[0], [ADA])]
    assert [span["start"] for span in Draft.objects.get().spans] == [8]


def test_a_lease_that_ran_out_offline_is_explained(page: Any, cast: Cast, asgi_server: str) -> None:
    opened(page, cast, asgi_server)
    page.context.set_offline(True)
    mark(page, "Ada")
    Assignment.objects.filter(status="active").update(status="expired")
    first = Assignment.objects.get(status="expired")
    Assignment.objects.create(
        organization=cast.org_a,
        project=cast.project_a,
        document=first.document,
        annotator=cast.ben,
        slot=0,
        lease_until=first.lease_until,
        strategy="random",
        generation=1,
        rank=0,
    )
    page.context.set_offline(False)
    expect(page.get_by_text("others have labelled it meanwhile")).to_be_visible()
    assert marks(page) == ["0"]
    wait_until(lambda: Draft.objects.filter(assignment=first).exists())
    page.get_by_role("link", name="Next document").click()
    page.locator(".tok", has_text="Bo").first.wait_for()
    settled(page)
    page.console_errors.clear()
    assert stored() == []
