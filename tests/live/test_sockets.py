"""Sockets: who may listen, what they hear, and when they are cut off."""

from __future__ import annotations

from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from annotation.consumers import FORBIDDEN, NOT_FOUND
from daner_site.accounts.models import User
from daner_site.core.live import organization_group, project_group
from tests.cast import Cast, cast_make
from tests.live.communicator import Socket

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def in_memory_layer(settings: Any) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


async def people() -> Cast:
    return await database_sync_to_async(cast_make)()


async def listen(user: User, path: str) -> Socket:
    return await Socket(user, path).open()


def project_path(cast: Cast) -> str:
    return f"ws/o/{cast.org_a.slug}/p/{cast.project_a.uuid}/"


async def send(group: str, kind: str, **payload: Any) -> None:
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send(group, {"type": "nudge", "kind": kind, **payload})


async def test_a_member_hears_the_project() -> None:
    cast = await people()
    socket = await listen(cast.bob, project_path(cast))
    await send(project_group(cast.project_a.uuid), "queue", generation=3)
    assert await socket.hear() == {"kind": "queue", "generation": 3}
    await socket.leave()


async def test_another_projects_nudges_are_not_heard() -> None:
    cast = await people()
    socket = await listen(cast.bob, project_path(cast))
    await send(project_group(cast.project_b.uuid), "queue", generation=3)
    assert await socket.silent()
    await socket.leave()


async def test_outsiders_and_members_without_a_role_are_cut_off() -> None:
    cast = await people()
    for user, code in ((cast.charlie, NOT_FOUND), (cast.olga, FORBIDDEN)):
        socket = await listen(user, project_path(cast))
        assert await socket.close_code() == code
    socket = await listen(cast.charlie, f"ws/o/{cast.org_a.slug}/")
    assert await socket.close_code() == NOT_FOUND


async def test_the_organisation_page_hears_exactly_the_projects_it_may_open() -> None:
    cast = await people()
    path = f"ws/o/{cast.org_a.slug}/"
    alice, olga = await listen(cast.alice, path), await listen(cast.olga, path)
    await send(project_group(cast.project_a.uuid), "run")
    assert await alice.hear() == {"kind": "run"}
    assert await olga.silent()
    await alice.leave()
    await olga.leave()


async def test_a_removed_member_is_disconnected_and_the_others_stay() -> None:
    cast = await people()
    bob, ben = await listen(cast.bob, project_path(cast)), await listen(cast.ben, project_path(cast))
    await database_sync_to_async(cast.org_a.memberships.filter(user=cast.bob).delete)()
    await send(organization_group(cast.org_a.uuid), "membership.revoked")
    assert await bob.close_code() in (FORBIDDEN, NOT_FOUND)
    assert await ben.silent()
    await send(project_group(cast.project_a.uuid), "run")
    assert await ben.hear() == {"kind": "run"}
    await ben.leave()


async def test_what_a_page_says_is_ignored() -> None:
    cast = await people()
    socket = await listen(cast.bob, project_path(cast))
    await socket.say({"type": "nudge", "kind": "queue"})
    assert await socket.silent()
    await socket.leave()
