"""Runs on real workers, with a real process that dies, hangs and is told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from activelearning.engine import job as files
from activelearning.engine.types import TrainConfig
from activelearning.models import ModelVersion, TrainingRun
from activelearning.services import runs
from annotation.services.queue import queue_extend
from daner_site.core.clock import now
from tests.conftest import wait_until
from tests.factories import annotation_make, document_make, organization_make, project_make, user_make
from tests.fakes import fake_engine

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def slow_engine(settings, tmp_path):
    settings.DANER_ARTEFACTS = tmp_path / "artefacts"
    settings.DANER_ENGINE_COMMAND = fake_engine("--steps", "400", "--pause", "0.05")


@pytest.fixture
def owner(transactional_db):
    return user_make()


@pytest.fixture
def project(owner):
    project = project_make(organization_make(owner=owner), owner, overlap_share=0, retrain_after=5)
    for number in range(12):
        document_make(project, f"Ada met Grace in Oslo, part {number}.")
    queue_extend(project=project)
    label(project, owner, 5)
    return project


def label(project, author, count):
    for document in project.documents.filter(annotations=None)[:count]:
        annotation_make(document, author, [(0, 3, "PER")])


def status(run):
    run.refresh_from_db()
    return run.status


def engine_process():
    """The engine this test process started, or None."""
    for child in psutil.Process().children(recursive=True):
        try:
            if "tests.fakes" in child.cmdline():
                return child
        except psutil.Error:
            continue
    return None


def test_a_run_goes_through_its_stages_and_the_row_shows_them(actors, project, owner, settings):
    settings.DANER_ENGINE_COMMAND = fake_engine("--steps", "60", "--pause", "0.05")
    run = runs.training_run_open(project=project, opened_by=owner)
    seen = set()

    def ended():
        seen.add((status(run), run.stage, bool(run.progress.get("done"))))
        return run.status == "ready"

    wait_until(ended, 30)
    assert ("running", "fit", True) in seen
    assert ModelVersion.objects.get().run == run
    assert engine_process() is None


def test_a_cancelled_run_stops_its_process(actors, project, owner):
    run = runs.training_run_open(project=project, opened_by=owner)
    wait_until(lambda: status(run) == "running" and run.progress.get("done"), 30)
    engine = engine_process()
    runs.training_run_cancel(project=project, run_uuid=run.uuid, by=owner)
    wait_until(lambda: status(run) == "cancelled", 10)
    assert not engine.is_running()
    assert not ModelVersion.objects.exists()


def test_a_run_whose_process_is_killed_is_tried_again_and_ends_well(actors, project, owner, settings):
    run = runs.training_run_open(project=project, opened_by=owner)
    wait_until(lambda: status(run) == "running" and run.progress.get("done"), 30)
    settings.DANER_ENGINE_COMMAND = fake_engine()
    engine_process().kill()
    wait_until(lambda: status(run) == "running" and run.owner == "", 10)
    runs.training_sweep()
    wait_until(lambda: status(run) == "ready", 30)
    assert run.attempt == 2


def test_a_worker_that_is_told_to_stop_gives_the_run_back_uncounted(actors, project, owner):
    run = runs.training_run_open(project=project, opened_by=owner)
    wait_until(lambda: status(run) == "running" and run.progress.get("done"), 30)
    actors.stop(timeout=15_000)
    assert (status(run), run.owner, run.attempt) == ("running", "", 0)
    assert run.lease_until < now()
    assert engine_process() is None


def test_labels_that_come_during_a_run_open_one_more_that_runs_after_it(actors, project, owner, settings):
    settings.DANER_ENGINE_COMMAND = fake_engine("--steps", "60", "--pause", "0.05")
    first = runs.training_run_open(project=project, opened_by=owner)
    wait_until(lambda: status(first) == "running" and first.progress.get("done"), 30)
    label(project, owner, 5)
    second = runs.training_run_maybe_open(project_id=project.pk)
    assert second.status == "queued"
    wait_until(lambda: status(second) == "ready", 30)
    assert second.started_at >= first.started_at + timedelta(seconds=0.5)
    assert list(ModelVersion.objects.order_by("number").values_list("train_documents", flat=True)) == [5, 10]
    assert TrainingRun.objects.count() == 2


def test_the_engine_ends_when_its_worker_is_killed(tmp_path):
    """Signal 9 leaves no time to clean up: the closed pipe alone must do it."""
    files.write_job(tmp_path, files.Job(TrainConfig(("PER",))), train=(), test=(), pool=())
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    engine = psutil.Process(int(worker.stdout.readline()))
    assert engine.is_running()
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    wait_until(lambda: not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE, 10)


WORKER = """
import sys
from pathlib import Path
from django.conf import settings
from tests.fakes import fake_engine
settings.configure(
    DANER_ENGINE_COMMAND=fake_engine("--steps", "600", "--pause", "0.1"), DANER_TRAIN_TIMEOUT_S=60, BASE_DIR="."
)
from activelearning.services.engine_process import EngineProcess
with EngineProcess(Path(sys.argv[1])) as engine:
    for message in engine.messages():
        if message:
            print(engine._process.pid, flush=True)
"""
