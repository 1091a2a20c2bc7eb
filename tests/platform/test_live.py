from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import channel_layers, get_channel_layer
from django.db import transaction

from daner_site.core import live

PROJECT = UUID("12345678-1234-5678-1234-567812345678")


class Recorder:
    """Stands in for the channel layer."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.sent.append((group, message))


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(live, "get_channel_layer", lambda: recorder)
    return recorder


def test_groups_are_named_by_public_ids() -> None:
    assert live.project_group(PROJECT) == f"project.{PROJECT}"
    assert live.organization_group(str(PROJECT)) == f"organization.{PROJECT}"


@pytest.mark.django_db(transaction=True)
def test_a_nudge_waits_for_the_commit(layer: Recorder) -> None:
    with transaction.atomic():
        live.nudge_on_commit("project.x", "queue", generation=4)
        assert layer.sent == []
    assert layer.sent == [("project.x", {"type": "nudge", "kind": "queue", "generation": 4})]


@pytest.mark.django_db(transaction=True)
def test_a_rollback_nudges_nobody(layer: Recorder) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        live.nudge_on_commit("project.x", "queue")
        _ = 1 / 0
    assert layer.sent == []


@pytest.mark.django_db(transaction=True)
def test_a_dead_store_is_logged_and_never_raised(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Dead:
        async def group_send(self, group: str, message: dict[str, Any]) -> None:
            raise ConnectionError("gone")

    monkeypatch.setattr(live, "get_channel_layer", Dead)
    with caplog.at_level(logging.ERROR), transaction.atomic():
        live.nudge_on_commit("project.x", "queue")
    assert "nudge not sent group=project.x kind=queue" in caplog.text


def test_progress_is_coalesced_for_each_group_and_kind(layer: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [100.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: moment[0])
    coalescer = live.Coalescer(interval_s=0.25)
    outcome = []
    for elapsed in (0.0, 0.1, 0.2, 0.05, 0.3):
        moment[0] += elapsed
        outcome.append(coalescer.nudge("project.x", "run", done=1))
    assert outcome == [True, False, True, False, True]
    assert coalescer.nudge("project.y", "run")
    assert coalescer.nudge("project.x", "import")


@pytest.mark.parametrize(
    "idle_s",
    [0, pytest.param(7, marks=pytest.mark.slow, id="after longer than the 5 s at which redis-py drops silent sockets")],
)
def test_a_nudge_arrives_through_the_real_store(in_thread: Callable[..., Any], store: str, idle_s: int) -> None:
    group = live.project_group(PROJECT)

    @async_to_sync
    async def send_and_receive() -> dict[str, Any]:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(group, channel)
        await asyncio.sleep(idle_s)
        await sync_to_async(in_thread)(live.nudge_now, group, "model", version=3)
        return await asyncio.wait_for(layer.receive(channel), 10)

    try:
        assert send_and_receive() == {"type": "nudge", "kind": "model", "version": 3}
    finally:
        channel_layers.backends.clear()
