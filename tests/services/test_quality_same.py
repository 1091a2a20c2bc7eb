"""One decision for the same words elsewhere: decided one by one, finished where nothing is left, taken back."""

from __future__ import annotations

import pytest

from annotation.domain.spans import LabelledSpan, SpanError
from annotation.models import Annotation, Document
from daner_site.accounts.models import AuditEvent
from quality.domain.adjudication import DecisionError
from quality.models import AdjudicationCase, DecisionApplication, Review
from quality.selectors.content import case_content
from quality.selectors.review import stored_state
from quality.selectors.same import same_places
from quality.services.cases import cases_refresh
from quality.services.leases import lease_take
from quality.services.same import application_undo, decision_apply
from quality.services.settling import OwnWorkError
from tests import factories
from tests.services.test_quality_adjudication import draw
from tests.services.test_quality_cases import World, another_reviewer, gold_of

pytestmark = pytest.mark.django_db

FIRST = "Oslo met Ada in Rome."
HERE = "Ada likes Oslo."
TWO_PLACES = "Oslo is not Rome."


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    draw(monkeypatch)
    return World()


def disputed(world: World, text: str, *words: str, labels: tuple[str, str] = ("PERSON", "NORP")) -> AdjudicationCase:
    """A case in which two people labelled each of the words differently."""
    document = factories.document_make(world.project, text, overlap_target=2)
    for person, label in zip((world.one, world.two), labels, strict=True):
        spans = [(text.index(word), text.index(word) + len(word), label) for word in words]
        factories.annotation_make(document, person, spans)
    case = cases_refresh(document_id=document.pk)
    assert case is not None
    return case


def first_group(case: AdjudicationCase, number: int = 0) -> str:
    return case_content(case.document).open_groups[number].id


def found(world: World, case: AdjudicationCase) -> list[tuple[Document, bool]]:
    content = case_content(case.document)
    places = same_places(world.ctx(), case, content, content.open_groups[0])
    return [(place.case.document, place.here) for place in places]


def spans_of(case: AdjudicationCase, label: str) -> list[LabelledSpan]:
    group = case_content(case.document).open_groups[0]
    return [LabelledSpan(group.start, group.end, label)]


def apply(world: World, case: AdjudicationCase, *targets: AdjudicationCase, label: str = "NORP") -> DecisionApplication:
    return decision_apply(
        ctx=world.ctx(),
        case=case,
        group=first_group(case),
        spans=spans_of(case, label) if label else [],
        reason="slip",
        places=[(target.uuid, first_group(target)) for target in targets],
    )


def test_the_same_words_between_the_same_labels_are_found(world: World) -> None:
    case = disputed(world, "Oslo, Oslo and Oslo.", "Oslo")
    alike = disputed(world, HERE, "Oslo")
    disputed(world, "oslo, in small letters", "oslo")
    disputed(world, "Oslofjord", "Oslofjord")
    disputed(world, "Oslo as a date", "Oslo", labels=("DATE", "NORP"))
    factories.document_make(world.project, "Oslo, which nobody labelled")
    assert found(world, case) == [(alike.document, False)]


def test_places_of_the_same_document_come_first(world: World) -> None:
    text = "Oslo and then Oslo"
    document = factories.document_make(world.project, text, overlap_target=2)
    for person, label in ((world.one, "PERSON"), (world.two, "NORP")):
        factories.annotation_make(document, person, [(0, 4, label), (14, 18, label)])
    case = cases_refresh(document_id=document.pk)
    assert case is not None
    other = disputed(world, HERE, "Oslo")
    assert found(world, case) == [(document, True), (other.document, False)]


def test_what_is_not_theirs_to_decide_is_not_offered(world: World) -> None:
    case = disputed(world, FIRST, "Oslo")
    escalated, checked, leased, own = (disputed(world, f"Oslo again, {n}", "Oslo") for n in range(4))
    AdjudicationCase.objects.filter(pk=escalated.pk).update(escalated_at=case.opened_at)
    AdjudicationCase.objects.filter(pk=checked.pk).update(origin="second", before=[])
    lease_take(ctx=world.ctx(another_reviewer(world)), document=leased.document)
    factories.annotation_make(own.document, world.reviewer, [])
    assert found(world, case) == []
    done = apply(world, case, escalated, checked, leased, own)
    assert done.places == []
    assert not Annotation.objects.filter(kind="gold").exists()


def test_a_document_whose_only_place_it_was_is_finished(world: World) -> None:
    case, other = disputed(world, FIRST, "Oslo"), disputed(world, HERE, "Oslo")
    done = apply(world, case, other)
    assert [place["finished"] for place in done.places] == [True]
    assert gold_of(other.document) == [LabelledSpan(10, 14, "NORP")]
    review = Review.objects.get()
    assert (review.reviewer, review.places[0]["reason"]) == (world.reviewer, "slip")
    assert review.places[0]["applied"] == f"applied from document {case.document.position + 1}"
    event = AuditEvent.objects.get(verb="case.apply")
    assert (event.target_uuid, event.payload["from"]) == (other.uuid, str(case.uuid))
    assert event.payload["reason"] == review.places[0]["applied"]
    assert AuditEvent.objects.filter(verb="case.resolve", target_uuid=other.uuid).exists()
    case.refresh_from_db()
    assert case.status == "open", "its own document is decided on its own page"


def test_with_other_places_open_the_decision_waits_there(world: World) -> None:
    case, other = disputed(world, FIRST, "Oslo"), disputed(world, TWO_PLACES, "Oslo", "Rome")
    done = apply(world, case, other)
    assert [place["finished"] for place in done.places] == [False]
    other.refresh_from_db()
    assert other.status == "open"
    [kept] = stored_state(other)["decisions"]
    assert (kept["group"], kept["reason"]) == (first_group(other), "slip")
    assert found(world, case) == [], "it is decided, so it is not offered again"
    # The second place comes from elsewhere too, and then the document is finished.
    rome = disputed(world, "Rome, at last", "Rome")
    decision_apply(
        ctx=world.ctx(), case=rome, group=first_group(rome), spans=[], places=[(other.uuid, first_group(other, 1))]
    )
    assert gold_of(other.document) == [LabelledSpan(0, 4, "NORP")]


def test_nothing_here_and_bounds_nobody_wrote_are_applied_too(world: World) -> None:
    case, other, third = (disputed(world, text, "Oslo") for text in (FIRST, HERE, "Oslo!"))
    apply(world, case, other, label="")
    assert gold_of(other.document) == []
    group = case_content(case.document).open_groups[0]
    half = [LabelledSpan(group.start, group.start + 2, "DATE")]
    places = [(third.uuid, first_group(third))]
    decision_apply(ctx=world.ctx(), case=case, group=group.id, spans=half, places=places)
    assert gold_of(third.document) == [LabelledSpan(0, 2, "DATE")]
    wide = [LabelledSpan(group.start, group.end + 4, "DATE")]
    with pytest.raises(DecisionError, match="reaches beyond the place"):
        decision_apply(
            ctx=world.ctx(),
            case=case,
            group=group.id,
            spans=wide,
            places=[(disputed(world, "Oslo", "Oslo").uuid, first_group(AdjudicationCase.objects.latest("pk")))],
        )


def test_it_is_taken_back(world: World) -> None:
    case, alone, waits = (
        disputed(world, FIRST, "Oslo"),
        disputed(world, HERE, "Oslo"),
        disputed(world, TWO_PLACES, "Oslo", "Rome"),
    )
    done = apply(world, case, alone, waits)
    assert application_undo(ctx=world.ctx(), application=done) == 2
    for item in (alone, waits):
        item.refresh_from_db()
        assert (item.status, stored_state(item)["decisions"]) == ("open", [])
        assert not item.document.annotations.filter(kind="gold", current=True).exists()
        assert cases_refresh(document_id=item.document.pk) == item
    assert AuditEvent.objects.filter(verb="gold.withdraw").count() == 1
    assert application_undo(ctx=world.ctx(), application=done) == 0
    # Decided anew, gold goes on counting.
    apply(world, case, alone, label="PERSON")
    assert alone.document.annotations.get(kind="gold", current=True).revision == 2


def test_where_somebody_went_on_it_is_not_taken_back(world: World) -> None:
    case, other = disputed(world, FIRST, "Oslo"), disputed(world, HERE, "Oslo")
    done = apply(world, case, other)
    AdjudicationCase.objects.filter(pk=other.pk).update(version=99)
    assert application_undo(ctx=world.ctx(), application=done) == 0
    assert gold_of(other.document) == [LabelledSpan(10, 14, "NORP")]


def test_nobody_applies_from_or_to_their_own_work(world: World) -> None:
    case, other = disputed(world, FIRST, "Oslo"), disputed(world, HERE, "Oslo")
    factories.annotation_make(case.document, world.reviewer, [])
    with pytest.raises(OwnWorkError):
        decision_apply(ctx=world.ctx(), case=case, group="x", spans=[], places=[(other.uuid, first_group(other))])


def test_an_unknown_label_writes_nothing(world: World) -> None:
    case, other = disputed(world, FIRST, "Oslo"), disputed(world, HERE, "Oslo")
    with pytest.raises(SpanError):
        apply(world, case, other, label="NOSUCH")
    assert not DecisionApplication.objects.exists()


def test_a_document_with_gold_or_drawn_twice_is_never_finished_from_afar(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, other = disputed(world, FIRST, "Oslo"), disputed(world, HERE, "Oslo")
    draw(monkeypatch, "second")
    done = apply(world, case, other)
    assert [place["finished"] for place in done.places] == [False]
    assert not Annotation.objects.filter(kind="gold").exists()
