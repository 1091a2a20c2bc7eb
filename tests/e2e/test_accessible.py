"""Every page passes axe-core, in every theme, and fits a phone; the annotation page is light. A new page is visited unasked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings as site
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Error

from annotation.services.queue import queue_extend
from tests.cast import cast_make
from tests.e2e.bench_pages import Weights
from tests.e2e.pages import NOT_PAGES, ROUTES, Visit, open_settled, visits
from tests.e2e.showcase import showcase_make
from tests.factories import document_make

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
THEMES = (("light", "standard"), ("dark", "standard"), ("light", "more"), ("dark", "more"))
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

# A transition, however short, begins with the colours of before.
SHOW = """async ([theme, contrast]) => {
  Object.assign(document.documentElement.dataset, { theme, contrast });
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  await Promise.allSettled(document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished));
}"""
RUN = """async (only) => {
  const found = await axe.run(document, { runOnly: only, resultTypes: ["violations"] });
  return found.violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target, any, all, none }) =>
    [impact, id, target.join(" "), [...any, ...all, ...none].map((check) => check.message).join("; ")]));
}"""


# What can be pressed or filled in and lies outside the screen; the rows of tabs and of labels scroll by intention.
CUT_OFF = """() => [...document.querySelectorAll(".btn, button, input, select, textarea")]
  .filter((one) => !one.closest(".tabs, .palette") && one.checkVisibility())
  .filter((one) => { const box = one.getBoundingClientRect(); return box.width > 1 && (box.x < 0 || box.right > innerWidth); })
  .map((one) => one.outerHTML.slice(0, 120))"""


def test_everything_that_is_no_page_is_a_route() -> None:
    assert not NOT_PAGES - {route.name for route in ROUTES}


def test_no_page_has_a_serious_finding_in_any_theme(browser: Any, asgi_server: str, settings: Any) -> None:
    settings.DANER_SIGNUP = "open"
    people = People(browser, asgi_server)
    found = [line for visit in visits(showcase_make()) for line in findings(people, visit)]
    people.leave()
    assert not found, "\n".join(found)


def test_the_annotation_page_loads_less_than_150_kilobytes_of_script_and_style(browser: Any, asgi_server: str) -> None:
    """As it comes over the wire, everything the page fetches by itself included."""
    cast = cast_make()
    document_make(cast.project_a, "Ada met Grace in Oslo.")
    queue_extend(project=cast.project_a)
    people = People(browser, asgi_server)
    page = people.page_of("bob")
    weights = Weights(page)
    open_settled(page, asgi_server + reverse("annotation:annotate", args=[cast.org_a.slug, cast.project_a.uuid]))
    page.wait_for_selector("[data-text] .line")
    weight = {kind: weights.kilobytes(kind) for kind in ("Script", "Stylesheet")}
    people.leave()
    assert all(weight.values()), weight
    assert sum(weight.values()) < 150, weight


class People:
    """A browser window for each person who visits a page."""

    def __init__(self, browser: Any, server: str) -> None:
        self.browser, self.server = browser, server
        self.pages: dict[str | None, Any] = {}

    def page_of(self, person: str | None) -> Any:
        if person not in self.pages:
            context = self.browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
            if person is not None:
                context.add_cookies([self._session(person)])
            self.pages[person] = context.new_page()
        return self.pages[person]

    def _session(self, person: str) -> dict[str, str]:
        from daner_site.accounts.models import User

        client = Client()
        client.force_login(User.objects.get(username=person))
        cookie = client.cookies[site.SESSION_COOKIE_NAME]
        return {"name": cookie.key, "value": cookie.value, "url": self.server}

    def leave(self) -> None:
        for page in self.pages.values():
            page.context.close()


def findings(people: People, visit: Visit) -> Iterator[str]:
    page = people.page_of(visit.person)
    try:
        response = open_settled(page, people.server + visit.path)
    except Error as problem:
        yield f"{visit.title}: does not open; if it is no page, name it in tests/e2e/pages.py: {problem}"
        return
    if response.status != visit.status or "<main" not in page.content():
        yield f"{visit.title}: {response.status}, no page; if it is not meant to be one, name it in tests/e2e/pages.py"
        return
    # The protocol of the developer tools puts the script in, so the page's own security policy stays as it is.
    page.evaluate(AXE_SCRIPT)
    for theme in THEMES:
        page.evaluate(SHOW, theme)
        # A theme changes colours alone, so only the first is asked everything.
        only = {"type": "tag", "values": TAGS} if theme == THEMES[0] else {"type": "rule", "values": ["color-contrast"]}
        yield from serious(page, only, f"{visit.title}, {' '.join(theme)}")
    page.set_viewport_size(PHONE)
    if visit.title.startswith("annotation:annotate"):
        yield from serious(page, {"type": "tag", "values": TAGS}, f"{visit.title}, phone")
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield f"{visit.title}, phone: scrolls sideways"
    yield from (f"{visit.title}, phone: out of sight: {control}" for control in page.evaluate(CUT_OFF))
    page.set_viewport_size(DESKTOP)


def serious(page: Any, only: dict[str, Any], where: str) -> Iterator[str]:
    for impact, rule, target, why in page.evaluate(RUN, only):
        if impact in ("serious", "critical"):
            yield f"{where}: {rule} ({impact}) at {target}: {why}"
