"""What ends a killed supervisor's children where the kernel does not."""

from __future__ import annotations

import contextlib
import subprocess
import sys


class Leash:
    """A small process that reads the children's ids from a pipe, and ends their groups when
    the pipe closes without a farewell."""

    CODE = """
import os, signal, sys, time
groups = []
for line in sys.stdin:
    if line == "drop\\n":
        raise SystemExit
    groups.append(int(line))
for number in (signal.SIGTERM, signal.SIGKILL):
    for group in groups:
        try:
            os.killpg(group, number)
        except OSError:
            pass
    time.sleep(5)
"""

    def __init__(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603  our own line
            [sys.executable, "-S", "-E", "-c", self.CODE],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def hold(self, group: int) -> None:
        self._write(f"{group}\n")

    def drop(self) -> None:
        self._write("drop\n")
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()

    def _write(self, line: str) -> None:
        assert self.process.stdin is not None
        if not self.process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(line)
                self.process.stdin.flush()
