"""No way from one organisation into another: every route, every method, every role.

The routes come from the URLconf itself, so a new one is tested, or fails, without being asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.urls import get_resolver

from annotation.domain.permissions import ROLE_PERMISSIONS
from daner_site.accounts.models import Membership
from daner_site.accounts.services.tokens import api_token_create, api_token_use
from tests.cast import ROLES
from tests.contract import matrix
from tests.contract.routes import ORGANIZATION, OWN_ONLY, PROJECT, SIGNED_IN, Route, problems, walk
from tests.contract.world import World, rolled_back, world_make

pytestmark = pytest.mark.django_db

ROUTES = list(walk(get_resolver().url_patterns))
GATED = [route for route in ROUTES if route.in_organization]
IN_PROJECT = [route for route in ROUTES if route.in_project]
NAMING_THINGS = [route for route in GATED if matrix.things_named(route)]

each_gated = pytest.mark.parametrize("route", GATED, ids=str)
each_in_project = pytest.mark.parametrize("route", IN_PROJECT, ids=str)


@pytest.fixture(scope="module")
def shared_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Made once: every question puts back what it changes."""
    with django_db_blocker.unblock(), rolled_back():
        yield world_make()


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    cache.clear()  # rate limits
    with rolled_back():
        yield shared_world


def leaky_routes() -> dict[str, Route]:
    return {route.name: route for route in walk(get_resolver("tests.contract.leaky_urls").url_patterns)}


def test_every_route_is_classified_and_its_gate_agrees(world: World) -> None:
    assert problems(ROUTES, world.a.values) == []


@each_gated
def test_an_outsider_gets_404(route: Route, world: World) -> None:
    assert matrix.outsider(route, world) == []


@pytest.mark.parametrize("route", [route for route in GATED if route.is_api], ids=str)
def test_an_outsiders_token_gets_404(route: Route, world: World) -> None:
    member = Membership.objects.get(user=world.cast.charlie)
    _, secret = api_token_create(member=member, name="test")
    api_token_use(secret=secret)  # notes its use now, so that no later call does
    headers = {"Authorization": f"Bearer {secret}"}
    path = route.path(world.a.values)
    assert matrix.refused_everywhere(route, path, None, {404}, world.a, headers=headers) == []


@pytest.mark.parametrize("route", [route for route in ROUTES if route in GATED or route.name in SIGNED_IN], ids=str)
def test_nobody_is_sent_to_the_sign_in_page(route: Route, world: World) -> None:
    assert matrix.stranger(route, world) == []


@each_in_project
def test_a_member_without_a_role_in_the_project_gets_403(route: Route, world: World) -> None:
    assert matrix.without_role(route, world) == []


@pytest.mark.parametrize("route", NAMING_THINGS, ids=str)
def test_a_thing_of_another_place_is_not_found_here(route: Route, world: World) -> None:
    assert matrix.foreign_thing(route, world) == []


@each_gated
def test_foreign_ids_in_a_body_reach_nothing(route: Route, world: World) -> None:
    assert matrix.foreign_body(route, world) == []


@each_in_project
@pytest.mark.parametrize("name", ROLES)
def test_a_role_opens_what_its_permissions_say(route: Route, name: str, world: World) -> None:
    role = ROLES[name]
    granted = role is not None and PROJECT[route.name] in ROLE_PERMISSIONS[role]
    status = status_for(route, world, name)
    assert (status != 403) == granted
    assert status != 404 or route.name in OWN_ONLY


@pytest.mark.parametrize("route", [route for route in GATED if not route.in_project], ids=str)
def test_members_do_not_administer(route: Route, world: World) -> None:
    assert (status_for(route, world, "bob") != 403) == (ORGANIZATION[route.name] == "member")


def status_for(route: Route, world: World, name: str) -> int:
    """What somebody inside gets: by GET, or by an empty POST where that is the only way."""
    client = Client()
    client.force_login(world.cast.user(name))
    path = route.path(world.a.values)
    for method in (client.get, client.post):
        with rolled_back():
            response = method(path)
        if response.status_code != matrix.WRONG_METHOD:
            break
    assert response.status_code < 500
    return response.status_code


# --- and the test itself can fail ---------------------------------------------------------


@pytest.mark.parametrize("name", ["leak_view", "leak_list", "leak_write"])
def test_a_view_that_forgets_the_scope_is_found(name: str, world: World) -> None:
    with override_settings(ROOT_URLCONF="tests.contract.leaky_urls"):
        route = leaky_routes()[name]
        assert matrix.outsider(route, world)


def test_a_child_looked_up_by_its_bare_id_is_found(world: World) -> None:
    with override_settings(ROOT_URLCONF="tests.contract.leaky_urls"):
        route = leaky_routes()["leak_child"]
        assert matrix.outsider(route, world) == []
        assert matrix.foreign_thing(route, world)


def test_a_body_read_without_scope_is_found(world: World) -> None:
    with override_settings(ROOT_URLCONF="tests.contract.leaky_urls"):
        assert matrix.foreign_body(leaky_routes()["leak_body"], world)


def test_a_new_route_must_be_classified(world: World) -> None:
    found = problems(leaky_routes().values(), world.a.values)
    for name in ("leak_view", "leak_list", "leak_write", "leak_child", "leak_body", "leak_argument"):
        assert any(line.startswith(f"{name}: is not classified") for line in found)
    assert "leak_argument: unknown argument ('int', 'mystery')" in found
    assert any("has no name" in line for line in found)


def test_a_gate_that_asks_for_something_else_is_found(world: World) -> None:
    route = next(route for route in ROUTES if route.name == "annotation:settings")
    weaker = Route(route.name, route.pattern, next(r.view for r in ROUTES if r.name == "pages:project"))
    assert any("the gate asks for view" in line for line in problems([weaker], world.a.values))
