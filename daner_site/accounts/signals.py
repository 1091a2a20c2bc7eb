"""What accounts tells the apps above it."""

from __future__ import annotations

from django.dispatch import Signal

membership_ended = Signal()
"""kwargs: organization_id, user_id. Sent inside the transaction that removes the membership,
so that roles in projects end with it."""
