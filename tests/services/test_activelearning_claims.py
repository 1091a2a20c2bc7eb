"""A run is claimed once, ended once and followed up, whoever stops it."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from activelearning import selectors
from activelearning.models import ModelVersion
from activelearning.services import execution, leases, publication, runs, snapshots
from annotation.services.queue import queue_write
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


def test_a_message_delivered_twice_works_once(project, people):
    run = execute(run_of(project, people))
    generation = type(project).objects.get().queue_generation
    execute(run)
    assert ModelVersion.objects.count() == 1
    assert type(project).objects.get().queue_generation == generation
    assert run.attempt == 1


def test_two_runs_of_one_project_do_not_run_at_once(project, people):
    first = run_of(project, people)
    lease = leases.run_claim(run_id=first.pk)
    second = run_of(project, people, 1)
    assert second.pk != first.pk
    assert leases.run_claim(run_id=second.pk) is None
    leases.run_release(run=first, status="ready", owner=lease.owner)
    assert leases.run_claim(run_id=second.pk) is not None


@pytest.mark.django_db(transaction=True)
def test_of_ten_workers_that_want_one_run_one_gets_it(project, people):
    run = run_of(project, people)
    found, barrier = [], threading.Barrier(10)

    def claim():
        barrier.wait()
        found.append(leases.run_claim(run_id=run.pk))
        connections.close_all()

    threads = [threading.Thread(target=claim) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(lease is not None for lease in found) == 1


def test_who_lost_the_lease_can_neither_write_nor_publish(project, people):
    run = run_of(project, people)
    lost = leases.run_claim(run_id=run.pk)
    lapse(run)
    assert leases.run_claim(run_id=run.pk) is not None
    with pytest.raises(leases.RunLost):
        lost.beat()
    assert leases.run_release(run=run, status="failed", owner=lost.owner) is False


def test_a_held_lease_is_not_taken(project, people):
    run = run_of(project, people)
    leases.run_claim(run_id=run.pk)
    assert leases.run_claim(run_id=run.pk) is None


def test_the_engine_s_own_words_reach_the_row_and_the_project_goes_on(project, people, settings):
    settings.DANER_ENGINE_COMMAND = fake_engine("--fail", "The checkpoint 'x' has no config.json.")
    run = execute(run_of(project, people))
    assert (run.status, run.error) == ("failed", "The checkpoint 'x' has no config.json.")
    assert selectors.decision(project).due is False
    settings.DANER_ENGINE_COMMAND = fake_engine()
    assert execute(run_of(project, people, 1)).status == "ready"


def test_a_failed_run_leaves_no_version_and_no_files(project, people, settings):
    settings.DANER_ENGINE_COMMAND = fake_engine("--fail", "no")
    run = execute(run_of(project, people))
    assert not ModelVersion.objects.exists()
    assert not snapshots.run_folder(run).exists()


def test_an_engine_that_does_not_start_fails_the_run_in_words(project, people, settings):
    settings.DANER_ENGINE_COMMAND = ["/nonexistent/engine"]
    run = execute(run_of(project, people))
    assert run.status == "failed"
    assert str(run.uuid) in run.error


def test_a_run_that_takes_too_long_is_stopped(project, people, settings):
    settings.DANER_ENGINE_COMMAND = fake_engine("--steps", "500", "--pause", "0.1")
    settings.DANER_TRAIN_TIMEOUT_S = 1
    run = execute(run_of(project, people))
    assert run.status == "failed"
    assert "longer than 1 seconds" in run.error


def test_a_waiting_run_is_cancelled_at_once_and_its_labels_do_not_open_another(project, people):
    run = run_of(project, people)
    runs.training_run_cancel(project=project, run_uuid=run.uuid, by=people[0])
    assert execute(run).status == "cancelled"
    assert consider(project) is None
    make_older(project, 1000)
    assert consider(project) is None


def test_a_cancel_after_the_end_changes_nothing(project, people):
    run = execute(run_of(project, people))
    runs.training_run_cancel(project=project, run_uuid=run.uuid, by=people[0])
    run.refresh_from_db()
    assert (run.status, run.cancel_requested) == ("ready", False)


def test_a_run_cancelled_while_publishing_publishes_nothing(project, people, monkeypatch):
    run = run_of(project, people)
    before = served(project)

    def cancel_then_store(**kwargs):
        runs.training_run_cancel(project=project, run_uuid=run.uuid, by=people[0])
        return publication.suggestions_store(**kwargs)

    monkeypatch.setattr(execution, "suggestions_store", cancel_then_store)
    assert execute(run).status == "cancelled"
    assert served(project) == before
    assert not ModelVersion.objects.exists()


def test_a_superseded_version_never_orders_the_queue(project, people):
    run = run_of(project, people)
    execute(run)
    newer = ModelVersion.objects.get()
    before = served(project)
    old_run = run_of(project, people, 1)
    lease = leases.run_claim(run_id=old_run.pk)
    old = ModelVersion.objects.create(
        organization_id=project.organization_id,
        project=project,
        run=old_run,
        number=0,
        artefact="x",
        artefact_sha256="x",
        checkpoint="fake",
        labels=[],
        strategy="mnlp",
        tier="fast",
        metrics=newer.metrics,
        train_documents=1,
        test_documents=0,
        seconds=1,
    )
    generation = queue_write(project=project, ranked=[], strategy="mnlp", model_uuid=old.uuid)
    publication.run_publish(lease=lease, version=old, generation=generation, seconds={})
    old.refresh_from_db()
    assert old.active is False
    assert selectors.active_version(project) == newer
    assert served(project) == before


def test_labels_that_came_meanwhile_open_a_follow_up(project, people, django_capture_on_commit_callbacks, sent):
    run = run_of(project, people)
    leases_before = leases.run_claim(run_id=run.pk)
    label(project, people[1], 5)
    with django_capture_on_commit_callbacks() as callbacks:
        execution._end(leases_before, "ready")
    for callback in callbacks:
        callback()
    assert sent == ["consider_retraining"]
    make_runs_older(100)
    follow = consider(project)
    assert follow.pk != run.pk
    assert follow.status == "queued"


def test_a_waiting_follow_up_is_sent_off_when_the_run_ends(project, people, django_capture_on_commit_callbacks, sent):
    run = run_of(project, people)
    lease = leases.run_claim(run_id=run.pk)
    follow = run_of(project, people, 5)
    with django_capture_on_commit_callbacks(execute=True):
        execution._end(lease, "ready")
    assert sent == ["run_training"]
    assert execute(follow).status == "ready"
