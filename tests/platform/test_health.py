from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
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
def test_every_page_carries_the_strict_policy(client: Client) -> None:
    policy = client.get("/healthz/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
