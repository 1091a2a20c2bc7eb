"""Cases: opened by disagreement, settled into gold, never overwritten, never judged by their authors."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from annotation.access import ProjectContext, project_context
from annotation.domain.permissions import ProjectRole
from annotation.domain.spans import LabelledSpan, SpanError
from annotation.models import Annotation, Assignment, Document, Project
from annotation.selectors.training import training_set
from annotation.services.annotations import annotation_write
from annotation.services.gold import gold_publish
from daner_site.accounts.models import AuditEvent, User
from quality.domain.adjudication import EDITED, NOTHING, Decision, DecisionError, OpenGroupsError
from quality.models import AdjudicationCase
from quality.selectors.cases import cases_listed, next_case, open_count, own_open_count
from quality.selectors.content import case_content
from quality.services.cases import cases_refresh
from quality.services.settling import CaseError, OwnWorkError, StaleCaseError, case_reopen, case_resolve
from tests import factories

pytestmark = pytest.mark.django_db

TEXT = "Geoffrey Everest Hinton (born 6 December 1947) is a British-Canadian scientist."
PERSON = LabelledSpan(0, 23, "PERSON")
CARDINAL = LabelledSpan(30, 31, "CARDINAL")
SHORT_DATE = LabelledSpan(32, 45, "DATE")
DATE = LabelledSpan(30, 45, "DATE")
NORP = LabelledSpan(52, 59, "NORP")
GOLD = [PERSON, DATE, NORP]


class World:
    """The running example: two annotators who are both wrong, and a reviewer."""

    def __init__(self) -> None:
        self.manager = factories.user_make()
        organization = factories.organization_make(owner=self.manager)
        self.project: Project = factories.project_make(
            organization, self.manager, labels=("PERSON", "CARDINAL", "DATE", "NORP")
        )
        self.one, self.two, self.reviewer = (factories.user_make() for _ in range(3))
        roles = {self.one: ProjectRole.ANNOTATOR, self.two: ProjectRole.ANNOTATOR, self.reviewer: ProjectRole.REVIEWER}
        for person, role in roles.items():
            factories.membership_make(organization, person)
            factories.project_member_make(self.project, person, role)
        self.document: Document = factories.document_make(self.project, TEXT, overlap_target=3)

    def ctx(self, user: User | None = None) -> ProjectContext:
        ctx = project_context(user or self.reviewer, self.project.organization.slug, self.project.uuid)
        assert ctx is not None
        return ctx

    def annotate(self) -> None:
        factories.annotation_make(self.document, self.one, [PERSON, CARDINAL, SHORT_DATE, NORP])
        factories.annotation_make(self.document, self.two, [DATE, NORP])

    def case(self) -> AdjudicationCase:
        case = cases_refresh(document_id=self.document.pk)
        assert case is not None
        return case

    def decisions(self) -> list[Decision]:
        """What a reviewer who knows the answer would press: two proposals."""
        person, date, _ = case_content(self.document).groups
        number = next(n for n, option in enumerate(date.options, 1) if option.spans == (DATE,))
        return [Decision(person.id, "1"), Decision(date.id, str(number))]

    def resolve(self, case: AdjudicationCase, **changes: Any) -> Annotation:
        arguments: dict[str, Any] = {
            "ctx": self.ctx(),
            "case": case,
            "version": case.version,
            "decisions": self.decisions(),
        }
        return case_resolve(**(arguments | changes))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def case(world: World) -> AdjudicationCase:
    world.annotate()
    return world.case()


def gold_of(document: Document) -> list[LabelledSpan]:
    gold = document.annotations.get(kind=Annotation.Kind.GOLD, current=True)
    return [LabelledSpan(span.start, span.end, span.label.name) for span in gold.spans.select_related("label")]


def test_two_people_who_differ_open_one_case(world: World, case: AdjudicationCase) -> None:
    assert case.status == AdjudicationCase.Status.OPEN
    assert case.kinds == {"missing": 1, "boundary_label": 1}
    assert case.n_groups == 2
    assert case.priority == pytest.approx(1.0)
    assert open_count(world.project) == 1


def test_one_person_alone_opens_no_case(world: World) -> None:
    factories.annotation_make(world.document, world.one, [PERSON])
    assert cases_refresh(document_id=world.document.pk) is None


def test_people_who_agree_open_no_case(world: World) -> None:
    for person in (world.one, world.two):
        factories.annotation_make(world.document, person, [PERSON])
    assert cases_refresh(document_id=world.document.pk) is None
    assert not AdjudicationCase.objects.exists()


def test_an_empty_submission_against_a_span_is_a_conflict(world: World) -> None:
    factories.annotation_make(world.document, world.one, [PERSON])
    factories.annotation_make(world.document, world.two, [])
    assert world.case().kinds == {"missing": 1}


def test_refreshing_again_changes_nothing(world: World, case: AdjudicationCase) -> None:
    again = world.case()
    assert (again.pk, again.version) == (case.pk, case.version)


def test_a_document_that_is_gone_is_no_error() -> None:
    assert cases_refresh(document_id=987654) is None


def test_a_third_opinion_changes_the_case_and_its_version(world: World, case: AdjudicationCase) -> None:
    factories.annotation_make(world.document, world.manager, [PERSON])
    again = world.case()
    assert again.pk == case.pk
    assert again.version == case.version + 1
    assert again.kinds != case.kinds


def test_annotators_who_come_to_agree_close_the_case(world: World, case: AdjudicationCase) -> None:
    for person in (world.one, world.two):
        annotation_write(project=world.project, document=world.document, author=person, kind="human", spans=GOLD)
    assert cases_refresh(document_id=world.document.pk) is None
    case.refresh_from_db()
    assert case.status == AdjudicationCase.Status.OBSOLETE


def test_the_database_refuses_a_second_open_case(world: World, case: AdjudicationCase) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        AdjudicationCase.objects.create(
            organization=case.organization,
            project=case.project,
            document=case.document,
            layers_sha="x",
            n_groups=1,
            priority=1,
            opened_at=case.opened_at,
        )


def test_two_decisions_give_the_gold_of_the_running_example(world: World, case: AdjudicationCase) -> None:
    gold = world.resolve(case, comment="A date is one span.")
    assert gold_of(world.document) == GOLD
    case.refresh_from_db()
    assert (case.status, case.resolved_by, case.gold_annotation) == ("resolved", world.reviewer, gold)
    assert open_count(world.project) == 0


def test_gold_says_where_it_came_from(world: World, case: AdjudicationCase) -> None:
    gold = world.resolve(case, comment="A date is one span.")
    provenance = gold.provenance
    judged = world.document.annotations.filter(kind="human")
    assert sorted(provenance["annotations"]) == sorted(str(item.uuid) for item in judged)
    assert provenance["reviewer"] == world.reviewer.pk
    assert provenance["case"] == str(case.uuid)
    assert provenance["comment"] == "A date is one span."
    assert [item["choice"] for item in provenance["decisions"]] == [item.choice for item in world.decisions()]
    assert [group["kind"] for group in provenance["groups"]] == ["missing", "boundary_label", "unanimous"]
    event = AuditEvent.objects.get(verb="case.resolve")
    assert (event.actor, event.target_uuid, event.project_uuid) == (
        world.reviewer,
        case.uuid,
        world.project.uuid,
    )


def test_gold_replaces_the_single_labels_in_the_next_training_set(world: World, case: AdjudicationCase) -> None:
    assert training_set(world.project)[0].source == "vote"
    world.resolve(case)
    (text,) = training_set(world.project)
    assert (text.source, list(text.spans)) == ("gold", GOLD)


def test_added_and_edited_spans_reach_the_gold(world: World, case: AdjudicationCase) -> None:
    person, date, _ = case_content(world.document).groups
    shorter, added = LabelledSpan(0, 8, "PERSON"), LabelledSpan(60, 68, "NORP")
    decisions = [Decision(person.id, EDITED, (shorter,)), Decision(date.id, NOTHING)]
    world.resolve(case, decisions=decisions, added=[added])
    assert gold_of(world.document) == [shorter, NORP, added]


def test_open_groups_block_and_nothing_is_written(world: World, case: AdjudicationCase) -> None:
    with pytest.raises(OpenGroupsError):
        world.resolve(case, decisions=world.decisions()[:1])
    assert not Annotation.objects.filter(kind="gold").exists()
    case.refresh_from_db()
    assert case.status == AdjudicationCase.Status.OPEN


@pytest.mark.parametrize(
    ("added", "error"),
    [
        (LabelledSpan(70, 900, "NORP"), SpanError),
        (LabelledSpan(60, 68, "ALIEN"), SpanError),
        (LabelledSpan(50, 55, "DATE"), DecisionError),
    ],
)
def test_impossible_spans_are_refused(
    world: World, case: AdjudicationCase, added: LabelledSpan, error: type[Exception]
) -> None:
    with pytest.raises(error):
        world.resolve(case, added=[added])
    assert not Annotation.objects.filter(kind="gold").exists()


def test_a_second_reviewer_on_the_old_version_is_refused(world: World, case: AdjudicationCase) -> None:
    first = world.resolve(case)
    with pytest.raises(StaleCaseError):
        world.resolve(case, ctx=world.ctx(another_reviewer(world)))
    assert Annotation.objects.get(kind="gold", current=True) == first


def another_reviewer(world: World) -> User:
    person = factories.user_make()
    factories.membership_make(world.project.organization, person)
    factories.project_member_make(world.project, person, ProjectRole.REVIEWER)
    return person


def test_a_decision_on_work_that_changed_meanwhile_is_refused(world: World, case: AdjudicationCase) -> None:
    """Even before the background job has noticed the new submission."""
    decisions = world.decisions()
    annotation_write(project=world.project, document=world.document, author=world.two, kind="human", spans=[DATE])
    with pytest.raises(StaleCaseError, match="annotator changed"):
        world.resolve(case, decisions=decisions)


@pytest.mark.parametrize("who", ["one", "manager"])
def test_nobody_judges_their_own_work(world: World, case: AdjudicationCase, who: str) -> None:
    """Not even with the right to review: a manager, or an annotator who became a reviewer."""
    person: User = getattr(world, who)
    if who == "one":
        world.project.members.filter(user=person).update(role=ProjectRole.REVIEWER.value)
    else:
        factories.annotation_make(world.document, person, [])
        case = world.case()
    assert next_case(world.ctx(person)) is None
    assert own_open_count(world.ctx(person)) == 1
    with pytest.raises(OwnWorkError, match="somebody else"):
        world.resolve(case, ctx=world.ctx(person))


def test_who_holds_the_document_right_now_does_not_judge_it_either(world: World, case: AdjudicationCase) -> None:
    factories.assignment_make(world.document, world.manager, status=Assignment.Status.ACTIVE)
    assert next_case(world.ctx(world.manager)) is None
    with pytest.raises(OwnWorkError):
        world.resolve(case, ctx=world.ctx(world.manager))


def test_an_annotator_may_not_review(world: World, case: AdjudicationCase) -> None:
    other = factories.user_make()
    factories.membership_make(world.project.organization, other)
    factories.project_member_make(world.project, other, ProjectRole.ANNOTATOR)
    with pytest.raises(PermissionDenied):
        world.resolve(case, ctx=world.ctx(other))


def test_a_case_of_another_project_cannot_be_resolved(world: World, case: AdjudicationCase) -> None:
    other = World()
    with pytest.raises(AdjudicationCase.DoesNotExist):
        world.resolve(case, ctx=other.ctx())


def test_gold_from_elsewhere_closes_the_case_and_keeps_it_closed(world: World, case: AdjudicationCase) -> None:
    gold_publish(project=world.project, document=world.document, author=world.manager, spans=GOLD, provenance={})
    assert cases_refresh(document_id=world.document.pk) is None
    case.refresh_from_db()
    assert case.status == AdjudicationCase.Status.OBSOLETE
    factories.annotation_make(world.document, world.manager, [])
    assert cases_refresh(document_id=world.document.pk) is None


def test_a_new_annotation_never_undoes_a_decision(world: World, case: AdjudicationCase) -> None:
    gold = world.resolve(case)
    factories.annotation_make(world.document, world.manager, [])
    assert cases_refresh(document_id=world.document.pk) is None
    assert Annotation.objects.get(kind="gold", current=True) == gold
    case.refresh_from_db()
    assert case.status == AdjudicationCase.Status.RESOLVED


def test_a_reopened_case_keeps_its_gold_until_it_is_decided_again(world: World, case: AdjudicationCase) -> None:
    world.resolve(case)
    case.refresh_from_db()
    case = case_reopen(ctx=world.ctx(), case=case, version=case.version)
    assert case.status == AdjudicationCase.Status.OPEN
    assert cases_refresh(document_id=world.document.pk) == case
    assert gold_of(world.document) == GOLD
    person, date, _ = case_content(world.document).groups
    world.resolve(case, decisions=[Decision(person.id, NOTHING), Decision(date.id, NOTHING)])
    assert gold_of(world.document) == [NORP]
    revisions = Annotation.objects.filter(kind="gold").order_by("revision")
    assert [(item.revision, item.current) for item in revisions] == [(1, False), (2, True)]


def test_a_case_the_annotators_settled_themselves_is_not_reopened(world: World, case: AdjudicationCase) -> None:
    for person in (world.one, world.two):
        annotation_write(project=world.project, document=world.document, author=person, kind="human", spans=GOLD)
    cases_refresh(document_id=world.document.pk)
    case.refresh_from_db()
    with pytest.raises(CaseError, match="agree by now"):
        case_reopen(ctx=world.ctx(), case=case, version=case.version)


def test_the_queue_starts_with_most_to_correct_and_goes_round(world: World, case: AdjudicationCase) -> None:
    small = factories.document_make(world.project, overlap_target=2)
    factories.annotation_make(small, world.one, [(0, 3, "PERSON")])
    factories.annotation_make(small, world.two, [])
    second = cases_refresh(document_id=small.pk)
    assert second is not None
    ctx = world.ctx()
    assert next_case(ctx) == case
    assert next_case(ctx, after=case.uuid) == second
    assert next_case(ctx, after=second.uuid) == case


def test_the_list_filters_by_kind_and_status(world: World, case: AdjudicationCase) -> None:
    assert list(cases_listed(world.project, kind="missing")) == [case]
    assert list(cases_listed(world.project, kind="label")) == []
    assert list(cases_listed(world.project, status="resolved")) == []
    assert list(cases_listed(world.project, kind="nonsense", status="nonsense")) == [case]
