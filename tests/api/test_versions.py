"""One model version, two compared, and one to take away, over the API."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from daner_site.accounts.models import AuditEvent
from tests.api.credentials import bearer, of_a
from tests.cast import Cast
from tests.factories import model_version_make
from tests.services.test_activelearning_comparison import texts, version_make

pytestmark = pytest.mark.django_db
Call = Callable[[str, str], Any]


@pytest.fixture(autouse=True)
def artefacts(settings: Any, tmp_path: Path) -> Path:
    settings.DANER_ARTEFACTS = tmp_path
    return tmp_path


@pytest.fixture
def call(client: Client, cast: Cast) -> Call:
    tokens = {name: bearer(cast, name) for name in ("alice", "bob")}
    return lambda name, path: client.get(of_a(cast, path), headers=tokens[name])


def test_a_version_is_given_with_its_quality_and_tier(call: Call, cast: Cast) -> None:
    version = model_version_make(cast.project_a, tier="full")
    found = call("bob", f"models/{version.uuid}/").json()
    assert (found["name"], found["tier"]) == ("v1", "full")
    assert found["metrics"]["overall"]["recall"] == 0.8


def test_two_versions_are_compared_on_the_texts_of_both(call: Call, cast: Cast) -> None:
    worse, better = version_make(cast.project_a, texts(100, 60)), version_make(cast.project_a, texts(100, 80))
    found = call("bob", f"models/{worse.uuid}/compare/{better.uuid}/").json()
    assert found["documents"] == 100
    assert found["overall"]["better"] == "second"
    assert found["overall"]["difference"] == pytest.approx(0.2)
    assert found["overall"]["low"] < 0.2 < found["overall"]["high"]
    assert [row["label"] for row in found["labels"]] == ["PER", "LOC"]
    assert found["labels"][1]["p"] == 1.0


def test_versions_that_cannot_be_compared_are_a_conflict_that_says_why(call: Call, cast: Cast) -> None:
    old, new = model_version_make(cast.project_a), version_make(cast.project_a, texts(20, 9))
    answer = call("bob", f"models/{old.uuid}/compare/{new.uuid}/")
    assert answer.status_code == 409
    assert "v1 was not measured text by text" in answer.json()["detail"]


def test_a_version_is_taken_away_as_a_zip(call: Call, cast: Cast, artefacts: Path) -> None:
    version = version_make(cast.project_a, texts(1, 1))
    assert call("alice", f"models/{version.uuid}/file/").status_code == 409
    for name in ("model.safetensors", "model.json"):
        (artefacts / version.artefact / name).write_text("{}")
    assert call("bob", f"models/{version.uuid}/file/").status_code == 403
    answer = call("alice", f"models/{version.uuid}/file/")
    names = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).namelist()
    assert sorted(Path(name).name for name in names) == ["README.md", "metrics.json", "model.json", "model.safetensors"]
    assert AuditEvent.objects.filter(verb="model.download", actor=cast.alice).count() == 1
