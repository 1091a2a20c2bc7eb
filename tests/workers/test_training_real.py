"""The loop once with the real engine: labels in, an order, suggestions and answers out."""

from __future__ import annotations

import pytest

from activelearning.engine import predictor
from activelearning.models import ModelVersion, TrainingRun
from activelearning.services import execution, inference, runs
from activelearning.services.snapshots import features_folder
from annotation.models import QueueEntry, Suggestion
from annotation.services.queue import queue_extend
from tests.engine.corpus import examples
from tests.factories import annotation_make, document_make, organization_make, project_make, user_make
from tests.workers.state import live_order, simulated_order

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def project(settings, tmp_path):
    settings.DANER_ARTEFACTS = tmp_path
    owner = user_make()
    project = project_make(organization_make(owner=owner), owner, overlap_share=0, random_share=0.1)
    for number, example in enumerate(examples(70)):
        split = "test" if number >= 60 else "pool"
        document = document_make(project, f"{example.text} {number}", split=split)
        if number < 20 or split == "test":
            label(document, example)
    queue_extend(project=project)
    return project


def label(document, example):
    kind = "gold" if document.split == "test" else "human"
    annotation_make(document, document.project.created_by, example.spans, kind=kind)


def kept_features(project):
    """Size of each file of the cache."""
    files = [path for path in features_folder(project).rglob("*") if path.is_file()]
    assert files
    return {path: path.stat().st_size for path in files}


def execute(run):
    execution.training_run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.error) == ("ready", "")
    return run


def test_a_real_training_orders_the_queue_and_answers_questions(project):
    run = execute(runs.training_run_open(project=project, opened_by=project.created_by))
    assert {"load", "features", "fit", "evaluate", "score", "select", "publish"} <= run.seconds.keys()

    version = ModelVersion.objects.get()
    assert (version.tier, version.checkpoint, version.test_documents) == ("fast", "minilm", 10)
    assert version.metrics["overall"]["f1"] > 0.7
    assert Suggestion.objects.filter(model_uuid=version.uuid).count() == 40
    assert any(suggestion.spans for suggestion in Suggestion.objects.all())

    question = inference.inference_ask(
        project=project, version=version, asked_by=project.created_by, text="Ada Lovelace moved to Paris."
    )
    inference.inference_answer(request_id=question.pk)
    question.refresh_from_db()
    assert question.error == ""
    assert ("Ada Lovelace", "PER") in {
        (question.text[span["start"] : span["end"]], span["label"]) for span in question.spans
    }
    assert predictor._load.cache_info().currsize >= 1


@pytest.mark.parametrize("strategy", ["default", "mnlp", "badge"])
def test_the_live_order_is_the_simulated_order_of_the_same_state(project, strategy):
    type(project).objects.update(strategy=strategy)
    project.refresh_from_db()
    execute(runs.training_run_open(project=project, opened_by=project.created_by))
    live, simulated = live_order(project), simulated_order(project)
    assert len(live) == 40
    assert live == simulated
    assert {placed for _, placed, _ in live} == {strategy, "random"}


def test_before_there_is_a_model_the_texts_are_read_and_a_round_then_reads_no_text_again(project):
    execute(runs.scoring_run_maybe_open(project_id=project.pk))
    prepared = TrainingRun.objects.get()
    assert (prepared.kind, ModelVersion.objects.count()) == ("prepare", 0)
    project.refresh_from_db()
    drawn = QueueEntry.objects.filter(project=project, generation=project.queue_generation, probe=True)
    assert drawn.count() >= 4
    execute(runs.training_run_open(project=project, opened_by=project.created_by))
    before = kept_features(project)
    first = project.documents.filter(annotations=None).order_by("position").first()
    label(first, examples(70)[first.position])
    warm = runs.training_run_open(project=project, opened_by=project.created_by)
    TrainingRun.objects.filter(pk=warm.pk).update(warm=True)
    warm.refresh_from_db()
    assert execute(warm).warm
    assert kept_features(project) == before
    assert list(ModelVersion.objects.order_by("number").values_list("train_documents", flat=True)) == [20, 21]


def test_a_full_training_makes_the_version_in_use(project):
    run = execute(runs.training_run_open(project=project, opened_by=project.created_by, tier="full"))
    version = ModelVersion.objects.get(active=True)
    assert (version.run, version.tier) == (run, "full")
    assert version.metrics["overall"]["f1"] > 0.7
    assert live_order(project) == simulated_order(project)
