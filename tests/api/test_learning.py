"""Models, training, questions and agreement over the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from activelearning.domain.metrics import Counts
from activelearning.domain.succession import against
from activelearning.models import InferenceRequest, ModelVersion, TrainingRun
from activelearning.services import inference
from daner_site.api import learning
from quality.services.agreement import agreement_recompute
from tests.api.credentials import bearer, of_a
from tests.cast import Cast
from tests.factories import annotation_make, document_make, inference_request_make, model_version_make

pytestmark = pytest.mark.django_db
Call = Callable[..., Any]
TEXT = "Yesterday 😀 Ada flew to Oslo."


@pytest.fixture
def call(client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setattr(learning, "WAIT_S", 0.0)
    tokens = {name: bearer(cast, name) for name in ("alice", "bob", "dora", "vic")}

    def go(name: str, method: str, path: str, body: Any = None) -> Any:
        if method == "get":
            return client.get(of_a(cast, path), headers=tokens[name])
        return client.post(of_a(cast, path), body or {}, content_type="application/json", headers=tokens[name])

    return go


@pytest.fixture
def version(cast: Cast, settings: Any, tmp_path: Path) -> ModelVersion:
    """A model that knows two names."""
    settings.DANER_ARTEFACTS, settings.DANER_PREDICTOR = tmp_path, "tests.fakes.predict"
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "memory.json").write_text(json.dumps({"Ada": "PER", "Oslo": "LOC"}))
    return model_version_make(cast.project_a, active=True, artefact="model")


def answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker answers between asking and waiting."""

    def wait(*, question: InferenceRequest, seconds: float) -> InferenceRequest:
        inference.inference_answer(request_id=question.pk)
        question.refresh_from_db()
        return question

    monkeypatch.setattr(learning, "inference_wait", wait)


def test_a_model_finds_entities_with_confidence(
    call: Call, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered_at_once(monkeypatch)
    answer = call("vic", "post", "infer/", {"text": TEXT})
    assert answer.status_code == 200
    assert answer.json()["status"] == "done"
    assert answer.json()["model"] == str(version.uuid)
    assert answer.json()["entities"] == [
        {"start": 12, "end": 15, "label": "PER", "text": "Ada", "confidence": 0.75},
        {"start": 24, "end": 28, "label": "LOC", "text": "Oslo", "confidence": 0.75},
    ]


def test_an_answer_that_takes_longer_is_fetched_later(call: Call, cast: Cast, version: ModelVersion) -> None:
    answer = call("vic", "post", "infer/", {"text": TEXT, "model": str(version.uuid)})
    assert answer.status_code == 202
    assert answer.json()["entities"] == []
    path = answer.json()["url"].partition(f"{cast.project_a.uuid}/")[2]
    assert call("vic", "get", path).status_code == 202
    inference.inference_answer(request_id=InferenceRequest.objects.get().pk)
    later = call("vic", "get", path)
    assert later.status_code == 200
    assert [entity["text"] for entity in later.json()["entities"]] == ["Ada", "Oslo"]


def test_a_question_is_its_askers_alone(call: Call, cast: Cast, version: ModelVersion) -> None:
    question = inference_request_make(version, cast.vic, TEXT)
    assert call("vic", "get", f"infer/{question.uuid}/").status_code == 202
    assert call("dora", "get", f"infer/{question.uuid}/").status_code == 404


def test_a_model_of_another_project_is_not_found(call: Call, cast: Cast, version: ModelVersion) -> None:
    foreign = model_version_make(cast.project_b)
    assert call("vic", "post", "infer/", {"text": TEXT, "model": str(foreign.uuid)}).status_code == 404
    assert not InferenceRequest.objects.exists()


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": " \n"}, {"text": "x" * 20_001}, {"text": TEXT, "model": "x"}]
)
def test_a_bad_question_is_refused(call: Call, version: ModelVersion, body: dict[str, str]) -> None:
    assert call("vic", "post", "infer/", body).status_code == 400


def test_without_a_model_there_is_nothing_to_ask(call: Call) -> None:
    answer = call("vic", "post", "infer/", {"text": TEXT})
    assert answer.status_code == 409
    assert "no model" in answer.json()["detail"]


def test_without_the_store_questions_are_taken_uncounted(call: Call, version: ModelVersion, settings: Any) -> None:
    gone = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "unix:///nowhere/store.sock"}
    settings.CACHES = {"default": gone}
    assert call("vic", "post", "infer/", {"text": TEXT}).status_code == 202


def test_too_many_questions_are_put_off(call: Call, version: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning.InferThrottle, "rate", "2/min")
    answers = [call("vic", "post", "infer/", {"text": TEXT}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert call("dora", "post", "infer/", {"text": TEXT}).status_code == 202


def test_training_needs_labels(call: Call) -> None:
    answer = call("alice", "post", "runs/")
    assert answer.status_code == 409
    assert answer.json()["detail"]
    assert not TrainingRun.objects.exists()


def test_training_is_started_once_and_can_be_watched(call: Call, cast: Cast) -> None:
    for _ in range(30):
        annotation_make(document_make(cast.project_a), cast.bob, [(0, 3, "PER")])
    answer = call("alice", "post", "runs/")
    assert answer.status_code == 202
    assert answer.json()["status"] == "queued"
    assert call("alice", "post", "runs/").json()["uuid"] == answer.json()["uuid"]
    path = answer.json()["url"].partition(f"{cast.project_a.uuid}/")[2]
    assert call("bob", "get", path).json()["kind"] == "fit"
    assert call("bob", "post", "runs/").status_code == 403


def test_models_are_listed_newest_first_with_their_quality(call: Call, cast: Cast, version: ModelVersion) -> None:
    model_version_make(cast.project_a)
    rows = call("bob", "get", "models/").json()["results"]
    assert [(row["name"], row["active"]) for row in rows] == [("v2", False), ("v1", True)]
    assert rows[0]["metrics"]["overall"]["recall"] == 0.8
    assert "artefact" not in rows[0]


def test_a_withheld_model_says_so_and_what_it_was_measured_against(
    call: Call, cast: Cast, version: ModelVersion
) -> None:
    found = against([{"PER": Counts(1, 1, 1)}] * 20, [{"PER": Counts(1, 0, 0)}] * 20, ["PER"])
    metrics = version.metrics | {"against": found | {"uuid": str(version.uuid), "name": version.name}}
    held = model_version_make(cast.project_a, tier="full", withheld=True, metrics=metrics)
    assert call("bob", "get", f"models/{version.uuid}/").json()["withheld"] is False
    row = call("bob", "get", f"models/{held.uuid}/").json()
    assert (row["withheld"], row["active"]) == (True, False)
    measured = row["metrics"]["against"]
    assert (measured["name"], measured["uuid"], measured["better"]) == ("v1", str(version.uuid), "former")
    assert (measured["former"], measured["own"]) == (1.0, 0.0)


def test_agreement_is_empty_until_two_people_labelled_one_document(call: Call) -> None:
    assert call("vic", "get", "agreement/").status_code == 204


def test_agreement_gives_figures_labels_and_pairs(call: Call, cast: Cast) -> None:
    for number in range(4):
        document = document_make(cast.project_a, f"Ada met Bo in Oslo, number {number}.")
        annotation_make(document, cast.bob, [(0, 3, "PER"), (14, 18, "LOC")])
        annotation_make(document, cast.ben, [(0, 3, "PER"), (8, 10, "PER")])
    agreement_recompute(project_id=cast.project_a.pk)
    found = call("vic", "get", "agreement/").json()
    assert datetime.fromisoformat(found["measured_at"]) <= datetime.now(UTC)
    assert found["span_f1"]["exact"]["value"] == pytest.approx(0.5)
    assert found["alpha"]["bio"]["value"] < 1
    assert {row["label"] for row in found["labels"]} == {"PER", "LOC"}
    assert [({pair["first"], pair["second"]}, pair["documents"]) for pair in found["pairs"]] == [({"Ben", "Bob"}, 4)]
    assert sum(found["conflicts"].values()) == 8


def test_agreement_of_a_slice(call: Call, cast: Cast) -> None:
    for number, reason in enumerate(("random", "targeted", "targeted")):
        document = document_make(cast.project_a, f"Ada met Bo in Oslo, number {number}.", overlap_reason=reason)
        annotation_make(document, cast.bob, [(0, 3, "PER")])
        annotation_make(document, cast.ben, [(0, 3, "PER")] if reason == "random" else [(0, 3, "LOC")])
    agreement_recompute(project_id=cast.project_a.pk)
    whole = call("vic", "get", "agreement/").json()
    assert (whole["slice"], whole["span_f1"]["exact"]["value"]) == ({}, 1.0)
    assert {(row["query"], row["documents"]) for row in whole["kept_apart"]} == {
        ("overlap=random", 1),
        ("overlap=targeted", 2),
    }
    picked = call("vic", "get", "agreement/?overlap=targeted").json()
    assert (picked["slice"], picked["span_f1"]["exact"]["value"]) == ({"overlap": "targeted"}, 0.0)
    assert picked["confusion"] == {"PER": {"LOC": 2}, "LOC": {"PER": 2}}
    pair = f"{cast.bob.username},{cast.ben.username}"
    assert call("vic", "get", f"agreement/?pair={pair}&overlap=all").json()["counts"]["documents"] == 3


@pytest.mark.parametrize("query", ["overlap=hard", "label=NONE", "pair=a,b", "since=soon", "project=1", "guideline=x"])
def test_a_slice_that_is_not_there_is_refused(call: Call, query: str) -> None:
    assert call("vic", "get", f"agreement/?{query}").status_code == 400
