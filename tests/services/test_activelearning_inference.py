"""Questions to a model: asked once, answered once, forgotten after a day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from activelearning.engine import job as files
from activelearning.models import InferenceRequest, ModelVersion, TrainingRun
from activelearning.services import inference
from annotation.models import Project
from daner_site.core.clock import now
from tests.factories import organization_make, project_make, user_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(settings, tmp_path):
    settings.DANER_ARTEFACTS = tmp_path
    settings.DANER_PREDICTOR = "tests.fakes.predict"
    owner = user_make()
    project = project_make(organization_make(owner=owner), owner)
    return version_make(project, {"Ada": "PER"})


def version_make(project: Project, memory: dict[str, str]) -> ModelVersion:
    from django.conf import settings

    run = TrainingRun.objects.create(
        organization_id=project.organization_id, project=project, reason="test", status="ready"
    )
    folder = f"{project.uuid}/{run.uuid}/model"
    (Path(settings.DANER_ARTEFACTS) / folder).mkdir(parents=True)
    files.write_json(Path(settings.DANER_ARTEFACTS) / folder / "memory.json", memory)
    return ModelVersion.objects.create(
        organization_id=project.organization_id,
        project=project,
        run=run,
        number=1,
        active=True,
        artefact=folder,
        artefact_sha256="",
        checkpoint="fake",
        labels=["PER"],
        strategy="mnlp",
        metrics={"overall": {"gold": 0}},
        train_documents=0,
        test_documents=0,
        seconds=0,
    )


def ask(version, text="Ada met Ada."):
    return inference.inference_ask(
        project=version.project, version=version, asked_by=version.project.created_by, text=text
    )


def test_a_question_is_answered_with_spans_on_the_characters_of_the_text(version):
    question = ask(version, "  🧑‍🚀 Ada\nmet Ada.")
    inference.inference_answer(request_id=question.pk)
    question.refresh_from_db()
    assert question.status == "done"
    assert [question.text[span["start"] : span["end"]] for span in question.spans] == ["Ada", "Ada"]
    assert {"label", "confidence"} <= question.spans[0].keys()
    assert question.scores["n_words"] > 0


def test_asking_sends_one_message_after_the_commit(version, django_capture_on_commit_callbacks, sent):
    with django_capture_on_commit_callbacks(execute=True):
        ask(version)
    assert sent == ["answer_question"]


def test_a_second_delivery_changes_nothing(version, settings):
    question = ask(version)
    inference.inference_answer(request_id=question.pk)
    settings.DANER_PREDICTOR = "nowhere.at_all"
    inference.inference_answer(request_id=question.pk)
    question.refresh_from_db()
    assert question.status == "done"


@pytest.mark.parametrize("text", ["", " \n", "x" * (inference.LONGEST_TEXT + 1)])
def test_an_empty_or_endless_text_is_refused(version, text):
    with pytest.raises(inference.QuestionRefused):
        ask(version, text)


def test_a_model_that_is_gone_is_said_in_words(version, settings):
    settings.DANER_PREDICTOR = "activelearning.engine.predictor.predict"
    question = ask(version)
    inference.inference_answer(request_id=question.pk)
    question.refresh_from_db()
    assert question.status == "failed"
    assert "missing or damaged" in question.error


def test_waiting_ends_with_the_answer_or_with_the_time(version):
    question = ask(version)
    assert inference.inference_wait(question=question, seconds=0.1).status == "queued"
    inference.inference_answer(request_id=question.pk)
    assert inference.inference_wait(question=question, seconds=5).status == "done"


def test_the_sweep_sends_again_gives_up_and_forgets(version, django_capture_on_commit_callbacks, sent):
    fresh, lost, hopeless, old = (ask(version) for _ in range(4))
    for question, age in ((lost, 20), (hopeless, 200), (old, 100_000)):
        created = now() - timedelta(seconds=age)
        InferenceRequest.objects.filter(pk=question.pk).update(created_at=created)
    with django_capture_on_commit_callbacks(execute=True):
        inference.inference_sweep()
    assert sent == ["answer_question"]
    assert set(InferenceRequest.objects.values_list("pk", "status")) == {
        (fresh.pk, "queued"),
        (lost.pk, "queued"),
        (hopeless.pk, "failed"),
    }


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_an_answer_keeps_no_connection_from_others(version, monkeypatch):
    question = ask(version)
    held = []
    monkeypatch.setattr(inference.time, "sleep", lambda seconds: held.append(connection.connection is not None))
    inference.inference_wait(question=question, seconds=0.05)
    assert held
    assert not any(held)
