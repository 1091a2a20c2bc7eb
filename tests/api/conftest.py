"""Rate limits are counted in the cache, which tests share."""

from __future__ import annotations

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def no_calls_yet() -> None:
    cache.clear()
