"""Where the embedded store listens and how dramatiq reaches its broker.

Read by the settings, so nothing here may touch Django's settings.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing zero included.
SOCKET_PATH_MAX = 100

QUEUES = ("default", "predict", "train")

MIDDLEWARE = [
    "dramatiq.middleware.AgeLimit",
    "dramatiq.middleware.TimeLimit",
    "dramatiq.middleware.ShutdownNotifications",
    "dramatiq.middleware.Callbacks",
    "daner_site.core.embedded.retries",
    "dramatiq.middleware.CurrentMessage",
    "django_dramatiq.middleware.DbConnectionsMiddleware",
]


def socket_path(directory: Path) -> Path:
    """The store's socket inside `directory`, or in a short per-user folder if that is too long.

    Raises ImproperlyConfigured when that short folder belongs to somebody else. The choice
    depends on nothing but `directory` and the user, so that all processes agree on it.
    """
    path = directory / "store.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_MAX:
        return path
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    folder = Path("/tmp") / f"daner-{os.getuid()}-{digest}"  # noqa: S108  owner is checked
    if folder.exists() and folder.lstat().st_uid != os.getuid():
        raise ImproperlyConfigured(f"{folder} belongs to another user; set DANER_VAR to a shorter path.")
    return folder / "store.sock"


def retries() -> Any:
    """dramatiq's Retries with bounds of our own: its default is 20 retries over a week.

    The rows are the jobs and the sweeper re-sends them, so a few quick retries are enough.
    """
    from dramatiq.middleware import Retries

    return Retries(max_retries=3, min_backoff=1_000, max_backoff=60_000)


def broker_settings(url: str) -> dict[str, Any]:
    """DRAMATIQ_BROKER for a Redis, unix-socket or RabbitMQ URL.

    With dramatiq's defaults a quiet Redis gave a dead worker's message back only after
    minutes; a 30 s heartbeat and a maintenance chance of one in ten brings it to about 35 s.
    """
    if url.startswith(("amqp://", "amqps://")):
        broker = "dramatiq.brokers.rabbitmq.RabbitmqBroker"
        options: dict[str, Any] = {"url": url, "confirm_delivery": True}
    else:
        broker = "dramatiq.brokers.redis.RedisBroker"
        options = {
            "url": url,
            "namespace": "daner",
            "heartbeat_timeout": 30_000,
            "maintenance_chance": 100_000,
        }
    return {"BROKER": broker, "OPTIONS": options, "MIDDLEWARE": MIDDLEWARE}
