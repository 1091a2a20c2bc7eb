"""What an import of other people's work costs: questions to the database do not grow with it."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.models import Annotation, Project
from annotation.services.imports import import_run, import_start
from quality.models import AdjudicationCase, DocumentAgreement, PairAgreement
from quality.services.agreement import agreement_recompute
from tests import factories
from tests.services.import_helpers import ImportOptions, checked, jsonl

pytestmark = pytest.mark.django_db

ADA = (0, 3, "PER")


def questions(documents: int, people: int) -> tuple[Project, Counter[str]]:
    """A fresh project with so much imported and measured, and the statements it took, by what they do."""
    owner = factories.user_make()
    project = factories.project_make(factories.organization_make(owner=owner), owner, labels=("PER", "LOC"))
    rows = [
        {
            "text": f"Ada met Bo, {number} times.",
            # Somebody misses what the others marked: every second document is a case.
            "annotations": [{"annotator": f"p{who}", "spans": [ADA][: who + number % 2]} for who in range(people)],
        }
        for number in range(documents)
    ]
    job = checked(project, jsonl(*rows))
    import_start(job=job, author=owner, options=ImportOptions())
    with CaptureQueriesContext(
        connection,
    ) as found:
        import_run(job_id=job.pk)
        assert agreement_recompute(project_id=project.pk) is not None
    return project, Counter(query["sql"].split()[0] for query in found)


def test_neither_documents_nor_people_add_a_question() -> None:
    few, asked = questions(4, 3)
    many, asked_of_many = questions(40, 7)
    assert [project.documents.count() for project in (few, many)] == [4, 40]
    assert Annotation.objects.filter(project=many).count() == 280
    cases = AdjudicationCase.objects.filter(project=many, status="open")
    assert (cases.count(), set(cases.values_list("n_groups", flat=True))) == (20, {1})
    assert DocumentAgreement.objects.filter(project=many).count() == 40
    # Of each of 21 pairs a row without a label, and one for the label either used.
    assert PairAgreement.objects.filter(project=many).count() == 2 * 21 * 40
    assert asked_of_many["SELECT"] == asked["SELECT"]
    assert asked_of_many["UPDATE"] == asked["UPDATE"]
    # Written many at a time.
    assert asked_of_many["INSERT"] - asked["INSERT"] < 36
