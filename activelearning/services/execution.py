"""A worker's part in a run: claim it, start the engine, watch it, publish what it found."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from activelearning import selectors
from activelearning.engine import job as files
from activelearning.engine.types import EngineError
from activelearning.models import ModelVersion, TrainingRun
from activelearning.services import snapshots
from activelearning.services.artefacts import artefacts_prune
from activelearning.services.engine_process import EngineProcess, EngineTimeout
from activelearning.services.leases import (
    MAX_ATTEMPTS,
    Lease,
    RunCancelled,
    RunLost,
    WorkerStopping,
    run_claim,
    run_give_back,
    run_release,
)
from activelearning.services.publication import (
    order_write,
    run_publish,
    suggestions_store,
    version_create,
    version_discard,
)
from activelearning.services.runs import run_follow_up

log = logging.getLogger(__name__)

BEAT_INTERVAL_S = 0.5


class RunFailed(Exception):
    """The run cannot succeed; the message is for people."""


class EngineDied(Exception):
    """The engine was ended from outside; another try may do better."""


def training_run_execute(*, run_id: int) -> None:
    """Do the run if it is to be had. It ends ready, failed or cancelled, or is given back for another try.

    Called twice for one run it works once. Only failures of the database reach the
    worker; the lease lapses after them and the run is taken up again.
    """
    lease = run_claim(run_id=run_id)
    if lease is None:
        return
    folder = snapshots.run_folder(lease.run)
    try:
        _work(lease, folder)
    except RunCancelled:
        _end(lease, TrainingRun.Status.CANCELLED)
    except RunLost:
        log.warning("run lost run=%s", lease.run.uuid)
    except WorkerStopping:
        run_give_back(lease=lease, keep_attempt=True)
    except EngineDied as error:
        _again_or_fail(lease, str(error))
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001  a run ends in words, whatever happened
        _end(lease, TrainingRun.Status.FAILED, _explain(lease.run, error))


def _work(lease: Lease, folder: Path) -> None:
    run = lease.run
    lease.stage(TrainingRun.Stage.PREPARE)
    if not (files.is_complete(folder) and run.parameters.get("order")) and not _prepare(lease, folder):
        _end(lease, TrainingRun.Status.READY)
        return
    _run_engine(lease, folder)
    version = selectors.active_version(run.project)
    if run.kind == TrainingRun.Kind.FIT:
        version = version_create(run=run, folder=folder)
    _publish(lease, version, folder)
    _clean(lease, folder)
    artefacts_prune(project=run.project)
    run_follow_up(project=run.project)


def _prepare(lease: Lease, folder: Path) -> bool:
    """Write the run's job; False when there is nothing to do.

    A training with nothing new to learn goes on as a run that only scores.
    """
    found = None
    if lease.run.kind == TrainingRun.Kind.FIT:
        found = snapshots.training_job_write(lease.run, folder, beat=lease.beat)
        if found is None:
            version = selectors.active_version(lease.run.project)
            lease.beat(kind=TrainingRun.Kind.SCORE, reason=f"Nothing new to learn since {version}.", warm=False)
    if found is None:
        found = snapshots.scoring_job_write(lease.run, folder, beat=lease.beat)
    if found is None:
        return False
    lease.beat(**found)
    return True


def _publish(lease: Lease, version: ModelVersion | None, folder: Path) -> None:
    lease.stage(TrainingRun.Stage.PUBLISH)
    began = time.monotonic()
    generation = None if version and version.withheld else _write(lease, version, folder)
    seconds = lease.run.seconds | {"publish": round(time.monotonic() - began, 3)}
    run_publish(lease=lease, version=version, generation=generation, seconds=seconds)


def _write(lease: Lease, version: ModelVersion | None, folder: Path) -> int:
    """Store what the version proposes, and its order as a generation that is not served yet."""
    if version is not None:
        suggestions_store(version=version, documents=files.read_scores(folder / files.SCORES), beat=lease.beat)
    return order_write(run=lease.run, version=version, folder=folder, beat=lease.beat)


def _run_engine(lease: Lease, folder: Path) -> None:
    """Watch the engine to its end.

    Raises RunFailed with the engine's own words, EngineDied, RunCancelled, RunLost.
    """
    lease.stage(TrainingRun.Stage.LOAD)
    try:
        with EngineProcess(folder) as engine:
            last = _listen(lease, engine)
    except EngineTimeout as timeout:
        limit = settings.DANER_TRAIN_TIMEOUT_S
        raise RunFailed(f"The training took longer than {limit} seconds and was stopped.") from timeout
    if last.get("event") == "error":
        raise RunFailed(last["message"])
    if last.get("event") != "done" or engine.returncode != files.DONE_EXIT:
        log.error("engine ended run=%s exit=%s: %s", lease.run.uuid, engine.returncode, engine.last_words())
        if engine.returncode is not None and engine.returncode < 0:
            raise EngineDied(f"The training process was ended from outside (signal {-engine.returncode})")
        raise RunFailed(f"The training process ended with exit status {engine.returncode}; the server's log says more.")
    lease.beat(seconds=lease.run.seconds | last["seconds"])


def _listen(lease: Lease, engine: EngineProcess) -> dict[str, Any]:
    """Hold the lease and pass progress on until the engine ends; returns its last word, {} if it had none."""
    next_beat = 0.0
    last: dict[str, Any] = {}
    for message in engine.messages():
        if message is None:
            if time.monotonic() > next_beat:
                lease.beat()
                next_beat = time.monotonic() + BEAT_INTERVAL_S
        elif message.get("event") == "progress":
            _tell(lease, message)
        else:
            last = message
    return last


def _tell(lease: Lease, message: dict[str, Any]) -> None:
    if message["stage"] != lease.run.stage:
        lease.stage(message["stage"])
    lease.progress(message["done"], message["total"], message.get("loss"))


def _explain(run: TrainingRun, error: Exception) -> str:
    if isinstance(error, RunFailed | EngineError):
        return str(error)
    log.error("run failed run=%s", run.uuid, exc_info=error)
    return f"Something unexpected went wrong; the server's log knows it as run {run.uuid}."


def _again_or_fail(lease: Lease, reason: str) -> None:
    if lease.run.attempt >= MAX_ATTEMPTS:
        message = f"{reason} {lease.run.attempt} times; the machine may lack memory."
        _end(lease, TrainingRun.Status.FAILED, message)
        return
    log.warning("run given back run=%s: %s", lease.run.uuid, reason)
    run_give_back(lease=lease, keep_attempt=False)


def _end(lease: Lease, status: str, error: str = "") -> None:
    if run_release(run=lease.run, status=status, error=error, owner=lease.owner):
        version_discard(run=lease.run)
        snapshots.run_folder_drop(lease.run)
        run_follow_up(project=lease.run.project)


def _clean(lease: Lease, folder: Path) -> None:
    """Keep the model, drop the texts and what was made on the way."""
    if lease.run.kind != TrainingRun.Kind.FIT:
        snapshots.run_folder_drop(lease.run)
        return
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()
        elif path.name != files.MODEL:
            shutil.rmtree(path)
