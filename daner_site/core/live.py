"""Nudges to open pages. A nudge says what changed, never how: pages re-fetch over HTTP,
where access is checked, so one nudge may go to everybody in a group.
"""

from __future__ import annotations

import logging
import threading
import time
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

log = logging.getLogger(__name__)

# At most this often per group and kind; a page cannot show more progress than that.
COALESCE_INTERVAL_S = 0.25


def project_group(project_uuid: UUID | str) -> str:
    """Name of the group of all pages open on a project."""
    return f"project.{project_uuid}"


def organization_group(organization_uuid: UUID | str) -> str:
    """Name of the group of all pages open on an organisation."""
    return f"organization.{organization_uuid}"


def nudge_now(group: str, kind: str, **payload: str | int) -> None:
    """Send `{"type": "nudge", "kind": kind, **payload}` to `group` at once.

    For actors; inside a transaction use `nudge_on_commit`. A store that is down is
    logged: pages poll slowly and re-fetch when they reconnect, so a lost nudge costs seconds.
    """
    layer = get_channel_layer()
    try:
        async_to_sync(layer.group_send)(group, {**payload, "type": "nudge", "kind": kind})
    except Exception:
        log.exception("nudge not sent group=%s kind=%s", group, kind)


def nudge_on_commit(group: str, kind: str, **payload: str | int) -> None:
    """Send the nudge once the current transaction commits; nothing on a rollback."""
    transaction.on_commit(lambda: nudge_now(group, kind, **payload), robust=True)


class Coalescer:
    """Lets a stream of progress nudges through at most every `interval_s` seconds a group and kind.

    The first goes out at once and later ones within the interval are dropped; a caller that
    must not lose its last word sends it with `nudge_now`.
    """

    def __init__(self, interval_s: float = COALESCE_INTERVAL_S) -> None:
        self.interval_s = interval_s
        self._sent: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def nudge(self, group: str, kind: str, **payload: str | int) -> bool:
        """Send or drop; True when sent."""
        moment = time.monotonic()
        with self._lock:
            last = self._sent.get((group, kind))
            if last is not None and moment - last < self.interval_s:
                return False
            self._sent[group, kind] = moment
        nudge_now(group, kind, **payload)
        return True
