"""No way from one organisation into another through a socket."""

from __future__ import annotations

from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.models import AnonymousUser

from annotation.consumers import FORBIDDEN, NOT_FOUND
from annotation.domain.permissions import ROLE_PERMISSIONS, Permission
from annotation.routing import websocket_urlpatterns
from daner_site.core.live import organization_group, project_group
from tests.cast import ROLES, Cast, cast_make
from tests.contract.routes import SOCKETS, Route, walk
from tests.live.communicator import Socket

ROUTES = list(walk(websocket_urlpatterns))
database = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def in_memory_layer(settings: Any) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


def path_in_a(route: Route, cast: Cast) -> str:
    return route.path({("slug", "org"): cast.org_a.slug, ("uuid", "project"): cast.project_a.uuid})


async def nudge_a(cast: Cast) -> None:
    layer = get_channel_layer()
    assert layer is not None
    for group in (organization_group(cast.org_a.uuid), project_group(cast.project_a.uuid)):
        await layer.group_send(group, {"type": "nudge", "kind": "queue"})


def expected(route: Route, name: str) -> int | None:
    """The code a member of A is cut off with, or None for one who may listen."""
    needed = SOCKETS[route.name]
    if not isinstance(needed, Permission):
        return None
    role = ROLES[name]
    return None if role is not None and needed in ROLE_PERMISSIONS[role] else FORBIDDEN


def test_every_socket_is_classified_and_its_arguments_are_known() -> None:
    assert {route.name for route in ROUTES} == set(SOCKETS)
    for route in ROUTES:
        assert set(route.arguments) <= {("slug", "org"), ("uuid", "project")}


@database
@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_outsiders_and_strangers_are_cut_off_and_hear_nothing(route: Route) -> None:
    cast = await database_sync_to_async(cast_make)()
    for user in (cast.charlie, AnonymousUser()):
        socket = await Socket(user, path_in_a(route, cast)).open()  # type: ignore[arg-type]
        assert await socket.close_code() == NOT_FOUND
        await nudge_a(cast)
        assert await socket.silent()


@database
@pytest.mark.parametrize("route", ROUTES, ids=str)
@pytest.mark.parametrize("name", ROLES)
async def test_members_hear_what_their_role_opens(route: Route, name: str) -> None:
    cast = await database_sync_to_async(cast_make)()
    socket = await Socket(cast.user(name), path_in_a(route, cast)).open()
    code = expected(route, name)
    if code is not None:
        assert await socket.close_code() == code
    await nudge_a(cast)
    if code is None:
        assert await socket.hear() == {"kind": "queue"}
        await socket.leave()
    else:
        assert await socket.silent()
