"""Measuring a project: once per state of its annotations, on request and by the sweep."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from annotation.domain.permissions import ProjectRole
from annotation.models import Annotation, Project
from annotation.services.annotations import annotation_write
from annotation.signals import annotation_submitted, gold_published, project_changed
from daner_site.accounts.models import User
from quality.models import AdjudicationCase, AgreementReport
from quality.selectors.panel import quality_panel, quality_summary
from quality.services import agreement
from quality.services.agreement import agreement_recompute, agreement_sweep
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    owner = factories.user_make()
    return factories.project_make(factories.organization_make(owner=owner), owner)


def people(project: Project, number: int) -> list[User]:
    made = [factories.user_make() for _ in range(number)]
    for person in made:
        factories.membership_make(project.organization, person)
        factories.project_member_make(project, person, ProjectRole.ANNOTATOR)
    return made


def measured(project: Project) -> AgreementReport:
    report = agreement_recompute(project_id=project.pk)
    assert report is not None
    return report


def test_a_project_without_shared_documents_gets_a_report_that_says_why(project: Project) -> None:
    (one,) = people(project, 1)
    factories.annotation_make(factories.document_make(project), one, [(0, 3, "PER")])
    measures = measured(project).measures
    assert measures["counts"]["documents"] == 0
    assert (measures["alpha"]["bio"]["value"], measures["alpha"]["bio"]["reason"]) == (None, "no_overlap")
    assert measures["span_f1"]["exact"]["reason"] == "no_overlap"


def test_two_people_who_marked_nothing_are_reported_as_such(project: Project) -> None:
    document = factories.document_make(project)
    for person in people(project, 2):
        factories.annotation_make(document, person, [])
    measures = measured(project).measures
    assert measures["alpha"]["bio"] | {"n": 0} == {
        "value": None,
        "reason": "no_variation",
        "observed": 1.0,
        "n": 0,
        "low": None,
        "high": None,
    }
    assert measures["span_f1"]["exact"]["reason"] == "no_spans"
    assert measures["counts"]["both_empty"] == 1
    panel = quality_panel(project)
    assert panel is not None
    assert "same value" in panel.alphas[0].reason


def test_figures_of_a_small_project_by_hand(project: Project) -> None:
    one, two = people(project, 2)
    document = factories.document_make(project, "Ada met Grace in Oslo.")
    factories.annotation_make(document, one, [(0, 3, "PER"), (17, 21, "LOC")])
    factories.annotation_make(document, two, [(0, 3, "PER"), (8, 13, "PER"), (17, 21, "PER")])
    measures = measured(project).measures
    assert measures["span_f1"]["exact"]["micro"] == pytest.approx(2 / 5)
    assert measures["span_f1"]["boundary"]["micro"] == pytest.approx(4 / 5)
    assert measures["span_f1"]["per_label"]["LOC"]["exact"]["micro"] == 0
    assert measures["conflicts"] == {
        "missing": 1,
        "label": 1,
        "boundary": 0,
        "boundary_label": 0,
        "split_merge": 0,
        "nested": 0,
    }
    assert measures["counts"] == {
        "documents": 1,
        "annotators": 2,
        "tokens": 6,
        "spans": 5,
        "both_empty": 0,
        "agreed": 1,
    }
    assert measures["alpha"]["label"]["n"] == 2


def test_the_same_state_is_measured_once(project: Project) -> None:
    one, two = people(project, 2)
    document = factories.document_make(project)
    factories.annotation_make(document, one, [(0, 3, "PER")])
    factories.annotation_make(document, two, [])
    first = measured(project)
    assert measured(project) == first
    # A document only one person labelled moves the watermark, not the figures.
    factories.annotation_make(factories.document_make(project), one, [(0, 3, "PER")])
    again = measured(project)
    assert again == first
    assert AgreementReport.objects.count() == 1
    assert AgreementReport.objects.get().watermark > first.watermark


def test_a_new_revision_makes_a_new_report_and_keeps_the_old_one(project: Project) -> None:
    one, two = people(project, 2)
    document = factories.document_make(project)
    factories.annotation_make(document, one, [(0, 3, "PER")])
    factories.annotation_make(document, two, [])
    first = measured(project)
    annotation_write(project=project, document=document, author=two, kind="human", spans=[])
    second = measured(project)
    assert second.pk != first.pk
    first.refresh_from_db()
    assert first.measures["span_f1"]["exact"]["micro"] == 0


def test_a_costly_project_is_not_measured_without_rest(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(agreement, "agreement_request", lambda *, project_id, delay_ms: asked.append(delay_ms))
    one, two = people(project, 2)
    document = factories.document_make(project)
    factories.annotation_make(document, one, [(0, 3, "PER")])
    factories.annotation_make(document, two, [])
    first = measured(project)
    AgreementReport.objects.update(seconds=60)
    factories.annotation_make(document, project.created_by, [])
    assert measured(project) == first
    assert 500_000 < asked[0] <= 600_000
    AgreementReport.objects.update(created_at=first.created_at - timedelta(minutes=11))
    assert measured(project) != first


def test_gold_never_enters_the_agreement(project: Project) -> None:
    one, two = people(project, 2)
    document = factories.document_make(project)
    factories.annotation_make(document, one, [(0, 3, "PER")])
    factories.annotation_make(document, two, [])
    before = measured(project).measures
    factories.annotation_make(document, project.created_by, [(0, 3, "PER")], kind=Annotation.Kind.GOLD)
    AgreementReport.objects.all().delete()
    assert measured(project).measures == before


def test_work_with_suggestions_is_told_apart(project: Project) -> None:
    one, two = people(project, 2)
    for suggestions in ({}, {"model": "v1", "shown": []}):
        document = factories.document_make(project)
        factories.annotation_make(document, one, [(0, 3, "PER")], suggestions=suggestions)
        factories.annotation_make(document, two, [(0, 3, "PER")] if suggestions else [])
    shown = measured(project).measures["suggestions"]
    assert (shown["with"]["documents"], shown["with"]["exact"]) == (1, 1.0)
    assert (shown["without"]["documents"], shown["without"]["exact"]) == (1, 0.0)


def test_measuring_also_opens_the_cases_a_lost_message_left_out(project: Project) -> None:
    one, two = people(project, 2)
    document = factories.document_make(project)
    factories.annotation_make(document, one, [(0, 3, "PER")])
    factories.annotation_make(document, two, [])
    measured(project)
    assert AdjudicationCase.objects.get().document == document


def test_a_project_that_is_gone_is_no_error() -> None:
    assert agreement_recompute(project_id=987654) is None


def test_the_sweep_asks_again_for_what_nobody_measured(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(agreement, "agreement_request", lambda *, project_id: asked.append(project_id))
    (one,) = people(project, 1)
    annotation = factories.annotation_make(factories.document_make(project), one, [])
    assert agreement_sweep() == 0, "a fresh submission has its own message under way"
    Annotation.objects.filter(pk=annotation.pk).update(created_at=annotation.created_at - timedelta(minutes=5))
    assert agreement_sweep() == 1
    assert asked == [project.pk]
    measured(project)
    assert agreement_sweep() == 0


def test_each_signal_enqueues_by_id(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, dict[str, Any]]] = []

    def record(name: str, *, delay_ms: int | None = None, **kwargs: Any) -> None:
        sent.append((name, kwargs))

    monkeypatch.setattr("quality.receivers.enqueue_on_commit", record)
    monkeypatch.setattr("quality.services.agreement.enqueue_on_commit", record)
    annotation_submitted.send(None, project_id=1, document_id=2, annotation_id=3)
    assert ("refresh_cases", {"document_id": 2}) in sent
    assert ("recompute_agreement", {"project_id": 1}) in sent
    sent.clear()
    gold_published.send(None, project_id=1, document_id=2, annotation_id=3)
    assert ("refresh_cases", {"document_id": 2}) in sent
    sent.clear()
    project_changed.send(None, project_id=1, kind="documents")
    assert ("recompute_agreement", {"project_id": 1}) in sent


def test_the_summary_counts_open_cases(project: Project) -> None:
    one, two = people(project, 2)
    assert quality_summary(project).documents == 0
    for _ in range(2):
        document = factories.document_make(project)
        factories.annotation_make(document, one, [(0, 3, "PER")])
        factories.annotation_make(document, two, [])
    measured(project)
    summary = quality_summary(project)
    assert (summary.documents, summary.open_cases) == (2, 2)
    assert summary.exact is not None
    assert summary.exact.value == 0


def test_the_panel_names_people_of_one_name_apart(project: Project) -> None:
    document = factories.document_make(project)
    for _ in range(2):
        person = factories.user_make(display_name="Kim")
        factories.annotation_make(document, person, [(0, 3, "PER")])
    measured(project)
    panel = quality_panel(project)
    assert panel is not None
    assert len(set(panel.people)) == 2


@pytest.mark.parametrize(
    ("documents", "style", "words"),
    [(0, "", "unknown"), (4, "", "too few documents"), (8, "good", "reliable")],
)
def test_full_agreement_is_called_reliable_only_on_enough_documents(
    project: Project, documents: int, style: str, words: str
) -> None:
    one, two = people(project, 2)
    for number in range(max(1, documents)):
        document = factories.document_make(project, f"Ada and {number} others met.")
        for person in (one, two):
            factories.annotation_make(document, person, [(0, 3, "PER")] if documents else [])
    measured(project)
    panel = quality_panel(project)
    assert panel is not None
    found_style, found = panel.alphas[0].reading
    assert (found_style, str(found)) == (style, words)


def test_the_panel_costs_the_same_however_many_documents(project: Project, django_assert_max_num_queries: Any) -> None:
    one, two = people(project, 2)
    for _ in range(12):
        document = factories.document_make(project)
        factories.annotation_make(document, one, [(0, 3, "PER")])
        factories.annotation_make(document, two, [(0, 3, "PER")])
    measured(project)
    with django_assert_max_num_queries(4):
        quality_panel(project)
