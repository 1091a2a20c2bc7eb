"""A run's whole way, in both tiers: snapshot, version, suggestions, order."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from activelearning.domain.selection import CostModel, SelectionConfig
from activelearning.engine import job as files
from activelearning.models import ModelVersion
from activelearning.services import execution, runs, snapshots
from activelearning.services.snapshots import artefact_folder, artefact_is_whole
from annotation.models import Annotation, Project, QueueEntry, Strategy, Suggestion
from annotation.selectors.training import turn_seconds
from daner_site.core.clock import now
from tests.factories import (
    annotation_make,
    document_make,
    inference_request_make,
)
from tests.fakes import fake_engine
from tests.services.run_helpers import (
    consider,
    engine,
    engine_jobs,
    execute,
    label,
    make_older,
    people,
    project,
    run_of,
    served,
)

__all__ = ["engine", "people", "project"]  # fixtures

pytestmark = pytest.mark.django_db


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
    assert turn_seconds(project) == 60.0


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
