"""What a model is measured on it has never learned from, and nobody saw its suggestions there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from activelearning.models import ModelVersion, TrainingRun
from activelearning.selectors.comparison import version_comparison
from activelearning.services import artefacts, execution, runs
from annotation.models import Suggestion
from annotation.services.queue import queue_extend
from tests.factories import annotation_make, document_make, organization_make, project_make, user_make
from tests.fakes import fake_engine

pytestmark = pytest.mark.django_db

TEXT = "Ada met Grace in Oslo, part {}."


@pytest.fixture
def project(settings, tmp_path):
    settings.DANER_ENGINE_COMMAND, settings.DANER_ARTEFACTS = fake_engine(), tmp_path
    owner = user_make()
    project = project_make(organization_make(owner=owner), owner)
    for number in range(20):
        document_make(project, TEXT.format(number))
    for number in range(20, 26):
        gold_make(document_make(project, TEXT.format(number), split="test"))
    for number in range(26, 29):
        gold_make(document_make(project, TEXT.format(number), split="test", probe=True))
    queue_extend(project=project)
    return project


def gold_make(document):
    annotation_make(document, document.project.created_by, [(0, 3, "PER")], kind="gold")


def train(project, count):
    """Label `count` documents more and train; what the engine was given to learn from and to read."""
    for document in project.documents.filter(split="pool", annotations=None)[:count]:
        annotation_make(document, project.created_by, [(0, 3, "PER"), (17, 21, "LOC")])
    run = runs.training_run_open(project=project, opened_by=project.created_by)
    execution.training_run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == "ready", run.error
    return run


def test_no_text_a_version_is_measured_on_is_learned_from_or_suggested_on(project):
    held_out = {str(uuid) for uuid in project.documents.filter(split="test").values_list("uuid", flat=True)}
    for _ in range(3):
        train(project, 4)
    assert ModelVersion.objects.count() == 3
    for run in TrainingRun.objects.filter(kind="fit"):
        assert len(run.snapshot["documents"]) >= 4
        assert not held_out & set(run.snapshot["documents"])
        assert set(run.snapshot["test"]) == held_out
    suggested = Suggestion.objects.values_list("document__uuid", flat=True)
    assert suggested
    assert not held_out & {str(uuid) for uuid in suggested}


def test_the_counts_kept_are_those_of_the_texts_measured_on(project):
    run = train(project, 5)
    version = ModelVersion.objects.get(run=run)
    kept = json.loads((Path(django_settings.DANER_ARTEFACTS) / version.artefact / "counts.json").read_text())
    assert set(kept) == set(run.snapshot["test"])
    assert version.metrics["overall"]["gold"] == sum(counts["PER"][0] for counts in kept.values())


def test_a_run_that_only_scores_leaves_the_counts_as_they_are(project):
    version = ModelVersion.objects.get(run=train(project, 5))
    place = Path(django_settings.DANER_ARTEFACTS) / version.artefact / "counts.json"
    before = place.read_text()
    document_make(project, TEXT.format(99))
    run = runs.scoring_run_maybe_open(project_id=project.pk)
    execution.training_run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, place.read_text()) == ("ready", before)


def test_a_version_whose_model_was_removed_can_still_be_compared(project, monkeypatch):
    monkeypatch.setattr(artefacts, "FAST_KEPT", 1)
    for _ in range(3):
        train(project, 4)
    old, _, new = ModelVersion.objects.order_by("number")
    assert (old.artefact, bool(new.artefact)) == ("", True)
    folder = Path(django_settings.DANER_ARTEFACTS) / f"{project.uuid}/{old.run.uuid}/model"
    assert [path.name for path in folder.iterdir()] == ["counts.json"]
    found = version_comparison(old, new)
    assert found.result is not None
    assert found.result.documents == 9
