"""A training run in a process of its own: `python -m activelearning.engine.child FOLDER`.

Reads and writes what `job` describes. It ends by itself when its
standard input closes, that is, when whoever started it is gone, however they went.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from activelearning.engine import job as files
from activelearning.engine.types import EngineError, Progress

REPORT_INTERVAL_S = 0.25


def main(folder: Path) -> int:
    """Do what is left of the job in `folder`; returns the exit status."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    job = files.read_job(folder)
    with suppress(OSError):
        os.nice(job.nice)
    try:
        _say(event="done", seconds=_run(folder, job))
    except EngineError as error:
        _say(event="error", message=str(error))
        return files.FAILED_EXIT
    except MemoryError:
        _say(event="error", message="The machine has too little memory for this training.")
        return files.FAILED_EXIT
    return files.DONE_EXIT


def _run(folder: Path, job: files.Job) -> dict[str, float]:
    """All stages; returns the seconds each took, those already done left out."""
    began = time.monotonic()
    from activelearning.engine.devices import settle
    from activelearning.engine.stages import Stages

    settle(job.threads)
    stages = Stages(folder, job, Reporter())
    stages.seconds["load"] = round(time.monotonic() - began, 3)
    stages.run()
    return stages.seconds


class Reporter:
    """Writes progress, but a stage's first and last word always and the rest not too often."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now < self._next and 1 < progress.done < progress.total:
            return
        self._next = now + REPORT_INTERVAL_S
        _say(event="progress", stage=progress.stage, done=progress.done, total=progress.total, loss=progress.loss)


def _say(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    # os.read, not sys.stdin: a thread inside a buffered read aborts the interpreter at exit.
    while os.read(0, 4096):
        pass
    os._exit(files.ORPHANED_EXIT)


if __name__ == "__main__":
    ended = main(Path(sys.argv[1]))
    # All files are written. To take torch and the model down in order lasts up to a second, and the run with it.
    os._exit(ended)
