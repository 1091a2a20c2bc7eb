"""Run all registered sweeps every ten seconds; one sweeper at a time across all machines."""

from __future__ import annotations

import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand
from redis.exceptions import LockError

from daner_site.core.sweeper import sweep_all

log = logging.getLogger(__name__)

INTERVAL_S = 10
LOCK = "daner:sweep"
LOCK_S = 120  # longer than any sweep; a killed sweeper's lock lapses by itself


def sweep_guarded() -> int | None:
    """Sweep unless another process does; returns the failures, or None when it was not our turn."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as client:
        lock = client.lock(LOCK, timeout=LOCK_S, blocking=False)
        if not lock.acquire():
            return None
        try:
            return sweep_all()
        finally:
            try:
                lock.release()
            except LockError:
                log.warning("sweep took longer than its lock seconds=%s", LOCK_S)


class Command(BaseCommand):
    help = "Repair what lost messages and dead workers left, every ten seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="sweep once and end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        if once:
            failed = sweep_guarded()
            if failed:
                raise SystemExit(1)
            self.stdout.write("another sweeper is at work" if failed is None else "swept")
            return
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        while not stop.wait(INTERVAL_S):
            try:
                sweep_guarded()
            except redis.RedisError as error:
                log.warning("store does not answer, sweep put off error=%s", error)
