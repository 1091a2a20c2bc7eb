"""Registry of sweeps: functions that repair what a lost message or a dead worker left.

An app registers in `AppConfig.ready`; the command `sweep` runs all of them every 10 s.
A sweep must be idempotent and cheap when there is nothing to do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import close_old_connections

log = logging.getLogger(__name__)

Sweep = Callable[[], object]
_sweeps: dict[str, Sweep] = {}


def register_sweep(function: Sweep) -> Sweep:
    """Add `function` to what each sweep runs; usable as a decorator, harmless twice."""
    _sweeps[f"{function.__module__}.{function.__qualname__}"] = function
    return function


def sweep_all() -> int:
    """Run every registered sweep; one that fails is logged and does not stop the others.

    Returns: how many failed.
    """
    failed = 0
    for name, function in sorted(_sweeps.items()):
        close_old_connections()
        try:
            function()
        except Exception:
            failed += 1
            log.exception("sweep failed name=%s", name)
    close_old_connections()
    return failed
