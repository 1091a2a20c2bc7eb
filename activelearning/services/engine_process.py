"""The engine in a process of its own, seen from the worker that started it."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.conf import settings

TICK_S = 0.5
"""Longest silence between two looks of the caller at the run: a cancel is noticed within this."""
GRACE_S = 2
LOG = "engine.log"
SECRETS = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "BROKER_URL")


class EngineTimeout(Exception):
    """The process was still at work after the longest time allowed."""


class EngineProcess:
    """A running job; leaving the `with` block ends the process and all it started.

    The process holds our pipe as its standard input: when this worker dies, however it dies, the
    pipe closes and the process ends itself.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.returncode: int | None = None

    def __enter__(self) -> Self:
        with (self.folder / LOG).open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  the command comes from the settings
                [*settings.DANER_ENGINE_COMMAND, str(self.folder)],
                cwd=settings.BASE_DIR,
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self._deadline = time.monotonic() + settings.DANER_TRAIN_TIMEOUT_S
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def messages(self) -> Iterator[dict[str, Any] | None]:
        """What the engine says, and None at least every `TICK_S` seconds; ends with the process.

        Raises EngineTimeout after DANER_TRAIN_TIMEOUT_S.
        """
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        buffer = b""
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while True:
                if time.monotonic() > self._deadline:
                    raise EngineTimeout
                if selector.select(TICK_S):
                    read = os.read(descriptor, 65536)
                    if not read:
                        break
                    *lines, buffer = (buffer + read).split(b"\n")
                    yield from (message for line in lines if (message := _message(line)))
                yield None
        self.returncode = self._process.wait()

    def last_words(self) -> str:
        """The end of what it wrote to standard error; for the server's log."""
        return (self.folder / LOG).read_text(encoding="utf-8", errors="replace")[-2000:]

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass


def environment() -> dict[str, str]:
    """Ours, without what a process that only computes need not know."""
    kept = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in SECRETS}
    return kept | {"TOKENIZERS_PARALLELISM": "false", "PYTHONUNBUFFERED": "1"}


def _message(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except ValueError:
        return None  # some library's own word on standard output
    return message if isinstance(message, dict) else None
