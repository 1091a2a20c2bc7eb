"""The loop once with the real engine: labels in, an order, suggestions and answers out."""

from __future__ import annotations

import pytest

from activelearning.engine import predictor
from activelearning.models import ModelVersion, Score
from activelearning.services import execution, inference, runs
from annotation.models import Suggestion
from annotation.services.queue import queue_extend
from tests.engine.corpus import examples
from tests.factories import annotation_make, document_make, organization_make, project_make, user_make

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def project(settings, tmp_path):
    settings.DANER_ARTEFACTS = tmp_path
    owner = user_make()
    project = project_make(organization_make(owner=owner), owner, overlap_share=0)
    for number, example in enumerate(examples(40)):
        split = "test" if number >= 30 else "pool"
        document = document_make(project, f"{example.text} {number}", split=split)
        if number < 20 or split == "test":
            kind = "gold" if split == "test" else "human"
            annotation_make(document, owner, example.spans, kind=kind)
    queue_extend(project=project)
    return project


def test_a_real_training_orders_the_queue_and_answers_questions(project):
    run = runs.training_run_open(project=project, opened_by=project.created_by)
    execution.training_run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.error) == ("ready", "")
    assert {"load", "fit", "evaluate", "score", "publish"} <= run.seconds.keys()

    version = ModelVersion.objects.get()
    assert version.checkpoint == "minilm"
    assert version.test_documents == 10
    assert version.metrics["overall"]["f1"] > 0.7
    assert Score.objects.filter(version=version).count() == 10
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
