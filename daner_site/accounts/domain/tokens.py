"""Secrets that are shown once and kept only as a hash."""

from __future__ import annotations

import hashlib
import secrets

API_PREFIX = "daner_"


def token_new(prefix: str = "") -> str:
    """A fresh secret of 256 random bits, safe in URLs; `prefix` tells people what it is."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """SHA-256 hex. Enough for a random secret: there is nothing to guess, so nothing to slow down."""
    return hashlib.sha256(token.encode()).hexdigest()
