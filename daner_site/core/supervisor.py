"""Several child processes under one terminal: start, watch, restart, stop in order.

Each child leads a session of its own, so the terminal's Ctrl-C reaches the supervisor
only and the store outlives its clients. When the supervisor itself is killed, a leash
process ends its children. A dead child takes its whole process group along.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from daner_site.core.leash import Leash

WATCH_INTERVAL_S = 0.2
DEATHS_PER_MINUTE = 5
MAX_BACKOFF_S = 5.0
COLOURS = (36, 33, 35, 32, 34, 31)

_print_lock = threading.Lock()


def say(name: str, line: str) -> None:
    """Print one line under a process name, in colour on a terminal.

    A terminal that has gone away is no reason to stop reading the children's pipes.
    """
    colour = COLOURS[sum(name.encode()) % len(COLOURS)]
    start, end = (f"\x1b[{colour}m", "\x1b[0m") if sys.stdout.isatty() else ("", "")
    with _print_lock, contextlib.suppress(OSError):
        sys.stdout.write(f"{start}{name:>7} |{end} {line.rstrip()}\n")
        sys.stdout.flush()


@dataclass
class Child:
    """One supervised process.

    Attributes:
        grace_s: seconds between SIGTERM and SIGKILL.
        last: stopped after all others (the store).
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    grace_s: float = 10.0
    last: bool = False
    starts: list[float] = field(default_factory=list)
    not_before: float = 0.0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.starts.append(time.monotonic())
        self.process = subprocess.Popen(  # noqa: S603  our own command lines
            self.command,
            env=dict(self.env),
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        threading.Thread(target=self._pump, args=(self.process,), daemon=True).start()

    def _pump(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                say(self.name, line.decode(errors="replace"))

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal_group(self, number: signal.Signals) -> None:
        """Signal the child and all it started; nothing happens when all are gone."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
            pass

    def terminate(self) -> None:
        """Ask for an orderly end."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def finish(self, deadline: float, hurry: threading.Event) -> None:
        """Wait until `deadline` (monotonic seconds) or hurry, then kill what is left of the group."""
        while self.alive and time.monotonic() < deadline and not hurry.is_set():
            time.sleep(0.05)
        self.signal_group(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


class Supervisor:
    """Keeps children running until told to stop or until one of them keeps dying."""

    def __init__(self) -> None:
        self.children: list[Child] = []
        self.leash = Leash()
        self.stopping = threading.Event()
        self.hurry = threading.Event()
        self.failed = False

    def start(self, child: Child) -> None:
        """Start a child and watch it from now on."""
        self.children.append(child)
        self._launch(child)

    def _launch(self, child: Child) -> None:
        child.start()
        assert child.process is not None
        self.leash.hold(child.process.pid)

    def run(self) -> int:
        """Watch until SIGINT, SIGTERM or SIGHUP, then stop everything. Returns the exit status."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        while not self.stopping.wait(WATCH_INTERVAL_S):
            for child in self.children:
                if not child.alive and not self._revive(child):
                    self.failed = True
                    self.stopping.set()
                    break
        self.stop()
        return 1 if self.failed else 0

    def _on_signal(self, number: int, frame: object) -> None:
        if self.stopping.is_set():
            self.hurry.set()
        self.stopping.set()

    def _revive(self, child: Child) -> bool:
        """Restart a dead child after its back-off; False when it dies too often."""
        now = time.monotonic()
        if child.process is not None:
            recent = [start for start in child.starts if start > now - 60]
            say("up", f"{child.name} ended with status {child.process.returncode}")
            child.signal_group(signal.SIGKILL)  # its own children must not live on beside the new one
            self.leash.let_go(child.process.pid)
            child.process = None
            if len(recent) > DEATHS_PER_MINUTE:
                say("up", f"{child.name} keeps dying; giving up")
                return False
            child.not_before = now + min(max(len(recent) - 1, 0), MAX_BACKOFF_S)
        if now >= child.not_before:
            self._launch(child)
            say("up", f"{child.name} started again")
        return True

    def stop(self) -> None:
        """SIGTERM to all, SIGKILL to what outstays its grace; the store goes last."""
        for last in (False, True):
            group = [child for child in self.children if child.last is last]
            begun = time.monotonic()
            for child in group:
                child.terminate()
            for child in group:
                child.finish(begun + child.grace_s, self.hurry)
        self.leash.drop()


def wait_for(answers: Callable[[], bool], child: Child, limit_s: float) -> bool:
    """Poll until `answers()`; False when `child` dies first or `limit_s` seconds pass."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if answers():
            return True
        if not child.alive:
            return False
        time.sleep(0.05)
    return False
