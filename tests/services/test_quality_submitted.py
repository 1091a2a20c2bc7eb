"""One job does all that follows a submission: in order, and whatever goes wrong on the way."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from annotation.access import project_context
from annotation.domain.permissions import ProjectRole
from annotation.domain.spans import LabelledSpan
from annotation.models import Project
from annotation.services.gold import gold_publish
from annotation.services.projects import label_add
from annotation.signals import annotation_submitted, gold_published
from quality.domain.conflicts import conflict_groups
from quality.domain.priority import expected_gain
from quality.models import AdjudicationCase, DocumentAgreement
from quality.selectors.cases import cases_of
from quality.selectors.review import case_notes
from quality.services import cases, submitted
from quality.services.cases import priorities_refresh
from quality.services.submitted import document_refresh
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    owner = factories.user_make()
    return factories.project_make(factories.organization_make(owner=owner), owner, labels=("PER", "LOC"))


def recorded(monkeypatch: pytest.MonkeyPatch, failing: str = "") -> list[str]:
    done: list[str] = []

    def step(name: str) -> Any:
        def run(*, document_id: int) -> None:
            done.append(f"{name} {document_id}")
            if name == failing:
                raise ValueError(name)

        return run

    monkeypatch.setattr(submitted, "ALWAYS", (step("rows"), step("case")))
    monkeypatch.setattr(submitted, "WHILE_OPEN", (step("further"), step("unanimous")))
    return done


def test_all_that_follows_is_done_in_order(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    done = recorded(monkeypatch)
    document = factories.document_make(project)
    factories.annotation_make(document, factories.user_make(), [])
    document_refresh(document_id=document.pk)
    assert done == [f"{name} {document.pk}" for name in ("rows", "case", "further", "unanimous")]


@pytest.mark.parametrize("failing", ["rows", "case", "further", "unanimous"])
def test_what_fails_stops_nothing_else_and_is_tried_again(
    project: Project, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = recorded(monkeypatch, failing)
    document = factories.document_make(project)
    with pytest.raises(ValueError, match=failing):
        document_refresh(document_id=document.pk)
    assert len(done) == 4


def test_gold_asks_for_nobody_else_and_for_no_other_gold(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    done = recorded(monkeypatch)
    document = factories.document_make(project)
    factories.annotation_make(document, factories.user_make(), [])
    gold_publish(project=project, document=document, author=project.created_by, spans=[], provenance={})
    document_refresh(document_id=document.pk)
    assert [entry.split()[0] for entry in done] == ["rows", "case"]
    factories.annotation_make(document, factories.user_make(), [])
    document_refresh(document_id=document.pk)
    assert len(done) == 6, "somebody submitted since"


def test_doing_it_twice_changes_nothing(project: Project) -> None:
    document = factories.document_make(project, "Ada met Grace.")
    for spans in ([(0, 3, "PER")], [(0, 3, "LOC")]):
        factories.annotation_make(document, factories.user_make(), spans)
    document_refresh(document_id=document.pk)
    case, rows = AdjudicationCase.objects.get(), DocumentAgreement.objects.get()
    document_refresh(document_id=document.pk)
    assert AdjudicationCase.objects.get().version == case.version
    assert DocumentAgreement.objects.get().pk == rows.pk
    document_refresh(document_id=987654)


@pytest.mark.parametrize("signal", [annotation_submitted, gold_published])
def test_one_message_says_it_all(signal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def record(name: str, **_: Any) -> None:
        sent.append(name)

    for module in ("quality.receivers", "quality.services.agreement", "quality.services.consensus"):
        monkeypatch.setattr(f"{module}.enqueue_on_commit", record)
    signal.send(None, project_id=1, document_id=2, annotation_id=3)
    assert sent.count("refresh_cases") == 1
    assert set(sent) <= {"refresh_cases", "recompute_agreement", "recompute_consensus"}
    assert len(sent) == len(set(sent))


def test_reviewers_get_heavy_labels_first(project: Project) -> None:

    documents = []
    for label, other in (("PER", "PER"), ("LOC", "LOC")):
        document = factories.document_make(project, f"Ada met Grace. {label}")
        documents.append(document)
        for spans in ([(0, 3, label)], [(8, 13, other)]):
            factories.annotation_make(document, factories.user_make(), spans)
        document_refresh(document_id=document.pk)
    assert [case.document_id for case in cases_of(project)] == [document.pk for document in documents]
    assert [case.priority for case in cases_of(project)] == [1.0, 1.0]
    project.labels.filter(name="LOC").update(review_weight=2.5)
    assert priorities_refresh(project_id=project.pk) == 1
    assert [(case.document_id, case.priority) for case in cases_of(project)] == [
        (documents[1].pk, 2.5),
        (documents[0].pk, 1.0),
    ]
    reviewer = factories.user_make()
    factories.membership_make(project.organization, reviewer)
    factories.project_member_make(project, reviewer, ProjectRole.REVIEWER)
    ctx = project_context(reviewer, project.organization.slug, project.uuid)
    assert ctx is not None
    heavy, plain = cases_of(project)
    assert case_notes(ctx, heavy).order.endswith("expected here, mistakes in LOC 2.5 times.")
    assert case_notes(ctx, plain).order.endswith("expected here.")
    assert priorities_refresh(project_id=987654) == 0


def test_open_cases_are_put_in_order_a_part_at_a_time(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:

    for number in range(5):
        document = factories.document_make(project, f"Ada met Grace. {number}")
        for spans in ([(0, 3, "PER")], []):
            factories.annotation_make(document, factories.user_make(), spans)
        document_refresh(document_id=document.pk)
    AdjudicationCase.objects.update(priority=7)
    monkeypatch.setattr(cases, "PART", 2)
    assert priorities_refresh(project_id=project.pk) == 5
    assert set(AdjudicationCase.objects.values_list("priority", flat=True)) == {0.5}


def test_a_group_counts_as_much_as_its_label() -> None:

    groups = conflict_groups({"a": [LabelledSpan(0, 3, "PER")], "b": [LabelledSpan(0, 3, "LOC")]})
    assert expected_gain(groups) == 0.5
    assert expected_gain(groups, None, {"LOC": 4.0}) == 2.0, "the heaviest that somebody wrote"
    consensus = [(LabelledSpan(0, 3, "PER"), 0.75)]
    assert expected_gain(groups, consensus, {"LOC": 4.0}) == 0.25, "the consensus is sure that it is none"
    assert expected_gain(groups, consensus, {"PER": 3.0}) == 0.75


def test_a_manager_sets_the_weight_on_the_page_of_labels(project: Project, client: Any) -> None:
    label = project.labels.get(name="PER")
    where = {"org": project.organization.slug, "project": project.uuid}
    client.force_login(project.created_by)
    url = reverse("annotation:label", kwargs={**where, "label": label.pk})
    posted = {"row-name": "PER", "row-color": "#777777", "action": "save"}
    for weight, kept in (("2.5", 2.5), ("", 2.5), ("0", 2.5), ("11", 2.5), ("much", 2.5), ("0.1", 0.1)):
        client.post(url, {**posted, "row-review_weight": weight})
        label.refresh_from_db()
        assert label.review_weight == kept, weight
    assert 'value="0.1"' in client.get(reverse("annotation:labels", kwargs=where)).content.decode()
    with pytest.raises(ValidationError):
        label_add(project=project, name="ORG", review_weight=100)
