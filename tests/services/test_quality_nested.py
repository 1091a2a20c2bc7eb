"""Projects where spans may lie over spans: agreement counts the places that review shows."""

from __future__ import annotations

import json
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from annotation.models import Document, Project
from annotation.services.projects import project_update
from quality.models import AdjudicationCase, AgreementCheck
from quality.selectors.content import case_content
from quality.services.agreement import agreement_recompute
from quality.services.agreement_check import agreement_check_run
from tests import factories
from tests.cast import Cast
from tests.services.import_helpers import jsonl
from tests.services.test_work import context

pytestmark = pytest.mark.django_db

TEXT = "The Bank of New York opened."
BANK, CITY = (4, 20, "ORG"), (12, 20, "LOC")
NEW_YORK_OPENED = (12, 27, "PER")

PEOPLE = {
    "everybody has both": ([BANK, CITY], [BANK, CITY]),
    "one misses the inner one": ([BANK, CITY], [BANK]),
    "they cross": ([BANK], [NEW_YORK_OPENED]),
    "one has one within it, two do not agree on the outer one": ([BANK, (12, 20, "ORG")], [(0, 20, "ORG")]),
}
KINDS = Counter(unanimous=3, missing=1, boundary_label=1, nested=1)


@pytest.fixture
def project(cast: Cast) -> Project:
    cast.project_a.labels.create(organization=cast.org_a, name="ORG", color="#009E73")
    for number, layers in enumerate(PEOPLE.values()):
        document = factories.document_make(cast.project_a, TEXT + " Again." * number)
        for person, spans in zip((cast.alice, cast.bob), layers, strict=True):
            factories.annotation_make(document, person, spans)
    return cast.project_a


def figures(project: Project) -> dict[str, Any]:
    report = agreement_recompute(project_id=project.pk)
    assert report is not None
    return report.measures


def shown(project: Project) -> Counter[str]:
    """By the review page."""
    documents = Document.objects.filter(project=project)
    return Counter(group.kind.value for document in documents for group in case_content(document).groups)


def counted(measures: dict[str, Any]) -> Counter[str]:
    return Counter(measures["conflicts"] | {"unanimous": measures["counts"]["agreed"]})


@pytest.mark.parametrize("allowed", ["nested", "any"])
def test_agreement_counts_the_places_that_review_shows(project: Project, allowed: str) -> None:
    Project.objects.filter(pk=project.pk).update(span_overlap=allowed)
    measures = figures(project)
    assert counted(measures) == shown(project) == KINDS
    kinds = AdjudicationCase.objects.filter(status="open").order_by("document").values_list("kinds", flat=True)
    assert list(kinds) == [{"missing": 1}, {"boundary_label": 1}, {"nested": 1}]
    check = AgreementCheck.objects.create(organization=project.organization, project=project)
    assert agreement_check_run(check_id=check.pk) is not None
    check.refresh_from_db()
    assert (check.differing, check.documents) == (0, 4), check.examples


def test_another_setting_counts_the_same_work_anew(cast: Cast, project: Project) -> None:
    document = factories.document_make(project, TEXT + " At last.")
    for person, span in ((cast.alice, BANK), (cast.bob, CITY)):
        factories.annotation_make(document, person, [span])
    assert counted(figures(project)) == shown(project) != KINDS
    case = AdjudicationCase.objects.get(document=document)
    assert (case.kinds, case.version) == ({"boundary_label": 1}, 1)
    project_update(ctx=context(cast.alice, project), span_overlap="nested")
    project.refresh_from_db()
    assert counted(figures(project)) == shown(project) == KINDS + Counter(missing=2)
    case.refresh_from_db()
    assert (case.kinds, case.version) == ({"missing": 2}, 2)


def test_the_command_is_told_what_the_project_knows(project: Project, tmp_path: Path) -> None:
    Project.objects.filter(pk=project.pk).update(span_overlap="nested")
    items = [{"id": str(number), "text": TEXT} for number, _ in enumerate(PEOPLE)]
    rows = [
        {
            "item": str(number),
            "annotator": name,
            "spans": [dict(zip(("start", "end", "label"), span, strict=True)) for span in spans],
        }
        for number, layers in enumerate(PEOPLE.values())
        for name, spans in zip("ab", layers, strict=True)
    ]
    paths = [tmp_path / "items.jsonl", tmp_path / "annotations.jsonl"]
    for path, content in zip(paths, (items, rows), strict=True):
        path.write_text(jsonl(*content))
    out = tmp_path / "out.json"
    call_command("agreement", *map(str, paths), overlap="nested", json=out, stdout=StringIO())
    assert json.loads(out.read_text())["conflicts"] == figures(project)["conflicts"]
