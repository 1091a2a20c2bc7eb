"""Comparing two versions as they were measured, and what a version's page says of its test texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from activelearning.engine import job as files
from activelearning.selectors.comparison import measured_on, quality_rows, strict_quality, version_comparison
from annotation.services.gold import gold_publish
from tests.factories import document_make, model_version_make, organization_make, project_make, user_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(settings, tmp_path):
    settings.DANER_ARTEFACTS = tmp_path
    owner = user_make()
    return project_make(organization_make(owner=owner), owner)


def version_make(project, counts, gold=None, **fields):
    """A version with `counts` on disk; `gold`: the annotations of each test text, the same for all by default."""
    version = model_version_make(project, **fields)
    version.artefact = f"artefact-{version.number}"
    version.save()
    version.run.snapshot = {"documents": {}, "test": gold or {name: ["gold"] for name in counts}}
    version.run.save()
    folder = Path(project_artefacts()) / version.artefact
    folder.mkdir()
    files.write_json(folder / files.COUNTS, counts)
    return version


def project_artefacts():
    from django.conf import settings

    return settings.DANER_ARTEFACTS


def texts(number, correct, label="PER", first=0):
    """`number` texts with one entity each; the first `correct` of them are found."""
    return {f"text-{n}": {label: [1, 1, int(n - first < correct)]} for n in range(first, first + number)}


def test_the_better_version_is_named_with_difference_and_interval(project):
    worse, better = version_make(project, texts(100, 60)), version_make(project, texts(100, 80))
    found = version_comparison(worse, better)
    assert found.sentence == "v2 is better: +0.200 F1 [0.122, 0.278] on 100 test texts."
    assert [row.name for row in found.labels] == ["PER", "LOC"]
    turned = version_comparison(better, worse)
    assert turned.sentence == found.sentence
    assert turned.result.overall.f1 == pytest.approx(-0.2)


def test_without_evidence_no_difference_is_claimed(project):
    first, second = version_make(project, texts(100, 60)), version_make(project, texts(100, 62))
    assert version_comparison(first, second).sentence == "No difference can be shown with 100 test texts."
    third = version_make(project, texts(100, 60))
    assert version_comparison(first, third).sentence == "Both did equally well on every one of 100 test texts."


def test_only_texts_with_the_same_gold_for_both_count(project):
    before, now = texts(30, 10), texts(40, 30)
    gold = {name: ["gold"] for name in now} | {"text-0": ["corrected since"]}
    found = version_comparison(version_make(project, before), version_make(project, now, gold))
    assert found.result.documents == 29


def test_only_labels_that_both_know_count(project):
    narrow = version_make(project, texts(20, 20), labels=["PER"])
    both = {name: counts | {"LOC": [1, 1, 0]} for name, counts in texts(20, 20).items()}
    found = version_comparison(narrow, version_make(project, both))
    assert found.result.overall.second.f1 == 1.0
    assert list(found.result.labels) == ["PER"]


def test_a_version_from_before_counts_were_kept_is_said_so(project):
    old, new = model_version_make(project), version_make(project, texts(20, 20))
    found = version_comparison(old, new)
    assert found.result is None
    assert found.sentence.startswith("v1 was not measured text by text")


def test_versions_measured_on_different_texts_are_not_compared(project):
    found = version_comparison(version_make(project, texts(20, 9)), version_make(project, texts(20, 9, first=50)))
    assert (found.result, found.sentence) == (None, "The two were measured on different texts or labels.")


def test_imported_test_texts_and_those_that_chance_picked_are_told_apart(project):
    imported = [document_make(project, split="test") for _ in range(3)]
    picked = [document_make(project, probe=True) for _ in range(2)]
    document_make(project, probe=True)
    counts = {str(document.uuid): {} for document in imported + picked}
    version = version_make(project, counts, test_documents=5)
    assert (measured_on(version).imported, measured_on(version).probes) == (3, 2)


def test_an_old_version_has_rows_without_intervals(project):
    rows = quality_rows(model_version_make(project))
    assert [row["name"] for row in rows] == ["PER", "LOC", ""]
    assert rows[-1]["interval"] is None


def gold_make(project, *, ambiguous):
    document = document_make(project)
    provenance = {"source": "adjudication", "ambiguous": [{"start": 0, "end": 3}] if ambiguous else []}
    return str(
        gold_publish(
            project=project, document=document, author=project.created_by, spans=[], provenance=provenance
        ).uuid
    )


def test_texts_whose_gold_is_ambiguous_are_compared_apart(project):
    unclear, clear = gold_make(project, ambiguous=True), gold_make(project, ambiguous=False)
    gold = {f"text-{n}": [unclear if n < 10 else clear] for n in range(110)}
    # The first is right on the ambiguous texts only by agreeing with one of several readings.
    lucky = texts(10, 10) | texts(100, 60, first=10)
    better = texts(10, 0) | texts(100, 80, first=10)
    found = version_comparison(version_make(project, lucky, gold), version_make(project, better, gold))
    assert found.sentence == "v2 is better: +0.200 F1 [0.122, 0.278] on 100 test texts."
    assert found.ambiguous is not None
    assert (found.ambiguous.documents, found.ambiguous.overall.first.f1) == (10, 1.0)
    assert found.ambiguous.overall.second.f1 == 0.0


def test_with_ambiguous_gold_alone_nothing_is_compared(project):
    unclear = gold_make(project, ambiguous=True)
    gold = {f"text-{n}": [unclear] for n in range(5)}
    found = version_comparison(*(version_make(project, texts(5, n), gold) for n in (2, 3)))
    assert found.result is None
    assert "ambiguous" in found.sentence


def test_a_version_says_its_f1_without_ambiguous_texts_and_on_them_alone(project):
    unclear, clear = gold_make(project, ambiguous=True), gold_make(project, ambiguous=False)
    counts = texts(4, 1) | texts(6, 6, first=4)
    version = version_make(project, counts, {name: [unclear if int(name[5:]) < 4 else clear] for name in counts})
    found = strict_quality(version)
    assert found is not None
    assert (found.documents, found.f1, found.ambiguous, found.f1_ambiguous) == (6, 1.0, 4, 0.25)
    assert strict_quality(version_make(project, counts, {name: [clear] for name in counts})) is None
    assert strict_quality(model_version_make(project)) is None
