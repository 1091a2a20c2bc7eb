"""Who has a run in hand: claimed for seconds at a time, lost when the claim lapses."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import Q

from activelearning.models import TrainingRun
from annotation.models import Project
from annotation.selectors.training import active_labels, labelled, newest_label_id
from daner_site.core.clock import now
from daner_site.core.live import Coalescer, nudge_now, nudge_on_commit, project_group

LEASE = timedelta(seconds=20)
MAX_ATTEMPTS = 3

worker_stopping = threading.Event()
"""Set when this worker process is told to stop; runs are then given back at their next beat."""

_pages = Coalescer()


class WorkerStopping(Exception):
    """This worker is to stop; another one is to go on."""


class RunLost(Exception):
    """Somebody else has the run, or it is over."""


class RunCancelled(Exception):
    """A person asked for the end."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A claimed run; every write through it fails once the claim is lost."""

    run: TrainingRun
    owner: str

    def beat(self, **fields: Any) -> None:
        """Hold the run for another while and set fields of it.

        Raises RunCancelled, RunLost, WorkerStopping.
        """
        if worker_stopping.is_set():
            raise WorkerStopping
        mine = TrainingRun.objects.filter(pk=self.run.pk, owner=self.owner, status=TrainingRun.Status.RUNNING)
        if not mine.filter(cancel_requested=False).update(lease_until=now() + LEASE, **fields):
            raise RunCancelled if mine.exists() else RunLost
        for name, value in fields.items():
            setattr(self.run, name, value)

    def stage(self, stage: str) -> None:
        """Enter a stage and tell the pages."""
        self.beat(stage=stage, progress={})
        nudge_now(project_group(self.run.project.uuid), "run")

    def progress(self, done: int, total: int, loss: float | None = None) -> None:
        """Tell how far the stage is; pages hear of it a few times a second at most."""
        self.beat(progress={"done": done, "total": total, "loss": loss})
        _pages.nudge(project_group(self.run.project.uuid), "run")


def run_claim(*, run_id: int) -> Lease | None:
    """Take a waiting run, or a running one whose lease lapsed; None if it is not to be had.

    One conditional UPDATE: of several callers one gets it. It fails too while another run of the
    same project is running. The first claim of a training notes which labels it can have seen.
    """
    owner = f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid4().hex[:8]}"
    free = Q(status=TrainingRun.Status.QUEUED) | Q(status=TrainingRun.Status.RUNNING, lease_until__lt=now())
    moment = now()
    try:
        with transaction.atomic():
            claimed = TrainingRun.objects.filter(free, pk=run_id, cancel_requested=False, attempt__lt=MAX_ATTEMPTS)
            if not claimed.update(
                status=TrainingRun.Status.RUNNING, owner=owner, lease_until=moment + LEASE, sent_at=moment, error=""
            ):
                return None
            run = TrainingRun.objects.select_related("project__organization").get(pk=run_id)
            run.attempt += 1
            if run.started_at is None:
                run.started_at = moment
                if run.kind == TrainingRun.Kind.FIT:
                    run.watermark, run.words, run.parameters = learned_by_now(run.project).values()
            run.save(update_fields=["attempt", "started_at", "watermark", "words", "parameters"])
            nudge_on_commit(project_group(run.project.uuid), "run")
    except IntegrityError:
        return None
    return Lease(run, owner)


def learned_by_now(project: Project) -> dict[str, Any]:
    """Fields of a training that say which labels it can have seen: its watermark, words and parameters."""
    return {
        "watermark": newest_label_id(project),
        "words": labelled(project).words,
        "parameters": {"labels": active_labels(project)},
    }


@transaction.atomic
def run_release(*, run: TrainingRun, status: str, error: str = "", owner: str | None = None) -> bool:
    """End a run; False when it is over or in other hands already."""
    mine = TrainingRun.objects.filter(pk=run.pk, status=TrainingRun.Status.RUNNING)
    mine = mine.filter(lease_until__lt=now()) if owner is None else mine.filter(owner=owner)
    ended = mine.update(status=status, error=error[:1000], finished_at=now(), lease_until=None)
    if ended:
        nudge_on_commit(project_group(run.project.uuid), "run")
    return bool(ended)


@transaction.atomic
def run_give_back(*, lease: Lease, keep_attempt: bool) -> None:
    """Let go of a run that is to be done by somebody else; `keep_attempt`: this one does not count."""
    attempt = lease.run.attempt - 1 if keep_attempt else lease.run.attempt
    TrainingRun.objects.filter(pk=lease.run.pk, owner=lease.owner, status=TrainingRun.Status.RUNNING).update(
        lease_until=now() - timedelta(seconds=1), owner="", attempt=attempt, sent_at=now() - LEASE * 10
    )
