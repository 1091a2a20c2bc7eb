"""What ends a killed supervisor's children.

The kernel could (`PR_SET_PDEATHSIG`), on Linux, but it signals once for each thread of the supervisor
that dies, and a worker takes the second SIGTERM for haste: it drops the job in hand, or, where Python
throws the exception away that this raises, goes on for ever.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys


class Leash:
    """A small process that reads from a pipe which process groups to hold and which to let go. When the
    pipe closes without a farewell, it asks their leaders to end, once, and kills what is left in `GRACE_S` seconds."""

    GRACE_S = 12
    CODE = """
import os, signal, sys, time
groups = set()
for line in sys.stdin:
    word, *number = line.split()
    if word == "drop":
        raise SystemExit
    (groups.add if word == "hold" else groups.discard)(int(number[0]))
def each(send, number):
    for group in list(groups):
        try:
            send(group, number)
        except OSError:  # gone; macOS answers EPERM for a group of zombies
            pass
def left(group):
    try:
        os.killpg(group, 0)
    except OSError:
        return False
    return True
each(os.kill, signal.SIGTERM)
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end and any(map(left, groups)):
    time.sleep(0.1)
each(os.killpg, signal.SIGKILL)
"""

    def __init__(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603  our own line
            [sys.executable, "-S", "-E", "-c", self.CODE, str(self.GRACE_S)],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def hold(self, group: int) -> None:
        self._write(f"hold {group}\n")

    def let_go(self, group: int) -> None:
        """Of a group that is gone: another may have its number one day."""
        self._write(f"let_go {group}\n")

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
