"""Every page of the product that a person can open, from the URLconf itself.

A new route is either a page, and is then visited by whoever walks them, or it is named in NOT_PAGES.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import get_resolver

from annotation.domain.permissions import Permission
from tests.contract.routes import ORGANIZATION, PROJECT, Route, walk
from tests.e2e.showcase import Place, Showcase

ANSWERS_POST_ALONE = {
    "accounts:logout",
    "language",
    "accounts:invitation_new",
    "accounts:invitation_revoke",
    "accounts:member_role",
    "accounts:member_remove",
    "accounts:token_revoke",
    "annotation:label",
    "annotation:member",
    "annotation:thread",
    "activelearning:blind_open",
    "activelearning:blind_undo",
    "activelearning:blind_close",
    "activelearning:run_start",
    "activelearning:run_cancel",
    "quality:case_reopen",
    "quality:case_escalate",
    "quality:case_suggestions",
    "quality:case_lease",
    "quality:case_apply",
    "quality:case_apply_undo",
    "quality:ruling",
}
PARTS_OF_PAGES = {
    "pages:organization_panel",
    "annotation:draft",
    "annotation:ahead",
    "annotation:pace",
    "annotation:progress_panel",
    "annotation:comments_unread",
    "annotation:document_comments",
    "activelearning:curve_panel",
    "activelearning:run_panel",
    "quality:agreement_panel",
    "quality:summary_panel",
    "quality:overlap_panel",
    "quality:case_comments",
    "quality:case_evidence",
    "quality:case_same",
    "quality:review_queue",
}
FILES = {
    "healthz",
    "words",
    "annotation:export_file",
    "activelearning:model_file",
    "quality:agreement_file",
    "quality:consensus_file",
}
OF_OTHERS = {"api:docs"}
"""Swagger UI, a page of its own makers."""
NOT_PAGES = ANSWERS_POST_ALONE | PARTS_OF_PAGES | FILES | OF_OTHERS

ROUTES = [route for route in walk(get_resolver().url_patterns) if not route.is_api or route.name in OF_OTHERS]


@dataclass(frozen=True)
class Visit:
    title: str
    path: str
    person: str | None
    """User name; None: not signed in."""
    status: int = 200


def page_routes() -> list[Route]:
    return [route for route in ROUTES if route.name not in NOT_PAGES]


def visits(made: Showcase) -> list[Visit]:
    """Each page once with everything in it, once in a new project where it can be opened there, and what
    has more than one face besides."""
    return [*_full(made.full), *_new(made.empty), *_faces(made)]


def _full(place: Place) -> Iterator[Visit]:
    for route in page_routes():
        yield Visit(route.name, route.path(place.values), _who(route))


def _new(place: Place) -> Iterator[Visit]:
    for route in page_routes():
        if route.in_project and set(route.arguments) <= set(place.values):
            yield Visit(f"{route.name}, new project", route.path(place.values), _who(route))


def _faces(made: Showcase) -> Iterator[Visit]:
    values = made.full.values

    def path(name: str, query: str = "") -> str:
        return next(route for route in ROUTES if route.name == name).path(values) + query

    yield Visit("accounts:home, signed in", "/", "maya")
    yield Visit("accounts:invite, signed in", path("accounts:invite"), "otto")
    yield Visit("accounts:invite, no such link", "/invite/none/", None, 404)
    yield Visit("accounts:members, as a member", path("accounts:members"), "ana")
    yield Visit("pages:organization, as a member", path("pages:organization"), "ana")
    yield Visit("pages:project, as an annotator", path("pages:project"), "ana")
    yield Visit("annotation:annotate, paused", path("annotation:annotate"), "otto")
    yield Visit(
        "activelearning:infer, answered",
        path("activelearning:infer", f"?question={values['uuid', 'question']}"),
        "maya",
    )
    two = f"?first={values['uuid', 'other']}&second={values['uuid', 'model']}"
    yield Visit("activelearning:compare, two versions", path("activelearning:compare", two), "maya")
    yield Visit("quality:conflicts, decided", path("quality:conflicts", "?status=resolved"), "rita")
    yield Visit("annotation:history, another person", path("annotation:history"), "otto")
    yield Visit("403", path("annotation:settings"), "ana", 403)
    yield Visit("404", "/o/nobody/", "maya", 404)


def _who(route: Route) -> str | None:
    """Somebody who may open it and has something there."""
    if route.name in PROJECT:
        return {Permission.ANNOTATE: "ana", Permission.REVIEW: "rita"}.get(PROJECT[route.name], "maya")
    if route.name in ORGANIZATION or route.name in ("accounts:organization_new", "accounts:password_change"):
        return "maya"
    return None


SETTLED = """() => !document.querySelector('.skeleton, .htmx-request, .htmx-swapping, .htmx-settling')
  && document.readyState === 'complete'"""


def open_settled(page: Any, address: str) -> Any:
    """Open a page and wait until its panels have fetched themselves; returns the response."""
    response = page.goto(address)
    page.wait_for_load_state("networkidle")
    page.wait_for_function(SETTLED)
    return response
