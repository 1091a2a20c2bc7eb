"""What a run does with nothing new to learn, and after something broke."""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta

import pytest

from activelearning.engine import job as files
from activelearning.models import ModelVersion, TrainingRun
from activelearning.services import execution, leases, runs, snapshots
from activelearning.services.engine_process import environment
from annotation.models import Project, Suggestion
from daner_site.core.clock import now
from tests.factories import (
    annotation_make,
    document_make,
)
from tests.fakes import fake_engine
from tests.services.run_helpers import (
    consider,
    engine,
    execute,
    label,
    lapse,
    make_older,
    make_runs_older,
    people,
    project,
    run_of,
    served,
)

__all__ = ["engine", "people", "project"]  # fixtures

pytestmark = pytest.mark.django_db


def test_a_follow_up_with_nothing_new_to_learn_trains_no_second_model(project, people, settings):
    execute(run_of(project, people))
    settings.DANER_ENGINE_COMMAND = fake_engine("--fail", "trained again")
    again = execute(runs.training_run_open(project=project, opened_by=people[0]))
    assert (again.status, again.error, again.snapshot) == ("ready", "", {})
    assert again.reason == "Nothing new to learn since v1."
    assert ModelVersion.objects.get().active


def test_documents_that_came_meanwhile_are_scored_although_there_is_nothing_new_to_learn(project, people):
    execute(run_of(project, people))
    late = document_make(project, "Ada came late.")
    execute(runs.training_run_open(project=project, opened_by=people[0]))
    version = ModelVersion.objects.get()
    assert Suggestion.objects.get(document=late).model_uuid == version.uuid
    assert str(late.uuid) in served(project)


@pytest.mark.parametrize(
    "change", ["label", "checkpoint", "palette", "test", "lost model", "damaged model", "no description"]
)
def test_whatever_a_model_depends_on_is_something_new(project, people, settings, change):
    execute(run_of(project, people))
    if change == "label":
        annotation_make(project.annotations.first().document, people[1], [(0, 3, "LOC")])
    elif change == "checkpoint":
        Project.objects.filter(pk=project.pk).update(checkpoint="another")
    elif change == "palette":
        project.labels.filter(name="LOC").update(retired_at=now())
    elif change == "test":
        annotation_make(document_make(project, "Grace.", split="test"), people[1], [(0, 5, "PER")], kind="gold")
    elif change == "lost model":
        shutil.rmtree(settings.DANER_ARTEFACTS)
    elif change == "no description":
        next(settings.DANER_ARTEFACTS.rglob(files.DESCRIPTION)).write_text("{")
    else:
        next(settings.DANER_ARTEFACTS.rglob(files.TENSORS)).write_bytes(b"half of it")
    execute(runs.training_run_open(project=project, opened_by=people[0]))
    assert ModelVersion.objects.count() == 2


def test_a_full_version_of_an_earlier_release_is_made_anew_although_there_is_nothing_new_to_learn(
    project, people, settings
):
    run = run_of(project, people)
    TrainingRun.objects.filter(pk=run.pk).update(tier="full")
    execute(run)
    [description] = settings.DANER_ARTEFACTS.rglob(files.DESCRIPTION)
    files.write_json(description, files.read_json(description) | {"format": files.FORMAT - 1})
    execute(runs.training_run_open(project=project, opened_by=people[0]))
    assert ModelVersion.objects.count() == 2


def test_labels_that_came_between_claim_and_snapshot_ask_for_no_further_run(project, people, monkeypatch):
    run = run_of(project, people)
    write = snapshots.training_job_write

    def late(*args, **kwargs):
        label(project, people[1], 5)
        return write(*args, **kwargs)

    monkeypatch.setattr(snapshots, "training_job_write", late)
    assert len(execute(run).snapshot["documents"]) == 10
    assert consider(project) is None


def test_scoring_does_not_count_as_having_learned(project, people):
    execute(run_of(project, people))
    label(project, people[0], 5)
    document_make(project, "Grace came later.")
    execute(runs.scoring_run_maybe_open(project_id=project.pk))
    make_runs_older(100)
    assert consider(project).reason == "5 newly labelled documents."


def test_a_cancelled_scoring_does_not_count_as_having_learned(project, people):
    execute(run_of(project, people))
    make_runs_older(100)
    scoring = runs.scoring_run_maybe_open(project_id=project.pk)
    label(project, people[0], 5)
    runs.training_run_cancel(project=project, run_uuid=scoring.uuid, by=people[0])
    assert consider(project).reason == "5 newly labelled documents."


def test_the_run_is_held_while_its_labels_are_collected(project, people, monkeypatch):
    run = run_of(project, people)
    lease = leases.run_claim(run_id=run.pk)
    monkeypatch.setattr("annotation.selectors.training.BATCH", 1)
    beats = []
    snapshots.training_job_write(run, snapshots.run_folder(run), beat=lambda: beats.append(1))
    assert lease is not None
    assert len(beats) > 5


def test_an_engine_ended_from_outside_is_tried_again_and_in_the_end_given_up(project, people, settings):
    settings.DANER_ENGINE_COMMAND = fake_engine("--die")
    run = run_of(project, people)
    assert execute(run).status == "running"
    assert (execute(run).status, run.attempt) == ("running", 2)
    assert (execute(run).status, run.attempt) == ("failed", 3)
    assert "signal 9" in run.error


def test_a_try_after_the_fit_goes_on_with_the_model_there_is(project, people, settings, monkeypatch):
    run = run_of(project, people)

    def crash(**kwargs):
        raise leases.WorkerStopping

    with monkeypatch.context() as patch:
        patch.setattr(execution, "version_create", crash)
        execution.training_run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.attempt) == ("running", 0)
    settings.DANER_ENGINE_COMMAND = fake_engine("--fail", "fitted again")
    assert execute(run).status == "ready"


def test_the_sweep_sends_lost_runs_again_and_a_second_sweep_does_not(
    project, people, django_capture_on_commit_callbacks, sent
):
    run = run_of(project, people)
    TrainingRun.objects.update(sent_at=now() - timedelta(minutes=5))
    with django_capture_on_commit_callbacks(execute=True):
        runs.training_sweep()
        runs.training_sweep()
    assert sent == ["run_training"]
    lease = leases.run_claim(run_id=run.pk)
    assert lease is not None
    lapse(run)
    TrainingRun.objects.update(sent_at=now() - timedelta(minutes=5))
    with django_capture_on_commit_callbacks(execute=True):
        runs.training_sweep()
    assert sent == ["run_training"] * 2


def test_the_sweep_gives_up_on_a_run_that_keeps_killing_its_workers(project, people):
    run = run_of(project, people)
    for _ in range(3):
        leases.run_claim(run_id=run.pk)
        lapse(run)
    runs.training_sweep()
    run.refresh_from_db()
    assert run.status == "failed"
    assert "3 times" in run.error


def test_the_sweep_ends_a_cancelled_run_whose_worker_died(project, people):
    run = run_of(project, people)
    leases.run_claim(run_id=run.pk)
    runs.training_run_cancel(project=project, run_uuid=run.uuid, by=people[0])
    lapse(run)
    runs.training_sweep()
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_a_version_whose_files_are_gone_fails_the_scoring_in_words(project, people, settings):
    execute(run_of(project, people))
    shutil.rmtree(settings.DANER_ARTEFACTS)
    ModelVersion.objects.update(checkpoint="minilm")
    document_make(project, "Grace came later.")
    settings.DANER_ENGINE_COMMAND = [sys.executable, "-m", "activelearning.engine.child"]
    run = execute(runs.scoring_run_maybe_open(project_id=project.pk))
    assert run.status == "failed"
    assert "missing or damaged" in run.error


def test_the_engine_is_told_no_secrets(monkeypatch):
    for name in ("SECRET_KEY", "SECRET_KEY_FILE", "DATABASE_URL", "REDIS_URL", "BROKER_URL_FILE"):
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("HF_HOME", "/models")
    found = environment()
    assert "hush" not in found.values()
    assert found["HF_HOME"] == "/models"


def test_the_sweep_opens_a_run_whose_message_was_lost(project, people):
    label(project, people[0], 3)
    make_older(project, 100)
    runs.training_sweep()
    assert TrainingRun.objects.get().status == "queued"
