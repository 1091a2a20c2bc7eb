"""Configuration mistakes as system checks, so that they show at start and not in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.urls)
def the_store_is_redis(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Live push and the cache need Redis or Valkey, whatever the broker is."""
    if settings.REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
        return []
    return [
        Error(
            "REDIS_URL must be a redis://, rediss:// or unix:// URL.",
            hint="RabbitMQ goes into BROKER_URL; live push needs Redis or Valkey beside it.",
            id="daner.E001",
        )
    ]


@register(Tags.security, deploy=True)
def production_uses_shared_services(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """SQLite and the embedded store serve one machine only."""
    found: list[CheckMessage] = []
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found.append(Warning("SQLite serves one machine only.", hint="Set DATABASE_URL.", id="daner.W001"))
    if settings.DANER_STORE_EMBEDDED:
        found.append(Warning("The embedded store serves one machine only.", hint="Set REDIS_URL.", id="daner.W002"))
    if not settings.DANER_STATIC_COLLECTED:
        found.append(
            Warning(
                "Static files are served from their sources.",
                hint="Run collectstatic and set DANER_STATIC_COLLECTED=1.",
                id="daner.W003",
            )
        )
    return found
