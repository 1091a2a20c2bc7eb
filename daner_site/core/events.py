"""Telling the apps above, once the change is safely in the database."""

from __future__ import annotations

from django.db import transaction
from django.dispatch import Signal


def send_on_commit(signal: Signal, **kwargs: object) -> None:
    """Send `signal` after the current transaction; a receiver's failure is logged, not raised.

    What a lost signal would have started is found again by the sweep of the app concerned.
    """
    transaction.on_commit(
        lambda: signal.send_robust(sender=None, **kwargs),
        robust=True,
    )
