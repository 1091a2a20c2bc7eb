"""A websocket client for consumers under test.

`channels.testing` imports daphne, which nothing else here needs.
"""

from __future__ import annotations

import json
from typing import Any

from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter

from annotation.routing import websocket_urlpatterns
from daner_site.accounts.models import User


class Socket:
    """One open socket of a signed-in user."""

    def __init__(self, user: User, path: str) -> None:
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": [],
            "subprotocols": [],
            "user": user,
        }
        self.application = ApplicationCommunicator(URLRouter(websocket_urlpatterns), scope)

    async def open(self) -> Socket:
        await self.application.send_input({"type": "websocket.connect"})
        assert (await self.application.receive_output(3))["type"] == "websocket.accept"
        return self

    async def say(self, content: Any) -> None:
        await self.application.send_input({"type": "websocket.receive", "text": json.dumps(content)})

    async def hear(self) -> Any:
        message = await self.application.receive_output(3)
        assert message["type"] == "websocket.send", message
        return json.loads(message["text"])

    async def silent(self) -> bool:
        return await self.application.receive_nothing(0.3)

    async def close_code(self) -> int:
        message = await self.application.receive_output(3)
        assert message["type"] == "websocket.close", message
        return int(message["code"])

    async def leave(self) -> None:
        await self.application.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.application.wait(3)
