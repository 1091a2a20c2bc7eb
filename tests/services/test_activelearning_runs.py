"""The run's life: opened once, claimed once, ended once, followed up."""

from __future__ import annotations

import shutil
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections

from activelearning import selectors
from activelearning.domain.selection import CostModel, SelectionConfig
from activelearning.engine import job as files
from activelearning.models import ModelVersion, TrainingRun
from activelearning.services import execution, leases, publication, runs, snapshots
from activelearning.services.engine_process import environment
from activelearning.services.snapshots import artefact_folder, artefact_is_whole
from annotation.models import Annotation, Project, QueueEntry, Strategy, Suggestion
from annotation.services.queue import queue_extend, queue_write
from daner_site.core.clock import now
from tests.factories import (
    annotation_make,
    document_make,
    inference_request_make,
    organization_make,
    project_make,
    user_make,
)
from tests.fakes import fake_engine

pytestmark = pytest.mark.django_db

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


# --- opening ------------------------------------------------------------------------------


def test_a_run_opens_after_enough_labels_and_not_before(project, people):
    label(project, people[0], 4)
    assert consider(project) is None
    label(project, people[0], 1)
    assert consider(project).reason == "5 newly labelled documents."


def test_a_run_opens_when_a_pause_follows_a_new_label(project, people):
    label(project, people[0], 2)
    make_older(project, 59)
    assert consider(project) is None
    make_older(project, 61)
    assert consider(project) is not None


def test_a_pause_that_is_soon_over_sends_for_one_later_look(project, people, django_capture_on_commit_callbacks, sent):
    label(project, people[0], 2)
    with django_capture_on_commit_callbacks(execute=True):
        consider(project)
    assert sent == []  # the sweep looks in time
    make_older(project, 55)
    with django_capture_on_commit_callbacks(execute=True):
        consider(project)
    assert sent == ["consider_retraining"]
    with django_capture_on_commit_callbacks(execute=True):
        runs.training_run_maybe_open(project_id=project.pk, later=True)
    assert sent == ["consider_retraining"]


def test_several_considerations_open_one_run(project, people):
    label(project, people[0], 5)
    assert {consider(project).pk for _ in range(5)} == {TrainingRun.objects.get().pk}


def test_no_run_without_two_documents_and_an_entity(project, people):
    annotation_make(project.documents.first(), people[0], [(0, 3, "PER")])
    make_older(project, 1000)
    assert consider(project) is None
    with pytest.raises(runs.RunRefused, match="2 labelled documents"):
        runs.training_run_open(project=project, opened_by=people[0])


def test_no_run_when_nothing_was_found_in_any_text(project, people):
    for document in project.documents.all()[:6]:
        annotation_make(document, people[0], [])
    with pytest.raises(runs.RunRefused, match="entity"):
        runs.training_run_open(project=project, opened_by=people[0])


def test_an_archived_project_is_left_alone(project, people):
    label(project, people[0], 5)
    type(project).objects.update(archived_at=now())
    assert consider(project) is None


def test_a_waiting_scoring_run_becomes_a_training_when_one_is_due(project, people):
    execute(run_of(project, people))
    make_runs_older(100)
    scoring = runs.scoring_run_maybe_open(project_id=project.pk)
    label(project, people[0], 5)
    assert consider(project).pk == scoring.pk
    scoring.refresh_from_db()
    assert scoring.kind == TrainingRun.Kind.FIT


# --- the whole way ------------------------------------------------------------------------


def test_a_run_leaves_a_version_suggestions_and_an_order(project, people):
    test = document_make(project, "Ada went to Oslo.", split="test")
    annotation_make(test, people[0], [(0, 3, "PER"), (12, 16, "LOC")], kind="gold")
    run = execute(run_of(project, people))
    version = ModelVersion.objects.get()
    assert (run.status, run.error) == ("ready", "")
    assert (version.number, version.active, version.train_documents, version.test_documents) == (1, True, 5, 1)
    assert version.metrics["overall"]["f1"] == 1.0
    assert set(version.metrics["labels"]) == {"PER", "LOC"}
    assert Suggestion.objects.filter(model_uuid=version.uuid).count() == 25
    ranked = QueueEntry.objects.filter(project=project, model_uuid=version.uuid).order_by("position")
    assert [entry.score for entry in ranked] == sorted(entry.score for entry in ranked)
    assert len(ranked) == 25


def test_the_snapshot_names_exactly_the_annotations_it_learned_from(project, people):
    made = label(project, people[0], 5)
    run = runs.training_run_open(project=project, opened_by=people[0])
    execute(run)
    expected = {str(a.document.uuid): [str(a.uuid)] for a in made}
    assert run.snapshot["documents"] == expected
    assert len(run.snapshot["sha256"]) == 64
    assert run.watermark == max(a.pk for a in made)
    assert run.parameters["labels"] == ["PER", "LOC"]


def test_the_texts_are_removed_and_the_model_stays(project, people, settings):
    execute(run_of(project, people))
    version = ModelVersion.objects.get()
    model = Path(settings.DANER_ARTEFACTS) / version.artefact
    assert files.model_sha256(model) == version.artefact_sha256
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def test_only_documents_that_can_still_be_given_out_are_ranked(project, people):
    run = run_of(project, people)
    labelled = {str(uuid) for uuid in project.annotations.values_list("document__uuid", flat=True)}
    execute(run)
    first = QueueEntry.objects.filter(project=project, generation=2, strategy="default")
    assert len(first) == 25
    assert not labelled & {str(uuid) for uuid in first.values_list("document__uuid", flat=True)}


@pytest.mark.parametrize("strategy", Strategy.values)
def test_the_engine_s_ranking_is_served_and_its_strategy_recorded(project, people, strategy, monkeypatch):
    Project.objects.update(strategy=strategy)
    rankings, clean = [], execution._clean

    def spy(lease, folder):
        rankings.append([ranked.document_id for ranked in files.read_ranking(folder / files.RANKING)])
        clean(lease, folder)

    monkeypatch.setattr(execution, "_clean", spy)
    execute(run_of(project, people))
    version = ModelVersion.objects.get()
    [ranking] = rankings
    assert served(project)[:25] == ranking
    first = QueueEntry.objects.get(project=project, generation=2, position=0)
    assert first.strategy == strategy
    assert first.model_uuid == (None if strategy == "random" else version.uuid)


def test_the_engine_is_told_what_people_set_about_the_order(project, people, monkeypatch):
    Project.objects.update(strategy="badge", diversity=0.4, random_share=0.25, cost_unit="words")
    jobs = engine_jobs(monkeypatch)
    execute(run_of(project, people))
    words = sum(len(document.tokens) for document in project.documents.filter(annotations__isnull=False))
    assert jobs[0].selection == SelectionConfig(
        strategy="badge",
        seed=project.seed,
        diversity=0.4,
        random_share=0.25,
        labelled_documents=5,
        labelled_words=words,
        cost=CostModel(per_text=0, per_word=1, per_entity=0),
    )


def test_the_cost_in_seconds_is_the_one_people_took(project, people, monkeypatch):
    jobs = engine_jobs(monkeypatch)
    for annotation in label(project, people[0], 10):
        Annotation.objects.filter(pk=annotation.pk).update(seconds=60.0)
    execute(runs.training_run_open(project=project, opened_by=people[0]))
    assert 40 < jobs[0].selection.cost.seconds(words=9, entities=2) < 80
    assert ModelVersion.objects.get().annotation_seconds == 600.0


def test_documents_that_were_submitted_meanwhile_are_not_ranked(project, people, monkeypatch):
    run_engine, late = execution._run_engine, []

    def submit_then(lease, folder):
        run_engine(lease, folder)
        late.extend(label(project, people[1], 3))

    run = run_of(project, people)
    monkeypatch.setattr(execution, "_run_engine", submit_then)
    execute(run)
    ranked = QueueEntry.objects.filter(project=project, generation=2, strategy="default")
    assert len(ranked) == 22
    assert not {annotation.document_id for annotation in late} & set(ranked.values_list("document", flat=True))


def test_chance_s_places_are_named_as_such_and_set_aside_to_measure_on(project, people):
    Project.objects.update(random_share=0.2)
    execute(run_of(project, people))
    entries = QueueEntry.objects.filter(project=project, generation=2).order_by("position")[:25]
    drawn = [entry for entry in entries if entry.strategy == "random"]
    assert len(drawn) == 5
    assert all(entry.probe and entry.score is None for entry in drawn)
    assert not any(entry.probe for entry in entries if entry.strategy == "default")


def test_another_strategy_opens_a_run_that_reorders_without_training(project, people):
    execute(run_of(project, people))
    assert runs.ordering_run_maybe_open(project_id=project.pk) is None
    before = served(project)
    Project.objects.update(strategy="entropy")
    run = execute(runs.ordering_run_maybe_open(project_id=project.pk))
    assert (run.status, run.kind) == ("ready", "score")
    assert served(project) != before
    assert QueueEntry.objects.get(project=project, generation=3, position=0).strategy == "entropy"
    assert ModelVersion.objects.count() == 1
    assert runs.ordering_run_maybe_open(project_id=project.pk) is None


def test_new_documents_are_read_by_the_active_version_and_join_the_order(project, people):
    execute(run_of(project, people))
    new = document_make(project, "Grace came later.")
    execute(runs.scoring_run_maybe_open(project_id=project.pk))
    version = ModelVersion.objects.get()
    assert Suggestion.objects.get(document=new).model_uuid == version.uuid
    entry = QueueEntry.objects.get(document=new, generation=3)
    assert (entry.strategy, entry.model_uuid) == ("default", version.uuid)


def test_a_scoring_with_nothing_new_to_read_runs_no_engine(project, people, settings):
    execute(run_of(project, people))
    settings.DANER_ENGINE_COMMAND = fake_engine("--die")
    run = execute(runs.scoring_run_maybe_open(project_id=project.pk))
    assert run.status == "ready"
    assert Project.objects.get().queue_generation == 2


def test_before_the_first_model_new_documents_are_read_and_ordered_for_a_cold_start(project, people, monkeypatch):
    jobs = engine_jobs(monkeypatch)
    run = execute(runs.scoring_run_maybe_open(project_id=project.pk))
    assert (run.status, run.kind) == ("ready", "prepare")
    assert (jobs[0].model, jobs[0].fit) == ("", False)
    assert Project.objects.get().queue_generation == 2
    assert not ModelVersion.objects.exists()
    assert consider(project) is None
    label(project, people[0], 5)
    assert consider(project) is not None


# --- tiers --------------------------------------------------------------------------------


def test_the_next_run_goes_on_from_the_newest_fast_version(project, people, monkeypatch):
    jobs = engine_jobs(monkeypatch)
    execute(run_of(project, people, 8))
    label(project, people[0], 2)
    make_older(project, 100)
    run = execute(consider(project))
    first, second = ModelVersion.objects.order_by("number")
    assert [job.config.tier for job in jobs] == ["fast", "fast"]
    assert (jobs[0].warm_start, jobs[1].warm_start) == ("", str(artefact_folder(first)))
    assert jobs[0].features == jobs[1].features
    assert run.warm
    assert second.train_words == run.words > first.train_words


@pytest.mark.parametrize("change", ["palette", "checkpoint", "lost model", "growth"])
def test_a_run_starts_afresh_where_the_last_model_is_no_base(project, people, monkeypatch, settings, change):
    jobs = engine_jobs(monkeypatch)
    execute(run_of(project, people, 8))
    label(project, people[0], 8 if change == "growth" else 2)
    make_older(project, 100)
    if change == "palette":
        project.labels.filter(name="LOC").update(retired_at=now())
    elif change == "checkpoint":
        Project.objects.update(checkpoint="another")
    elif change == "lost model":
        shutil.rmtree(settings.DANER_ARTEFACTS)
    run = execute(consider(project))
    assert jobs[1].warm_start == ""
    assert run.warm is False


def test_a_full_run_is_opened_by_hand_and_leaves_a_full_version(project, people, monkeypatch):
    jobs = engine_jobs(monkeypatch)
    label(project, people[0], 5)
    waiting = runs.training_run_open(project=project, opened_by=people[0])
    run = runs.training_run_open(project=project, opened_by=people[0], tier="full")
    assert run.pk == waiting.pk
    assert execute(run).tier == "full"
    version = ModelVersion.objects.get()
    assert (version.tier, version.active, jobs[0].config.tier) == ("full", True, "full")


def test_a_fast_run_learns_nothing_that_the_full_version_in_use_has_not(project, people, settings):
    label(project, people[0], 5)
    execute(runs.training_run_open(project=project, opened_by=people[0], tier="full"))
    settings.DANER_ENGINE_COMMAND = fake_engine("--fail", "trained again")
    again = execute(runs.training_run_open(project=project, opened_by=people[0]))
    assert (again.status, again.reason) == ("ready", "Nothing new to learn since v1.")
    again = execute(runs.training_run_open(project=project, opened_by=people[0], tier="full"))
    assert again.reason == "Nothing new to learn since v1."


def test_a_full_version_is_due_where_the_labels_have_grown_and_people_pause(project, people):
    for number in range(100):
        document_make(project, f"Ada met Grace in Rome, part {number}.")
    label(project, people[0], 110)
    make_older(project, 100)
    run = consider(project)
    assert (run.tier, run.warm) == ("full", False)
    execute(run)
    assert consider(project) is None


def test_files_of_replaced_fast_versions_are_removed_but_for_what_is_needed(project, people):
    execute(run_of(project, people, 2))
    asked = ModelVersion.objects.get()
    inference_request_make(asked, people[0], "Ada")
    label(project, people[0], 2)
    execute(runs.training_run_open(project=project, opened_by=people[0], tier="full"))
    for _ in range(7):
        execute(run_of(project, people, 2))
    kept = [v.number for v in ModelVersion.objects.order_by("number") if v.artefact]
    assert kept == [1, 2, 5, 6, 7, 8, 9]
    assert all(artefact_is_whole(v) for v in ModelVersion.objects.exclude(artefact=""))
    folders = {path.parents[1].name for path in snapshots.run_folder(asked.run).parent.rglob(files.TENSORS)}
    assert folders == {str(v.run.uuid) for v in ModelVersion.objects.exclude(artefact="")}


# --- claims -------------------------------------------------------------------------------


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


# --- ends ---------------------------------------------------------------------------------


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


# --- nothing new --------------------------------------------------------------------------


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


@pytest.mark.parametrize("change", ["label", "checkpoint", "palette", "test", "lost model", "damaged model"])
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
    else:
        next(settings.DANER_ARTEFACTS.rglob(files.TENSORS)).write_bytes(b"half of it")
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


# --- repair -------------------------------------------------------------------------------


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
