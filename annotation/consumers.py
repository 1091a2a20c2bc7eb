"""Sockets of open pages: check, join the groups, forward nudges. No content, no writes.

A nudge has a kind and perhaps a number; the page answers with an ordinary GET, so access is
decided in one place. When somebody loses a role every socket of the organisation checks again.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from annotation.selectors.sockets import (
    Refusal,
    organization_page_groups,
    project_page_groups,
)

FORBIDDEN = 4403
NOT_FOUND = 4404
CODES = {Refusal.FORBIDDEN: FORBIDDEN, Refusal.NOT_FOUND: NOT_FOUND}


class NudgeConsumer(AsyncJsonWebsocketConsumer):
    """Listens to the groups its page may hear, or closes with 4403 or 4404."""

    listening: frozenset[str] = frozenset()

    @abstractmethod
    def find_groups(self) -> frozenset[str] | Refusal:
        """The groups this page may hear at this moment."""

    async def connect(self) -> None:
        # Joined before accepted: a page re-fetches when its socket opens, so what happens
        # between the two is never missed.
        refusal = await self.listen()
        await self.accept()
        if refusal is not None:
            await self.close(CODES[refusal])

    async def listen(self) -> Refusal | None:
        """Join what is new and leave what is gone; the refusal if nothing is allowed any more."""
        found = await database_sync_to_async(self.find_groups)()
        groups = frozenset() if isinstance(found, Refusal) else found
        for group in groups - self.listening:
            await self.channel_layer.group_add(group, self.channel_name)
        for group in self.listening - groups:
            await self.channel_layer.group_discard(group, self.channel_name)
        self.listening = groups
        return found if isinstance(found, Refusal) else None

    async def disconnect(self, code: int) -> None:
        for group in self.listening:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Pages only listen; whatever they say is ignored."""

    async def nudge(self, event: dict[str, Any]) -> None:
        if event["kind"] in ("membership.revoked", "projects"):
            refusal = await self.listen()
            if refusal is not None:
                await self.close(CODES[refusal])
                return
        if event["kind"] != "membership.revoked":
            await self.send_json({key: value for key, value in event.items() if key != "type"})


class OrganizationConsumer(NudgeConsumer):
    """The organisation's page hears all its projects that the member may open."""

    def find_groups(self) -> frozenset[str] | Refusal:
        return organization_page_groups(self.scope["user"], self.scope["url_route"]["kwargs"]["org"])


class ProjectConsumer(NudgeConsumer):
    def find_groups(self) -> frozenset[str] | Refusal:
        kwargs = self.scope["url_route"]["kwargs"]
        return project_page_groups(self.scope["user"], kwargs["org"], kwargs["project"])
