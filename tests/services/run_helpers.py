"""A project whose runs are made by a false engine, and what happens to them from outside."""

from __future__ import annotations

from datetime import timedelta

import pytest

from activelearning.engine import job as files
from activelearning.models import TrainingRun
from activelearning.services import execution, runs
from annotation.models import Annotation
from annotation.services.queue import queue_extend
from daner_site.core.clock import now
from tests.factories import (
    annotation_make,
    document_make,
    organization_make,
    project_make,
    user_make,
)
from tests.fakes import fake_engine

TEXT = "Ada met Grace in Oslo, part {}."


@pytest.fixture(autouse=True)
def engine(settings, tmp_path):
    settings.DANER_ENGINE_COMMAND = fake_engine()
    settings.DANER_ARTEFACTS = tmp_path / "artefacts"


@pytest.fixture
def people():
    return [user_make() for _ in range(3)]


@pytest.fixture
def project(people):
    organization = organization_make(owner=people[0])
    project = project_make(organization, people[0], retrain_after=5, retrain_quiet_seconds=60, overlap_share=0)
    for number in range(30):
        document_make(project, TEXT.format(number))
    queue_extend(project=project)
    return project


def label(project, author, count=1):
    """Label the next unlabelled documents, as seen by the loop."""
    free = project.documents.filter(split="pool", annotations=None)[:count]
    return [annotation_make(document, author, [(0, 3, "PER"), (17, 21, "LOC")]) for document in free]


def make_older(project, seconds):
    Annotation.objects.filter(project=project).update(created_at=now() - timedelta(seconds=seconds))


def make_runs_older(seconds):
    """Let the machine have rested since the last run."""
    TrainingRun.objects.update(finished_at=now() - timedelta(seconds=seconds))


def consider(project):
    return runs.training_run_maybe_open(project_id=project.pk)


def run_of(project, people, count=5):
    label(project, people[0], count)
    run = runs.training_run_open(project=project, opened_by=people[0])
    return TrainingRun.objects.get(pk=run.pk)


def execute(run):
    execution.training_run_execute(run_id=run.pk)
    run.refresh_from_db()
    return run


def lapse(run):
    TrainingRun.objects.filter(pk=run.pk).update(lease_until=now() - timedelta(seconds=1))


def engine_jobs(monkeypatch):
    """The jobs the engine is given, as they come."""
    jobs, run_engine = [], execution._run_engine

    def spy(lease, folder):
        jobs.append(files.read_job(folder))
        run_engine(lease, folder)

    monkeypatch.setattr(execution, "_run_engine", spy)
    return jobs


def served(project):
    project.refresh_from_db()
    entries = project.queue.filter(generation=project.queue_generation)
    return [str(uuid) for uuid in entries.order_by("position").values_list("document__uuid", flat=True)]
