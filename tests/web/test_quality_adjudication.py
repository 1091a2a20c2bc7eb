"""Pages around review: filters, passing on, suggestions, the guideline log, figures, one's own documents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Project, Suggestion
from daner_site.core.clock import now
from quality.domain.adjudication import NOTHING, Decision
from quality.models import AdjudicationCase, Review, Ruling
from quality.selectors.content import case_content
from quality.selectors.outcomes import outcomes
from quality.services.settling import case_resolve
from quality.services.unanimous import unanimous_accept
from tests.services.test_quality_adjudication import FIRST, again, draw, second_case, unanimous
from tests.services.test_quality_cases import DATE, PERSON, World, another_reviewer
from tests.web.quality_helpers import address, case_address, form_of, signed_in
from tests.web.reading import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = World()
    world.annotate()
    return world


@pytest.fixture
def case(world: World) -> AdjudicationCase:
    return world.case()


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("label=DATE", True),
        ("label=NORP", False),
        ("kind=missing&label=PERSON", True),
        ("age=1", False),
        ("label=NOSUCH&age=soon", True),
    ],
)
def test_conflicts_are_filtered_by_label_and_age(
    client: Client, world: World, case: AdjudicationCase, query: str, shown: bool
) -> None:
    page = signed_in(client, world.reviewer).get(f"{address(world, 'quality:conflicts')}?{query}")
    assert (case_address(world, case) in text_of(page)) is shown


def test_old_conflicts_are_found_by_age(client: Client, world: World, case: AdjudicationCase) -> None:
    AdjudicationCase.objects.update(opened_at=now() - timedelta(days=8))
    url = address(world, "quality:conflicts")
    client = signed_in(client, world.reviewer)
    assert case_address(world, case) in text_of(client.get(f"{url}?age=7"))
    assert case_address(world, case) not in text_of(client.get(f"{url}?age=30"))


def test_a_reason_and_the_time_reach_the_review(client: Client, world: World, case: AdjudicationCase) -> None:
    person, _ = world.decisions()
    form = form_of(world, case) | {f"reason-{person.group}": "slip", "seconds": "31.5"}
    assert signed_in(client, world.reviewer).post(case_address(world, case), form).status_code == 302
    review = Review.objects.get()
    assert ([place["reason"] for place in review.places], review.seconds) == (["slip", ""], 31.5)


@pytest.mark.parametrize("seconds", ["", "soon", "-4", "inf", "nan", "9e9"])
def test_a_time_nobody_could_take_is_not_kept(
    client: Client, world: World, case: AdjudicationCase, seconds: str
) -> None:
    form = form_of(world, case) | {"seconds": seconds}
    assert signed_in(client, world.reviewer).post(case_address(world, case), form).status_code == 302
    assert Review.objects.get().seconds is None


def test_an_invented_reason_is_refused(client: Client, world: World, case: AdjudicationCase) -> None:
    form = form_of(world, case) | {f"reason-{world.decisions()[0].group}": "because"}
    page = signed_in(client, world.reviewer).post(case_address(world, case), form)
    assert page.status_code == 422
    assert "reason: not one of those offered" in text_of(page)


def test_passing_a_case_on_takes_it_off_the_reviewers_list(
    client: Client, world: World, case: AdjudicationCase
) -> None:
    client = signed_in(client, world.reviewer)
    url = address(world, "quality:case_escalate", case=case.uuid)
    answer = client.post(url, {"version": case.version, "note": "Two readings."})
    assert answer["Location"] == address(world, "quality:review")
    assert "There is no open conflict" in text_of(client.get(answer["Location"]))
    page = client.post(case_address(world, case), form_of(world, again(case)))
    assert page.status_code == 403
    assert "a manager of the project decides it" in text_of(page)
    manager = signed_in(Client(), world.manager)
    assert "Two readings." in text_of(manager.get(case_address(world, case)))


def test_passing_on_without_a_reason_says_so(client: Client, world: World, case: AdjudicationCase) -> None:
    url = address(world, "quality:case_escalate", case=case.uuid)
    page = signed_in(client, world.reviewer).post(url, {"version": case.version, "note": ""}, follow=True)
    assert "Say in a few words" in text_of(page)


def suggest(world: World) -> None:
    Suggestion.objects.create(
        organization=world.project.organization,
        project=world.project,
        document=world.document,
        model_uuid=world.project.uuid,
        model_name="v7",
        spans=[{"start": 30, "end": 45, "label": "DATE", "confidence": 0.83}],
    )


def test_suggestions_are_shown_on_request_only(
    client: Client, world: World, case: AdjudicationCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(monkeypatch)
    suggest(world)
    client = signed_in(client, world.reviewer)
    assert "v7" not in text_of(client.get(case_address(world, case)))
    fragment = text_of(client.post(address(world, "quality:case_suggestions", case=case.uuid)))
    assert "v7" in fragment
    assert "83 %" in fragment
    number = next(d.choice for d in world.decisions() if d.group == world.decisions()[1].group)
    assert f"proposal <kbd>{number}</kbd>" in fragment
    assert "proposal <kbd>x</kbd>" in fragment  # nothing where one person saw Hinton


def test_a_blind_case_offers_no_suggestions(
    client: Client, world: World, case: AdjudicationCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(monkeypatch, "blind")
    suggest(world)
    client = signed_in(client, world.reviewer)
    url = address(world, "quality:case_suggestions", case=case.uuid)
    page = text_of(client.get(case_address(world, case)))
    assert url not in page
    assert "Drawn to be decided without suggestions" in page
    assert "v7" not in text_of(client.post(url))
    assert again(case).suggested_to == []


def test_where_nothing_is_known_the_suggestion_says_so(
    client: Client, world: World, case: AdjudicationCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(monkeypatch)
    fragment = signed_in(client, world.reviewer).post(address(world, "quality:case_suggestions", case=case.uuid))
    assert "There is no suggestion" in text_of(fragment)


def test_places_to_decide_again_are_open_and_the_rest_is_kept(
    client: Client, world: World, case: AdjudicationCase
) -> None:
    world.resolve(case)
    person, date = world.decisions()
    AdjudicationCase.objects.update(status="open", opened_at=now(), stale=[date.group])
    page = signed_in(client, world.reviewer).get(case_address(world, case))
    rows = {row.id: row for row in page.context["page"].open_groups}
    assert (rows[date.group].stale, rows[person.group].stale) == (True, False)
    assert [option.chosen for option in rows[date.group].options] == [False] * 3
    assert rows[person.group].options[0].chosen
    assert "decide again" in text_of(page)


def test_the_second_reviewer_is_not_shown_the_first_decision(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    case, other = second_case(World(), monkeypatch)
    world_url = {"org": case.project.organization.slug, "project": case.project.uuid}
    page = signed_in(client, other).get(reverse("quality:case", kwargs={**world_url, "case": case.uuid}))
    rows = page.context["page"].open_groups
    assert not any(option.chosen for row in rows for option in row.options)
    assert not any(piece.label == "PERSON" for piece in page.context["page"].text)


# --- the guideline log --------------------------------------------------------------------------------


def test_everybody_reads_the_log_reviewers_ask_and_managers_rule(client: Client, world: World) -> None:
    url = address(world, "quality:rulings")
    reviewer = signed_in(Client(), world.reviewer)
    assert reviewer.post(url, {"question": "Are ships organisations?"}).status_code == 302
    ruling = Ruling.objects.get()
    assert "Are ships organisations?" in text_of(signed_in(client, world.one).get(url))
    assert client.post(url, {"question": "May I?"}).status_code == 403
    answer = address(world, "quality:ruling", ruling=ruling.uuid)
    assert reviewer.post(answer, {"text": "No."}).status_code == 403
    manager = signed_in(Client(), world.manager)
    assert "Ruled." in text_of(manager.post(answer, {"text": "No."}, follow=True))
    assert "meanwhile" in text_of(manager.post(answer, {"text": "Yes."}, follow=True))
    page = text_of(client.get(url))
    assert "No." in page
    assert "Yes." not in page


def test_a_question_without_words_is_not_asked(client: Client, world: World) -> None:
    page = signed_in(client, world.reviewer).post(address(world, "quality:rulings"), {"question": ""})
    assert page.status_code == 422
    assert not Ruling.objects.exists()


def test_a_ruling_from_the_page_brings_documents_back(client: Client, world: World, case: AdjudicationCase) -> None:
    person, date = world.decisions()
    world.resolve(case, decisions=[person, Decision(date.group, date.choice, reason="guideline")])
    client = signed_in(client, world.manager)
    page = client.get(address(world, "quality:rulings"))
    assert "1 with the same words" in text_of(page)
    answer = address(world, "quality:ruling", ruling=Ruling.objects.get().uuid)
    page = client.post(answer, {"text": "One span.", "again": "string"}, follow=True)
    assert "1 went back to the reviewers" in text_of(page)
    assert again(case).status == "open"


# --- what came of it -----------------------------------------------------------------------------------


def test_after_figures_compare_people_with_gold(client: Client, world: World, case: AdjudicationCase) -> None:
    """The ancestor's figures: user 1 has 0.571 and user 2 has 0.800 against gold."""
    world.resolve(case, seconds=20.0)
    found = outcomes(world.project)
    scores = {row.name: row for row in found.rows}
    assert scores[world.one.name].score.f1 == pytest.approx(0.571, abs=5e-4)
    assert scores[world.two.name].score.f1 == pytest.approx(0.800, abs=5e-4)
    assert scores[world.one.name].score.mistakes == {"boundary_label": 1}
    assert scores[world.two.name].score.mistakes == {"missed": 1}
    assert [share.part for share in found.support] == [0, 2, 0, 0]
    assert found.seconds == 10.0
    page = text_of(signed_in(client, world.reviewer).get(address(world, "quality:outcomes")))
    assert "0.571" in page
    assert "0.800" in page


def test_the_audit_gives_a_precision_with_its_range(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(monkeypatch, "audit")
    for wrong in (False, False, True):
        document = unanimous(world, FIRST)
        unanimous_accept(document_id=document.pk)
        case = AdjudicationCase.objects.get(document=document)
        decisions = [Decision(case_content(document).groups[0].id, NOTHING)] if wrong else []
        case_resolve(ctx=world.ctx(), case=case, version=case.version, decisions=decisions)
    found = outcomes(world.project)
    assert (found.audit.part, found.audit.whole) == (2, 3)
    assert (found.audited.part, found.audited.whole) == (2, 3)
    low, high = found.audit.interval or (0, 0)
    assert low == pytest.approx(20.77, abs=0.01)  # Wilson, 2 of 3
    assert high == pytest.approx(93.85, abs=0.01)
    assert found.unanimous == 0


def test_two_reviewers_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    case, other = second_case(world, monkeypatch)
    person, *_ = case_content(world.document).groups
    world.resolve(case, ctx=world.ctx(other), decisions=[Decision(person.id, NOTHING), world.decisions()[1]])
    second = outcomes(world.project).second
    assert (second.documents, second.right, second.made, second.gold) == (1, 2, 2, 3)
    assert second.f1 == pytest.approx(0.8)


def test_suggestions_blind_cases_and_the_rest_are_told_apart(
    world: World, case: AdjudicationCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(monkeypatch, "blind")
    world.resolve(case)
    asked, unasked, blind = outcomes(world.project).anchoring
    assert (asked.whole, unasked.whole, blind.whole) == (0, 0, 2)


def test_a_document_decided_again_counts_once(world: World, case: AdjudicationCase) -> None:
    world.resolve(case)
    AdjudicationCase.objects.update(status="open", opened_at=now())
    world.resolve(again(case), ctx=world.ctx(another_reviewer(world)))
    found = outcomes(world.project)
    assert (found.documents, found.again.part, found.again.whole) == (1, 1, 1)
    assert sum(share.part for share in found.support) == 2


def test_annotators_see_their_own_documents_without_other_peoples_names(
    client: Client, world: World, case: AdjudicationCase
) -> None:
    person, date = world.decisions()
    decisions = [Decision(person.group, person.choice, reason="slip"), date]
    world.resolve(case, decisions=decisions, comment="Names come with all their parts.")
    page = signed_in(client, world.two).get(address(world, "quality:reviewed"))
    (row,) = page.context["rows"]
    assert [(change.inside, change.own, change.gold, change.reason) for change in row.changes] == [
        ("Geoffrey Everest Hinton", (), (PERSON,), "somebody slipped")
    ]
    text = text_of(page)
    assert "Names come with all their parts." in text
    for other in (world.one, world.reviewer, world.manager):
        assert other.name not in text
    (row,) = signed_in(Client(), world.one).get(address(world, "quality:reviewed")).context["rows"]
    assert [change.gold for change in row.changes] == [(DATE,)]


def test_nobody_sees_documents_they_did_not_label(client: Client, world: World, case: AdjudicationCase) -> None:
    world.resolve(case)
    page: Any = signed_in(client, world.manager).get(address(world, "quality:reviewed"))
    assert page.context["rows"] == []
    assert signed_in(Client(), world.reviewer).get(address(world, "quality:reviewed")).status_code == 403


def test_the_overlap_panel_says_what_was_spent(client: Client, world: World) -> None:
    page = text_of(signed_in(client, world.reviewer).get(address(world, "quality:overlap_panel")))
    assert "No text has all the labels" in page
    world.document.overlap_target = 2
    world.document.save()
    page = text_of(client.get(address(world, "quality:overlap_panel")))
    assert "2.00 people each" in page
    assert "Saved, estimated" not in page
    Project.objects.update(overlap_targeted=True)
    page = text_of(client.get(address(world, "quality:overlap_panel")))
    assert "Saved, estimated" in page
    assert "7 to 26 %" in page
