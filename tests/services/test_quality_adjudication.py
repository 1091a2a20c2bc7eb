"""Escalation, second decisions, unanimous gold and its audit, changed work, the guideline log."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Document
from annotation.selectors.documents import documents_page, shown_layers
from annotation.selectors.layers import document_layers
from annotation.services.annotations import annotation_write
from annotation.services.exports import export_parts
from daner_site.accounts.models import AuditEvent
from daner_site.core.clock import now
from quality.domain.adjudication import NOTHING, Decision
from quality.models import AdjudicationCase, ConsensusDocument, ConsensusRun, Review, Ruling
from quality.selectors.cases import next_case
from quality.selectors.consensus import layers_sha
from quality.selectors.content import case_content
from quality.selectors.rulings import places_like, ruling_rows
from quality.services.cases import cases_refresh, priorities_refresh
from quality.services.rulings import RulingError, ruling_close, ruling_note
from quality.services.settling import (
    CaseError,
    DecidedBeforeError,
    EscalatedError,
    StaleCaseError,
    case_escalate,
    case_reopen,
    case_resolve,
    suggestions_ask,
)
from quality.services.unanimous import unanimous_accept
from tests import factories
from tests.services.test_quality_cases import (
    CARDINAL,
    DATE,
    GOLD,
    NORP,
    PERSON,
    SHORT_DATE,
    World,
    another_reviewer,
    gold_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def case(world: World) -> AdjudicationCase:
    world.annotate()
    return world.case()


def draw(monkeypatch: pytest.MonkeyPatch, *samples: str) -> None:
    """Make chance draw every document for these samples and none for the others."""
    shares = {name: float(name in samples) for name in ("blind", "second", "audit")}
    monkeypatch.setattr("quality.domain.samples.SHARES", shares)


def again(case: AdjudicationCase) -> AdjudicationCase:
    return AdjudicationCase.objects.get(pk=case.pk)


# --- what is written down ---------------------------------------------------------------------


def test_a_review_keeps_every_place_with_its_support_and_reason(world: World, case: AdjudicationCase) -> None:
    person, date = world.decisions()
    world.resolve(case, decisions=[Decision(person.group, person.choice, reason="slip"), date], seconds=12.5)
    review = Review.objects.get()
    assert (review.reviewer, review.seconds, review.with_suggestions) == (world.reviewer, 12.5, False)
    assert [(place["text"], place["support"], place["reason"]) for place in review.places] == [
        ("Geoffrey Everest Hinton", "half", "slip"),
        ("6 December 1947", "half", ""),
    ]
    assert review.spans == [[span.start, span.end, span.label] for span in GOLD]


@pytest.mark.parametrize(("third", "expected"), [([PERSON], "majority"), ([], "minority")])
def test_support_counts_people(world: World, third: list[LabelledSpan], expected: str) -> None:
    world.annotate()
    factories.annotation_make(world.document, world.manager, third)
    world.resolve(world.case(), decisions=[Decision(group.id, "1") for group in case_content(world.document).groups])
    assert Review.objects.get().places[0]["support"] == expected


def test_what_nobody_wrote_has_no_support(world: World, case: AdjudicationCase) -> None:
    person, date, _ = case_content(world.document).groups
    shorter = LabelledSpan(0, 8, "PERSON")
    world.resolve(case, decisions=[Decision(person.id, "edited", (shorter,)), Decision(date.id, NOTHING)])
    assert [place["support"] for place in Review.objects.get().places] == ["none", "none"]


def test_an_ambiguous_place_is_marked_in_the_gold_with_its_alternatives(world: World, case: AdjudicationCase) -> None:
    person, date = world.decisions()
    gold = world.resolve(case, decisions=[person, Decision(date.group, date.choice, reason="ambiguous")])
    (marked,) = gold.provenance["ambiguous"]
    assert marked["group"] == date.group
    assert len(marked["options"]) == 2


# --- escalation ---------------------------------------------------------------------------------


def test_a_case_passed_on_is_for_a_manager(world: World, case: AdjudicationCase) -> None:
    case = case_escalate(ctx=world.ctx(), case=case, version=case.version, note="Is a title part of a name?")
    assert (case.escalated_by, case.escalation) == (world.reviewer, "Is a title part of a name?")
    assert next_case(world.ctx()) is None
    assert next_case(world.ctx(world.manager)) == case
    with pytest.raises(EscalatedError):
        world.resolve(case)
    world.resolve(case, ctx=world.ctx(world.manager))
    assert gold_of(world.document) == GOLD
    assert AuditEvent.objects.filter(verb="case.escalate", actor=world.reviewer).count() == 1


def test_what_was_passed_on_comes_first_to_a_manager(world: World, case: AdjudicationCase) -> None:
    small = factories.document_make(world.project, overlap_target=2)
    factories.annotation_make(small, world.one, [(0, 3, "PERSON")])
    factories.annotation_make(small, world.two, [])
    second = cases_refresh(document_id=small.pk)
    assert second is not None
    assert next_case(world.ctx(world.manager)) == case
    case_escalate(ctx=world.ctx(), case=second, version=second.version, note="Hm.")
    assert next_case(world.ctx(world.manager)) == second


def test_passing_on_needs_a_reason_and_the_right_to_review(world: World, case: AdjudicationCase) -> None:
    with pytest.raises(CaseError, match="few words"):
        case_escalate(ctx=world.ctx(), case=case, version=case.version, note="  ")
    with pytest.raises(PermissionDenied):
        case_escalate(ctx=world.ctx(world.one), case=case, version=case.version, note="x")


# --- two independent decisions --------------------------------------------------------------------


def second_case(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[AdjudicationCase, Any]:
    draw(monkeypatch, "second")
    other = another_reviewer(world)
    world.annotate()
    world.resolve(world.case())
    case = AdjudicationCase.objects.get(document=world.document, status="open")
    assert (case.origin, case.barred) == ("second", world.reviewer)
    return case, other


def test_a_sample_is_decided_by_two_people_apart(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case, other = second_case(world, monkeypatch)
    assert next_case(world.ctx()) is None
    with pytest.raises(DecidedBeforeError):
        world.resolve(case)
    assert next_case(world.ctx(other)) == case
    assert cases_refresh(document_id=world.document.pk) == case
    gold = world.resolve(case, ctx=world.ctx(other))
    assert again(case).status == "resolved"
    assert gold.author == world.reviewer
    assert Annotation.objects.filter(kind="gold").count() == 1
    assert Review.objects.get(origin="second").gold is None


def test_two_different_decisions_go_to_a_manager_and_the_first_stands_until_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, other = second_case(world, monkeypatch)
    person, date, _ = case_content(world.document).groups
    world.resolve(case, ctx=world.ctx(other), decisions=[Decision(person.id, NOTHING), Decision(date.id, NOTHING)])
    case = again(case)
    assert (case.status, case.escalated_by) == ("open", None)
    assert "differently" in case.escalation
    assert gold_of(world.document) == GOLD
    world.resolve(case, ctx=world.ctx(world.manager))
    assert again(case).status == "resolved"
    assert Annotation.objects.get(kind="gold", current=True).author == world.manager


def test_a_lone_reviewer_is_not_asked_for_a_second_opinion(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(monkeypatch, "second")
    world.annotate()
    world.resolve(world.case())
    assert not AdjudicationCase.objects.filter(status="open").exists()


def test_a_second_decision_reopened_is_an_ordinary_case(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case, other = second_case(world, monkeypatch)
    world.resolve(case, ctx=world.ctx(other))
    case = again(case)
    # The one who was first may decide again, openly.
    case.barred = None
    case = case_reopen(ctx=world.ctx(other), case=again(case), version=case.version)
    assert (case.origin, case.before, case.barred) == ("conflict", None, None)


# --- suggestions ------------------------------------------------------------------------------------


def test_asking_for_suggestions_is_written_down(
    world: World, case: AdjudicationCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(monkeypatch)
    suggestions_ask(ctx=world.ctx(), case=case)
    suggestions_ask(ctx=world.ctx(), case=case)
    world.resolve(case)
    assert again(case).suggested_to == [world.reviewer.pk]
    assert Review.objects.get().with_suggestions


def test_a_blind_case_gives_none_away(world: World, case: AdjudicationCase, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(monkeypatch, "blind")
    with pytest.raises(CaseError, match="without suggestions"):
        suggestions_ask(ctx=world.ctx(), case=case)
    world.resolve(case)
    review = Review.objects.get()
    assert (review.blind, review.with_suggestions) == (True, False)


# --- unanimous gold -----------------------------------------------------------------------------------


def unanimous(world: World, *spans: LabelledSpan) -> Document:
    world.project.accept_unanimous = True
    world.project.save()
    document = factories.document_make(world.project, overlap_target=2)
    for person in (world.one, world.two):
        factories.annotation_make(document, person, list(spans))
    return document


FIRST = LabelledSpan(0, 3, "PERSON")


def test_what_everybody_marked_becomes_gold_that_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(monkeypatch)
    document = unanimous(world, FIRST)
    gold = unanimous_accept(document_id=document.pk)
    assert gold is not None
    assert gold_of(document) == [FIRST]
    assert gold.provenance["source"] == "unanimous"
    assert unanimous_accept(document_id=document.pk) is None
    assert not AdjudicationCase.objects.exists()


def test_it_is_off_unless_the_project_wants_it(world: World) -> None:
    document = unanimous(world, FIRST)
    world.project.accept_unanimous = False
    world.project.save()
    assert unanimous_accept(document_id=document.pk) is None


def test_one_person_or_a_difference_or_a_missing_person_is_not_unanimous(world: World) -> None:
    document = unanimous(world, FIRST)
    Annotation.objects.filter(document=document, author=world.two).delete()
    assert unanimous_accept(document_id=document.pk) is None
    differing = unanimous(world)
    factories.annotation_make(differing, world.manager, [FIRST])
    assert unanimous_accept(document_id=differing.pk) is None
    waiting = unanimous(world, FIRST)
    Document.objects.filter(pk=waiting.pk).update(overlap_target=3)
    assert unanimous_accept(document_id=waiting.pk) is None


def test_a_sample_is_checked_by_a_reviewer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(monkeypatch, "audit")
    document = unanimous(world, FIRST)
    assert unanimous_accept(document_id=document.pk) is not None
    case = cases_refresh(document_id=document.pk)
    assert case is not None
    assert (case.origin, case.n_groups, case.before) == ("audit", 0, [[0, 3, "PERSON"]])
    (group,) = case_content(document).groups
    decisions = [Decision(group.id, NOTHING)]
    case_resolve(ctx=world.ctx(), case=case, version=case.version, decisions=decisions)
    assert gold_of(document) == []
    review = Review.objects.get()
    assert (review.before, review.spans) == ([[0, 3, "PERSON"]], [])
    assert document.annotations.get(kind="gold", current=True).provenance["source"] == "adjudication"


# --- an annotator changes their work afterwards -----------------------------------------------------


def resubmit(world: World, *spans: LabelledSpan) -> AdjudicationCase | None:
    annotation_write(project=world.project, document=world.document, author=world.two, kind="human", spans=spans)
    return cases_refresh(document_id=world.document.pk)


def test_only_changed_places_come_back_and_decisions_are_kept(world: World, case: AdjudicationCase) -> None:
    world.resolve(case)
    gold = Annotation.objects.get(kind="gold")
    # Everything as before, but NORP is gone: one place has become a difference.
    changed = resubmit(world, DATE)
    assert changed is not None
    assert again(case).status == "resolved"
    assert Annotation.objects.get(kind="gold", current=True) == gold
    new = next(group for group in case_content(world.document).open_groups if group.start == NORP.start)
    assert (changed.origin, changed.stale) == ("changed", [new.id])
    kept = {item["group"]: item["choice"] for item in changed.decisions["decisions"]}
    assert kept == {item.group: item.choice for item in world.decisions()}
    assert cases_refresh(document_id=world.document.pk) == changed
    world.resolve(changed, decisions=[*world.decisions(), Decision(new.id, "1")])
    assert cases_refresh(document_id=world.document.pk) is None


def test_a_change_that_leaves_every_place_decided_brings_nothing_back(world: World, case: AdjudicationCase) -> None:
    world.resolve(case)
    assert resubmit(world, DATE, NORP) is None


# --- the guideline log --------------------------------------------------------------------------------


def ask(world: World, case: AdjudicationCase, comment: str = "") -> Ruling:
    person, date = world.decisions()
    decisions = [person, Decision(date.group, date.choice, reason="guideline")]
    world.resolve(case, decisions=decisions, comment=comment)
    return Ruling.objects.get()


def test_a_gap_in_the_guideline_is_asked_in_the_log(world: World, case: AdjudicationCase) -> None:
    ruling = ask(world, case)
    assert (ruling.number, ruling.string, ruling.kind) == (1, "6 December 1947", "boundary_label")
    assert "born 6 December 1947" in ruling.example
    assert ruling.cases == [str(case.uuid)]
    assert ruling.asked_by == world.reviewer


def test_the_same_words_are_asked_about_once(world: World, case: AdjudicationCase) -> None:
    ruling = ask(world, case)
    case = case_reopen(ctx=world.ctx(), case=again(case), version=again(case).version)
    assert ask(world, case) == ruling


def test_a_ruling_can_bring_the_same_words_back(world: World, case: AdjudicationCase) -> None:
    ruling = ask(world, case)
    manager = world.ctx(world.manager)
    (row,) = ruling_rows(world.project, [ruling])
    assert (row.cases, row.same_string, row.same_kind) == (1, 1, 1)
    ruling = ruling_close(ctx=manager, ruling=ruling, text="A date is one span.", again="string")
    assert (ruling.requeued, ruling.ruled_by, ruling.ruling) == (1, world.manager, "A date is one span.")
    date = world.decisions()[1].group
    assert (again(case).status, again(case).stale) == ("open", [date])
    assert gold_of(world.document) == GOLD
    assert cases_refresh(document_id=world.document.pk) == case
    assert places_like(world.project, ruling, "string") == {}


def test_a_ruling_may_leave_everything_as_it_is_and_is_made_once(world: World, case: AdjudicationCase) -> None:
    ruling = ask(world, case)
    manager = world.ctx(world.manager)
    with pytest.raises(RulingError, match="Write the ruling"):
        ruling_close(ctx=manager, ruling=ruling, text=" ")
    with pytest.raises(PermissionDenied):
        ruling_close(ctx=world.ctx(), ruling=ruling, text="A date is one span.")
    ruling_close(ctx=manager, ruling=ruling, text="A date is one span.")
    assert again(case).status == "resolved"
    with pytest.raises(RulingError, match="meanwhile"):
        ruling_close(ctx=manager, ruling=ruling, text="No.")


def test_a_reviewer_can_ask_anything(world: World) -> None:
    ruling = ruling_note(ctx=world.ctx(), question="Are ships organisations?")
    assert (ruling.number, ruling.kind) == (1, "")
    with pytest.raises(RulingError):
        ruling_note(ctx=world.ctx(), question=" ")


def test_the_running_examples_gold_takes_a_reviewer_three_actions(world: World, case: AdjudicationCase) -> None:
    """Two proposals and "finish"; neither annotator is right, and the agreed place needs nothing."""
    assert {frozenset([PERSON, CARDINAL, SHORT_DATE, NORP]), frozenset([DATE, NORP])} == {
        frozenset(layer.spans) for layer in case_content(world.document).layers.layers
    }
    decisions = world.decisions()
    world.resolve(case, decisions=decisions)
    assert len(decisions) + 1 <= 3
    assert gold_of(world.document) == GOLD


def test_unanimous_gold_is_told_apart_where_it_is_listed_and_exported(
    world: World, case: AdjudicationCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(monkeypatch)
    document = unanimous(world, FIRST)
    unanimous_accept(document_id=document.pk)
    world.resolve(case)
    rows = [json.loads(line) for line in "".join(export_parts(world.project, layer="gold", fmt="jsonl")).splitlines()]
    assert [row["gold_source"] for row in rows] == ["adjudication", "unanimous"]
    listed = documents_page(world.project, number="1")
    assert [item.unanimous for item in listed] == [False, True]
    notes = [shown_layers(world.project, item)[0].note for item in (world.document, document)]
    assert notes == [f"decided by {world.reviewer.name}", "everybody marked the same; no reviewer decided"]


def test_the_consensus_says_which_case_comes_first(world: World, case: AdjudicationCase) -> None:
    """By people alone, two places in doubt of one half each; the consensus is surer of the date."""
    assert case.priority == pytest.approx(1.0)
    run = ConsensusRun.objects.create(
        organization=world.project.organization,
        project=world.project,
        number=1,
        data_sha="x",
        watermark=0,
        created_at=now(),
        finished_at=now(),
    )
    layers = document_layers(world.document)
    ConsensusDocument.objects.create(
        organization=world.project.organization,
        run=run,
        document=world.document,
        spans=[{"start": 30, "end": 45, "label": "DATE", "confidence": 0.9, "supporters": [], "against": []}],
        people=2,
        uncertainty=0.1,
        layers_sha=layers_sha(layers),
    )
    assert priorities_refresh(project_id=world.project.pk) == 1
    assert again(case).priority == pytest.approx(0.5 + 0.1)
    assert again(case).version == case.version
    assert priorities_refresh(project_id=world.project.pk) == 0


def test_an_older_case_of_a_document_cannot_undo_a_newer_decision(world: World, case: AdjudicationCase) -> None:
    """Found by the 1,000 interleavings: a page on the decided case, kept open while a new one is decided."""
    world.resolve(case)
    old = again(case)
    changed = resubmit(world, DATE)
    assert changed is not None
    decisions = [Decision(group.id, "1") for group in case_content(world.document).open_groups]
    newer = world.resolve(changed, decisions=decisions)
    with pytest.raises(StaleCaseError):
        world.resolve(old, decisions=decisions)
    assert Annotation.objects.get(kind="gold", current=True) == newer
