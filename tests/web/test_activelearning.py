"""Pages of models, runs and questions."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from activelearning.models import InferenceRequest, ModelVersion, TrainingRun
from activelearning.services import execution, inference, leases, runs
from annotation.services.queue import queue_extend
from tests.factories import annotation_make, document_make
from tests.fakes import fake_engine


@pytest.fixture(autouse=True)
def engine(settings, tmp_path):
    settings.DANER_ENGINE_COMMAND = fake_engine()
    settings.DANER_PREDICTOR = "tests.fakes.predict"
    settings.DANER_ARTEFACTS = tmp_path


@pytest.fixture
def project(cast):
    project = cast.project_a
    for number in range(12):
        document_make(project, f"Ada met Grace in Oslo, part {number}.")
    test = document_make(project, "Ada went to Oslo.", split="test")
    annotation_make(test, cast.alice, [(0, 3, "PER"), (12, 16, "LOC")], kind="gold")
    queue_extend(project=project)
    return project


def label(cast, count):
    for document in cast.project_a.documents.filter(annotations=None, split="pool")[:count]:
        annotation_make(document, cast.bob, [(0, 3, "PER"), (17, 21, "LOC")])


def train(cast):
    label(cast, 4)
    run = runs.training_run_open(project=cast.project_a, opened_by=cast.alice)
    execution.training_run_execute(run_id=run.pk)
    return ModelVersion.objects.get(run=run)


def client(user, **headers):
    client = Client(headers=headers)
    client.force_login(user)
    return client


def address(cast, name, *args):
    return reverse(f"activelearning:{name}", args=[cast.org_a.slug, cast.project_a.uuid, *args])


def page(cast, user, name, *args):
    answer = client(user).get(address(cast, name, *args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_panel_counts_towards_the_next_training(cast, project):
    label(cast, 4)
    text = page(cast, cast.bob, "run_panel")
    assert "4 of 10 new labelled documents" in text
    assert "Train now" not in text
    assert "Train now" in page(cast, cast.alice, "run_panel")


def test_a_manager_starts_a_run_and_the_panel_shows_it_waiting(cast, project):
    label(cast, 4)
    answer = client(cast.alice, HX_Request="true").post(address(cast, "run_start"))
    assert "Waiting for a worker" in answer.content.decode()
    run = TrainingRun.objects.get()
    assert (run.status, run.opened_by) == ("queued", cast.alice)


def test_starting_without_labels_says_what_is_missing(cast, project):
    answer = client(cast.alice, HX_Request="true").post(address(cast, "run_start"))
    assert "needs 2 labelled documents" in answer.content.decode()
    assert not TrainingRun.objects.exists()


def test_without_scripts_starting_leads_back_to_the_page(cast, project):
    label(cast, 4)
    answer = client(cast.alice).post(address(cast, "run_start"))
    assert answer["Location"] == address(cast, "models")


def test_annotators_and_viewers_cannot_start_or_stop_runs(cast, project):
    label(cast, 4)
    run = runs.training_run_open(project=project, opened_by=cast.alice)
    for user in (cast.bob, cast.vic, cast.dora):
        assert client(user).post(address(cast, "run_start")).status_code == 403
        assert client(user).post(address(cast, "run_cancel", run.uuid)).status_code == 403
    assert client(cast.charlie).post(address(cast, "run_start")).status_code == 404
    assert client(cast.alice).get(address(cast, "run_start")).status_code == 405


def test_a_running_stage_shows_its_steps_and_can_be_stopped(cast, project):
    label(cast, 4)
    run = runs.training_run_open(project=project, opened_by=cast.alice)
    lease = leases.run_claim(run_id=run.pk)
    lease.stage("fit")
    lease.progress(30, 120, 0.5)
    text = page(cast, cast.alice, "run_panel")
    assert "30 of 120 steps" in text
    assert 'value="25"' in text
    client(cast.alice).post(address(cast, "run_cancel", run.uuid))
    run.refresh_from_db()
    assert run.cancel_requested
    assert "Stopping" in page(cast, cast.alice, "run_panel")


def test_a_failure_is_shown_in_its_own_words(cast, project, settings):
    settings.DANER_ENGINE_COMMAND = fake_engine("--fail", "The checkpoint <x> has no config.json.")
    label(cast, 4)
    run = runs.training_run_open(project=project, opened_by=cast.alice)
    execution.training_run_execute(run_id=run.pk)
    assert "The checkpoint &lt;x&gt; has no config.json." in page(cast, cast.bob, "run_panel")


def test_versions_are_listed_with_their_quality(cast, project):
    assert "No model yet" in page(cast, cast.vic, "models")
    train(cast)
    train(cast)
    text = page(cast, cast.vic, "models")
    assert re.findall(r">(v\d)</a>", text) == ["v2", "v1"]
    assert text.count(">in use<") == 1
    assert "1.000" in text


def test_a_version_shows_each_label_and_what_it_was_made_from(cast, project):
    version = train(cast)
    text = page(cast, cast.vic, "model", version.uuid)
    assert version.run.snapshot["sha256"] in text
    assert version.artefact_sha256 in text
    for name in ("PER", "LOC"):
        assert f">{name}</span>" in text


def test_the_curve_is_drawn_and_readable_without_eyes(cast, project):
    assert "No model yet" in page(cast, cast.vic, "curve_panel")
    train(cast)
    train(cast)
    text = page(cast, cast.vic, "curve_panel")
    assert "v1 1.00 at 4, v2 1.00 at 8" in text
    assert text.count("<circle") == 2
    assert "style=" not in text


def test_a_curve_without_test_texts_asks_for_some(cast, project):
    project.documents.filter(split="test").delete()
    train(cast)
    assert "Nothing to measure on" in page(cast, cast.vic, "curve_panel")


def test_without_a_model_the_question_page_says_so(cast, project):
    text = page(cast, cast.vic, "infer")
    assert "No model yet" in text
    assert "<textarea" not in text


def test_a_question_shows_its_answer_with_confidence(cast, project):
    version = train(cast)
    browser = client(cast.vic)
    answer = browser.post(address(cast, "infer"), {"text": "Dear Ada,\r\nOslo?", "version": str(version.uuid)})
    question = InferenceRequest.objects.get()
    assert question.text == "Dear Ada,\nOslo?"
    assert answer["Location"] == f"{address(cast, 'infer')}?question={question.uuid}"
    waiting = browser.get(answer["Location"]).content.decode()
    assert 'hx-trigger="every 500ms"' in waiting
    inference.inference_answer(request_id=question.pk)
    text = browser.get(answer["Location"], headers={"HX-Target": "answer"}).content.decode()
    assert "Ada<b>PER</b>" in text
    assert "Oslo<b>LOC</b>" in text
    assert "0.75" in text
    assert "hx-trigger" not in text
    assert "<html" not in text


def test_a_bad_question_is_answered_with_the_form(cast, project):
    train(cast)
    answer = client(cast.vic).post(address(cast, "infer"), {"text": "", "version": ""})
    assert answer.status_code == 422
    assert "Paste a text first." in answer.content.decode()


def test_nobody_reads_somebody_else_s_question_or_asks_another_project_s_model(cast, project):
    version = train(cast)
    browser = client(cast.vic)
    browser.post(address(cast, "infer"), {"text": "Ada", "version": str(version.uuid)})
    question = InferenceRequest.objects.get()
    for user in (cast.dora, cast.alice):
        assert client(user).get(address(cast, "infer"), {"question": question.uuid}).status_code == 404
    assert browser.get(address(cast, "infer"), {"question": "nonsense"}).status_code == 404
    assert client(cast.bob).get(address(cast, "infer")).status_code == 403
    theirs = reverse("activelearning:infer", args=[cast.org_b.slug, cast.project_b.uuid])
    answer = client(cast.charlie).post(theirs, {"text": "Ada", "version": str(version.uuid)})
    assert answer.status_code == 422
    assert InferenceRequest.objects.count() == 1


def test_another_project_s_model_and_run_are_not_found(cast, project):
    version = train(cast)
    theirs = [cast.org_b.slug, cast.project_b.uuid]
    owner = client(cast.charlie)
    assert owner.get(reverse("activelearning:model", args=[*theirs, version.uuid])).status_code == 404
    assert owner.post(reverse("activelearning:run_cancel", args=[*theirs, version.run.uuid])).status_code == 404
