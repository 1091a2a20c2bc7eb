"""A version of the full tier that is measured clearly worse than the fast one in use leaves that one its place."""

from __future__ import annotations

import pytest

from activelearning import selectors
from activelearning.models import ModelVersion, TrainingRun
from activelearning.selectors.comparison import newest_full_version
from activelearning.services import execution, publication, runs
from activelearning.services.artefacts import artefacts_prune
from activelearning.services.snapshots import artefact_is_whole
from annotation.models import Project, Suggestion
from tests.factories import annotation_make, document_make
from tests.fakes import fake_engine
from tests.services.run_helpers import (
    consider,
    engine,
    execute,
    label,
    make_older,
    make_runs_older,
    people,
    project,
    run_of,
    served,
)

__all__ = ["engine", "people", "project"]  # fixtures

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forgetful(settings):
    settings.DANER_ENGINE_COMMAND = fake_engine("--forgetful")


@pytest.fixture
def measured(project, people):
    """The project with enough test texts to tell two versions apart, and a fast version in use."""
    for number in range(12):
        test = document_make(project, f"Ada went to Oslo, time {number}.", split="test")
        annotation_make(test, people[0], [(0, 3, "PER"), (12, 16, "LOC")], kind="gold")
    execute(run_of(project, people))
    assert selectors.active_version(project).name == "v1"
    return project


def full_run(project, people):
    run = execute(runs.training_run_open(project=project, opened_by=people[0], tier="full"))
    return run, ModelVersion.objects.get(run=run)


def proposals(project):
    return sorted(Suggestion.objects.filter(project=project).values_list("document_id", "model_uuid", "model_name"))


def test_the_fast_version_stays_in_use_with_its_suggestions_and_its_order(measured, people):
    fast = selectors.active_version(measured)
    label(measured, people[0], 3)
    before = served(measured), Project.objects.get().queue_generation, proposals(measured)
    run, full = full_run(measured, people)
    assert (run.status, run.error) == ("ready", "")
    assert (full.tier, full.active, full.withheld) == ("full", False, True)
    assert selectors.active_version(measured) == fast
    assert (served(measured), Project.objects.get().queue_generation, proposals(measured)) == before
    assert not measured.queue.filter(model_uuid=full.uuid).exists()


def test_it_is_kept_with_what_it_was_measured_against(measured, people):
    fast = selectors.active_version(measured)
    run, full = full_run(measured, people)
    assert run.parameters["previous"] == {"uuid": str(fast.uuid), "name": "v1"}
    found = full.metrics["against"]
    assert (found["uuid"], found["name"], found["better"]) == (str(fast.uuid), "v1", "former")
    assert (found["former"], found["own"], found["documents"]) == (1.0, 0.0, 12)
    assert full.verdict.startswith("v2 was measured worse than v1: F1 0.000 against 1.000")
    artefacts_prune(project=measured)
    full.refresh_from_db()
    assert artefact_is_whole(full)
    assert newest_full_version(measured) == full


def test_one_that_is_as_good_takes_the_place_as_ever(measured, people, settings):
    settings.DANER_ENGINE_COMMAND = fake_engine()
    label(measured, people[0], 3)
    _, full = full_run(measured, people)
    assert (full.active, full.withheld, full.verdict) == (True, False, "")
    assert full.metrics["against"]["better"] == ""
    assert set(Suggestion.objects.filter(project=measured).values_list("model_uuid", flat=True)) >= {full.uuid}
    assert measured.queue.filter(model_uuid=full.uuid).exists()
    assert consider(measured) is None


def test_where_few_texts_tell_the_two_apart_the_new_one_is_used(measured, people):
    for test in measured.documents.filter(split="test")[5:]:
        test.delete()
    _, full = full_run(measured, people)
    assert full.metrics["against"]["own"] == 0.0
    assert full.active


def test_the_fast_model_then_learns_at_once_what_it_has_not_and_no_second_full_run_opens(measured, people):
    label(measured, people[0], 2)
    full_run(measured, people)
    follow = consider(measured)
    assert (follow.tier, follow.warm) == ("fast", True)
    assert follow.reason == "v2 was measured worse than the version in use, so that one goes on."
    execute(follow)
    third = selectors.active_version(measured)
    assert (third.name, third.tier, third.train_documents) == ("v3", "fast", 7)
    assert measured.queue.filter(generation=Project.objects.get().queue_generation, model_uuid=third.uuid).exists()
    make_older(measured, 1000)
    make_runs_older(1000)
    assert consider(measured) is None


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_a_follow_up_that_comes_to_nothing_is_not_opened_again(measured, people, settings, outcome):
    label(measured, people[0], 3)
    full_run(measured, people)
    follow = consider(measured)
    if outcome == "failed":
        settings.DANER_ENGINE_COMMAND = fake_engine("--fail", "no")
        execute(follow)
    else:
        runs.training_run_cancel(project=measured, run_uuid=follow.uuid, by=people[0])
    make_older(measured, 1000)
    make_runs_older(1000)
    assert consider(measured) is None
    assert TrainingRun.objects.count() == 3


def test_without_labels_that_the_fast_version_lacks_nothing_follows(measured, people, settings):
    full_run(measured, people)
    make_older(measured, 1000)
    make_runs_older(1000)
    assert consider(measured) is None
    settings.DANER_ENGINE_COMMAND = fake_engine("--fail", "trained again")
    again = execute(runs.training_run_open(project=measured, opened_by=people[0]))
    assert again.reason == "Nothing new to learn since v1."


def test_a_label_set_that_only_the_withheld_version_knows_is_learned_anew(measured, people):
    measured.labels.create(organization_id=measured.organization_id, name="SHIP", color="#000000", position=9)
    full_run(measured, people)
    follow = consider(measured)
    assert (follow.tier, follow.reason) == ("fast", "The label set or past labels changed.")
    execute(follow)
    assert "SHIP" in selectors.active_version(measured).labels
    assert consider(measured) is None


def test_the_sweep_opens_the_follow_up_whose_message_was_lost(measured, people):
    label(measured, people[0], 3)
    full_run(measured, people)
    runs.training_sweep()
    assert TrainingRun.objects.get(status="queued").tier == "fast"


def test_the_order_of_a_withheld_version_does_not_count_as_made(measured, people):
    Project.objects.update(strategy="entropy")
    full_run(measured, people)
    measured.refresh_from_db()
    assert not selectors.order_is_current(measured)
    run = execute(runs.ordering_run_maybe_open(project_id=measured.pk))
    assert (run.kind, run.status) == ("score", "ready")
    first = measured.queue.get(generation=Project.objects.get().queue_generation, position=0)
    assert (first.strategy, first.model_uuid) == ("entropy", selectors.active_version(measured).uuid)


def test_documents_that_came_meanwhile_are_read_by_the_version_in_use(measured, people):
    full_run(measured, people)
    late = document_make(measured, "Ada came late.")
    execute(runs.scoring_run_maybe_open(project_id=measured.pk))
    assert Suggestion.objects.get(document=late).model_uuid == selectors.active_version(measured).uuid


def test_the_full_run_counts_for_the_policy_and_its_version_for_the_curve(measured, people):
    run, full = full_run(measured, people)
    assert selectors.loop_past(measured).full_words == run.words > 0
    assert [point.version for point in selectors.curve(measured)][-1] == full
    assert selectors.curve_panel(measured).newest == full


def test_doubts_are_published_since_other_models_made_them(measured, people, monkeypatch):
    Project.objects.update(doubt_share=0.2)
    published = []
    monkeypatch.setattr(publication, "doubts_publish", lambda **fields: published.append(fields["model_name"]))
    _, full = full_run(measured, people)
    assert full.withheld
    assert published == ["v2"]


def test_the_next_full_version_that_is_good_enough_is_used(measured, people, settings):
    label(measured, people[0], 3)
    full_run(measured, people)
    settings.DANER_ENGINE_COMMAND = fake_engine()
    execute(consider(measured))
    _, full = full_run(measured, people)
    assert (full.name, full.active) == ("v4", True)


def test_what_a_worker_leaves_behind_is_taken_up_and_withheld_all_the_same(measured, people, monkeypatch):
    run = runs.training_run_open(project=measured, opened_by=people[0], tier="full")

    def crash(**fields):
        raise execution.WorkerStopping

    with monkeypatch.context() as patch:
        patch.setattr(execution, "run_publish", crash)
        execution.training_run_execute(run_id=run.pk)
    assert execute(run).status == "ready"
    full = ModelVersion.objects.get(run=run)
    assert (full.withheld, full.active) == (True, False)
