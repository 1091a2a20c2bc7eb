"""Failed sign-ins are counted, so that passwords cannot be tried one after the other."""

from __future__ import annotations

import hashlib
import logging

from django.core.cache import cache

log = logging.getLogger(__name__)

FAILURES = 10
WINDOW_S = 15 * 60


def _key(username: str, address: str) -> str:
    digest = hashlib.sha256(f"{username.casefold()}\0{address}".encode()).hexdigest()
    return f"login-failures:{digest}"


def login_is_blocked(username: str, address: str) -> bool:
    """Were there `FAILURES` failures for this name from this address within the window?

    A cache that is down blocks nobody: people must be able to sign in while the store restarts.
    """
    try:
        return int(cache.get(_key(username, address), 0)) >= FAILURES
    except Exception:
        log.exception("login throttle not read")
        return False


def login_failed(username: str, address: str) -> None:
    """Count one failure; the window starts with the first."""
    key = _key(username, address)
    try:
        if not cache.add(key, 1, WINDOW_S):
            cache.incr(key)
    except Exception:
        log.exception("login failure not counted")


def login_succeeded(username: str, address: str) -> None:
    """Forget the failures."""
    try:
        cache.delete(_key(username, address))
    except Exception:
        log.exception("login throttle not reset")
