from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis
from django.test import Client


@pytest.mark.django_db
def test_health_is_200_when_database_and_store_answer(client: Client) -> None:
    response = client.get("/healthz/")
    assert (response.status_code, response.json()) == (200, {"database": True, "store": True})


@pytest.mark.django_db
def test_health_is_503_when_the_store_is_gone(client: Client, settings: Any, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody"
    response = client.get("/healthz/")
    assert (response.status_code, response.json()) == (503, {"database": True, "store": False})


@pytest.mark.django_db
def test_a_store_that_still_loads_is_waited_for_in_silence(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def loading(self: redis.Redis) -> bool:
        raise redis.BusyLoadingError("loading the dataset in memory")

    monkeypatch.setattr(redis.Redis, "ping", loading)
    assert client.get("/healthz/").json() == {"database": True, "store": False}
    assert not [record for record in caplog.records if record.name == "daner_site.core.health"]


@pytest.mark.django_db
def test_every_page_carries_the_strict_policy(client: Client) -> None:
    policy = client.get("/healthz/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
