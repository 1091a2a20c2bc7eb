"""The questions the tenancy test asks of a route; each answers with findings in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client

from daner_site.accounts.models import User
from tests.contract.routes import Key, Route
from tests.contract.world import ORGANIZATION_THINGS, PROJECT_THINGS, Things, World, rolled_back, rows_of

METHODS = ("get", "head", "post", "put", "patch", "delete")
WRONG_METHOD = 405
ACTIONS = ("submit", "skip", "reject", "remove", "retire", "confirm", "")


@dataclass(frozen=True)
class Answer:
    method: str
    response: HttpResponse
    writes: list[str]
    """The statements that changed a row, sessions aside."""
    rows: dict[str, Any] | None
    """Rows of the guarded organisation afterwards, if anything was written at all."""


class WriteWatch:
    """Notes the statements that change a row; for `connection.execute_wrapper`."""

    def __init__(self) -> None:
        self.writes: list[str] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        changes = sql.startswith(("INSERT", "UPDATE", "DELETE")) and "django_session" not in sql
        if changes and context["cursor"].rowcount:
            self.writes.append(sql)
        return result


def calls(
    route: Route,
    path: str,
    user: User | None,
    *,
    guarded: Things,
    body: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    methods: tuple[str, ...] = METHODS,
) -> Iterator[Answer]:
    """The answer to every method; nothing that was changed stays."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    for method in methods:
        data: dict[str, Any] = {"query_params": body or {}}
        if method in ("post", "put", "patch"):
            data = {"data": body or {}}
            if route.is_api or method != "post":
                data["content_type"] = "application/json"
        watch = WriteWatch()
        with rolled_back():
            with connection.execute_wrapper(watch):
                response = getattr(client, method)(path, headers=headers or {}, **data)
            rows = rows_of(guarded.organization) if watch.writes else None
        yield Answer(method, response, watch.writes, rows)


def text_of(response: HttpResponse) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def refused_everywhere(
    route: Route, path: str, user: User | None, allowed: set[int], guarded: Things, **kwargs: Any
) -> list[str]:
    """Only `allowed` (or: wrong method), nothing shown, nothing written, and refused at least once."""
    found, refusals = [], 0
    for answer in calls(route, path, user, guarded=guarded, **kwargs):
        status, what = answer.response.status_code, f"{answer.method} {route}"
        refusals += status in allowed
        if status not in allowed | {WRONG_METHOD}:
            found.append(f"{what}: {status}")
        if status == 302 and not answer.response.headers["Location"].startswith("/login/"):
            found.append(f"{what}: leads to {answer.response.headers['Location']}")
        if guarded.sentinel.encode() in text_of(answer.response):
            found.append(f"{what}: shows {guarded.sentinel}")
        if answer.writes:
            found.append(f"{what}: writes {answer.writes[0][:60]}")
    return found if refusals else [*found, f"{route}: never refused, so never asked"]


def outsider(route: Route, world: World, **kwargs: Any) -> list[str]:
    """Charlie, with the real address of a thing of A."""
    return refused_everywhere(route, route.path(world.a.values), world.cast.charlie, {404}, world.a, **kwargs)


def stranger(route: Route, world: World) -> list[str]:
    """Nobody at all: the sign-in page, or 401 from the API."""
    allowed = {401} if route.is_api else {302}
    return refused_everywhere(route, route.path(world.a.values), None, allowed, world.a)


def without_role(route: Route, world: World) -> list[str]:
    """Olga: a member of A who has no role in the project."""
    return refused_everywhere(route, route.path(world.a.values), world.cast.olga, {403}, world.a)


def things_named(route: Route) -> set[Key]:
    named = PROJECT_THINGS if route.in_project else ORGANIZATION_THINGS
    return {key for key in route.arguments if key[1] in named}


def with_things_of(here: Things, there: Things, keys: set[Key]) -> Mapping[Key, object]:
    """Addresses below `here` that name things of `there`."""
    return here.values | {key: there.values[key] for key in keys}


def foreign_thing(route: Route, world: World) -> list[str]:
    """A thing of one place below the address of another, asked by somebody with every right in that other."""
    keys = things_named(route)
    if route.in_project:
        path = route.path(with_things_of(world.a, world.sibling, keys))
        found = refused_everywhere(route, path, world.cast.alice, {404}, world.sibling)
    else:
        path = route.path(with_things_of(world.a, world.b, keys))
        found = refused_everywhere(route, path, world.cast.alice, {404}, world.b)
    path = route.path(with_things_of(world.b, world.a, keys))
    return found + refused_everywhere(route, path, world.cast.charlie, {404}, world.a)


def foreign_body(route: Route, world: World) -> list[str]:
    """Charlie in his own place, with ids of A in the query and in the body: A stays as it is and unseen."""
    found = []
    path, before = route.path(world.b.values), rows_of(world.a.organization)
    body = {**world.a.body, "version": world.a.body["model"], "after": world.a.body["case"]}
    body |= {"first": world.a.body["model"], "second": world.a.body["other"], "answer": "a", "texts": 1}
    body |= {"user": world.cast.bob.pk, "role": "member", "payload": '{"spans": []}', "text": "Ada"}
    for action in ACTIONS:
        methods = METHODS if action == ACTIONS[0] else ("post",)
        answers = calls(
            route, path, world.cast.charlie, guarded=world.a, body=body | {"action": action}, methods=methods
        )
        for answer in answers:
            what = f"{answer.method} {route} {action}"
            if answer.response.status_code >= 500:
                found.append(f"{what}: {answer.response.status_code}")
            if world.a.sentinel.encode() in text_of(answer.response):
                found.append(f"{what}: shows {world.a.sentinel}")
            if answer.rows not in (None, before):
                found.append(f"{what}: changed something of A")
    return found
