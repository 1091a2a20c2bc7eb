"""The one place that tells the time, so that tests can set it."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """The current moment, timezone-aware, UTC."""
    return timezone.now()
