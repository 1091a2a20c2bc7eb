"""The annotation page without a server: the real templates and static files, answered to the
browser by Playwright itself, under the real Content-Security-Policy. Posts are kept in a list.
"""

from __future__ import annotations

import json
import mimetypes
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlparse

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import RequestFactory

from annotation.domain.permissions import Permission
from annotation.domain.text import pack_tokens, tokenize

ORIGIN = "http://harness.test"
PROJECT = "00000000-0000-4000-8000-000000000001"
LABELS = [
    {"name": "PER", "color": "#0072B2", "key": "p", "description": "People, real or invented."},
    {"name": "ORG", "color": "#E69F00", "key": "o", "description": "Companies, agencies, teams."},
    {"name": "LOC", "color": "#009E73", "key": "l", "description": "Places on a map."},
    {"name": "WORK", "color": "#CC79A7", "key": "", "description": "Books, films, songs."},
]

ANNOTATE = f"/o/acme/p/{PROJECT}/annotate/"


def context() -> SimpleNamespace:
    return SimpleNamespace(
        organization=SimpleNamespace(name="Acme Research", slug="acme"),
        project=SimpleNamespace(name="Harbour letters", uuid=PROJECT),
        user=SimpleNamespace(name="Ada Byron", is_authenticated=True),
        permissions=frozenset(Permission),
    )


def workspace(text: str, number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "assignment": f"00000000-0000-4000-8000-{number:012d}",
        "document": f"00000000-0000-4000-8001-{number:012d}",
        "text": text,
        "tokens": [list(token) for token in tokenize(text)],
        "labels": LABELS,
        "suggestions": [],
        "model": None,
        "spans": [],
        "why": {"strategy": "mnlp", "strategy_label": "MNLP", "rank": number, "score": 0.412, "model": "v3"},
    } | changes


def sent(document: dict[str, Any]) -> dict[str, Any]:
    """A document as the selector hands it to the page."""
    return document | {"tokens": pack_tokens(document["tokens"])}


def render(template: str, values: dict[str, Any]) -> str:
    request = RequestFactory().get(ANNOTATE)
    request.user = AnonymousUser()
    return render_to_string(template, {"user": values["ctx"].user} | values, request=request)


class Harness:
    """Serves `documents` one after the other; `posts` holds what the page sent, `drafts` what it saved by itself."""

    def __init__(self, page: Any, documents: list[dict[str, Any]], **extra: Any) -> None:
        self.page = page
        self.documents = documents
        self.extra = extra
        self.posts: list[dict[str, Any]] = []
        self.at = 0
        self.refusals: list[tuple[int, str]] = []
        self.sockets: list[Any] = []
        self.held: list[Any] | None = None
        self.drafts: list[dict[str, Any]] = []
        self.ahead = False  # whether the page is given the next document before it asks
        page.route("**/*", self._answer)
        page.route_web_socket("**/ws/**", lambda socket: self.sockets.append(socket))

    def open(self) -> Any:
        self.page.goto(ORIGIN + ANNOTATE)
        self.page.wait_for_selector("[data-text] .line, .empty")
        return self.page

    def release(self) -> None:
        """Answer the posts that were held back, as a slow server would."""
        routes, self.held = self.held or [], None
        for route in routes:
            self._post(route, route.request)

    def nudge(self, kind: str, **detail: Any) -> None:
        self.sockets[-1].send(json.dumps({"kind": kind} | detail))

    def payload(self) -> dict[str, Any]:
        return json.loads(self.posts[-1]["payload"])

    def _values(self, **more: Any) -> dict[str, Any]:
        left = self.at < len(self.documents)
        return (
            {
                "ctx": context(),
                "active": "annotate",
                "workspace": sent(self.documents[self.at]) if left else None,
                "progress": {"submitted_by_me": self.at, "submitted": self.at + 40, "total": 120},
                "guideline": "<p>Mark <b>names</b> of people, places and organisations. Leave out titles.</p>",
            }
            | self.extra
            | more
        )

    def _answer(self, route: Any) -> None:
        request = route.request
        address = urlparse(request.url)
        if address.path.startswith("/static/"):
            return self._static(route, address.path.removeprefix("/static/"))
        if "/comments/" in address.path or address.path.endswith("/pace/"):
            return self._html(route, "")
        if address.path.endswith("/ahead/"):
            return self._ahead(route)
        if address.path.endswith("/draft/"):
            return self._draft(route, request)
        if request.method == "POST":
            return self._post(route, request) if self.held is None else self.held.append(route)
        template = "annotation/annotate.html" if address.path == ANNOTATE else None
        if template is None:
            return route.fulfill(status=404, body="")
        return self._html(route, render(template, self._values()))

    def _post(self, route: Any, request: Any) -> None:
        data = {key: value[0] for key, value in parse_qs(request.post_data or "", keep_blank_values=True).items()}
        self.posts.append(data)
        swapped = bool(request.headers.get("hx-request"))
        if self.refusals:
            status, message = self.refusals.pop(0)
            kept = self.documents[self.at] | {"spans": json.loads(data["payload"])["spans"]}
            values = self._values(error=message, workspace=sent(kept), swapped=swapped)
            return self._html(route, render("annotation/_workspace.html", values), status)
        self.at += 1
        if not swapped:
            return route.fulfill(status=302, headers={"location": ORIGIN + ANNOTATE})
        if self.at < len(self.documents) and data.get("ahead") == self.documents[self.at]["assignment"]:
            return self._html(route, render("annotation/_beside.html", self._values(swapped=True)))
        return self._html(route, render("annotation/_workspace.html", self._values(swapped=True)))

    def _ahead(self, route: Any) -> None:
        if not self.ahead or self.at + 1 >= len(self.documents):
            return route.fulfill(body=json.dumps({"assignment": None}), content_type="application/json")
        following = self.documents[self.at + 1]
        html = render("annotation/_workspace.html", self._values(workspace=sent(following)))
        found = {"assignment": following["assignment"], "seconds": 120, "html": html}
        return route.fulfill(body=json.dumps(found), content_type="application/json")

    def _draft(self, route: Any, request: Any) -> None:
        """Always saved: what the page posts is the newest there is."""
        if request.method == "POST":
            self.drafts.append(json.loads(parse_qs(request.post_data)["payload"][0]))
        draft = self.drafts[-1] | {"revision": len(self.drafts)} if self.drafts else None
        answer = {"saved": request.method == "POST", "state": "active", "message": "", "draft": draft}
        route.fulfill(body=json.dumps(answer), content_type="application/json")

    def _static(self, route: Any, name: str) -> None:
        found = finders.find(name)
        if not found:
            return route.fulfill(status=404, body="")
        kind = mimetypes.guess_type(name)[0] or "text/plain"
        return route.fulfill(body=Path(found).read_bytes(), headers={"content-type": f"{kind}; charset=utf-8"})

    def _html(self, route: Any, body: str, status: int = 200) -> None:
        policy = "; ".join(
            f"{key} {' '.join(value)}" for key, value in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
        )
        route.fulfill(
            status=status,
            body=body,
            headers={"content-type": "text/html; charset=utf-8", "content-security-policy": policy},
        )
