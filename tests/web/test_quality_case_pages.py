"""The list of conflicts and the page of a case: who sees them, what a form does to the database."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Annotation
from annotation.services.annotations import annotation_write
from quality.models import AdjudicationCase, AgreementReport
from quality.selectors.content import case_content
from quality.services.agreement import agreement_recompute
from tests import factories
from tests.services.test_quality_cases import DATE, GOLD, World, gold_of
from tests.web.quality_helpers import address, case, case_address, form_of, signed_in, world
from tests.web.reading import text_of

__all__ = ["case", "world"]  # fixtures

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_case_is_for_reviewers_only(client: Client, world: World, case: AdjudicationCase, method: str) -> None:
    where = case_address(world, case)
    assert getattr(signed_in(client, world.one), method)(where, {}).status_code == 403
    assert getattr(signed_in(client, factories.user_make()), method)(where, {}).status_code == 404
    assert not Annotation.objects.filter(kind="gold").exists()


def test_a_case_of_another_project_is_not_found(client: Client, world: World, case: AdjudicationCase) -> None:
    other = World()
    where = reverse(
        "quality:case",
        kwargs={"org": other.project.organization.slug, "project": other.project.uuid, "case": case.uuid},
    )
    assert signed_in(client, other.reviewer).get(where).status_code == 404


def test_the_summary_card_links_to_the_open_conflicts(client: Client, world: World, case: AdjudicationCase) -> None:
    page = text_of(signed_in(client, world.reviewer).get(address(world, "quality:summary_panel")))
    assert "Open conflicts" in page
    assert "0.33" in page
    assert address(world, "quality:review") in page


def test_the_list_shows_each_place_under_letters_and_filters_by_kind(
    client: Client, world: World, case: AdjudicationCase
) -> None:
    where = address(world, "quality:conflicts")
    page = text_of(signed_in(client, world.reviewer).get(where))
    assert '<b>Geoffrey Everest Hinton</b><span class="faint"> (born 6 December 1947) is a British-Can…</span>' in page
    assert 'dir="auto"><span class="faint">Geoffrey Everest Hinton (born </span><b>6 December 1947</b>' in page
    assert case_address(world, case) in page
    assert world.one.username not in page
    assert case_address(world, case) in text_of(client.get(where, {"kind": "missing"}))
    empty = text_of(client.get(where, {"kind": "split_merge"}))
    assert case_address(world, case) not in empty
    assert "No such conflicts" in empty
    assert client.get(where, {"kind": "<script>", "status": "?", "page": "999"}).status_code == 200


def test_the_list_is_paged_worst_first(client: Client, world: World, case: AdjudicationCase) -> None:
    for _ in range(21):
        document = factories.document_make(world.project)
        factories.annotation_make(document, world.one, [(0, 3, "PERSON")])
        factories.annotation_make(document, world.two, [])
    AgreementReport.objects.all().delete()
    agreement_recompute(project_id=world.project.pk)
    first = signed_in(client, world.reviewer).get(address(world, "quality:conflicts"))
    assert first.context["rows"][0].case == case
    assert len(first.context["rows"]) == 20
    second = client.get(address(world, "quality:conflicts"), {"page": 2})
    assert len(second.context["rows"]) == 2
    assert not {row.case for row in first.context["rows"]} & {row.case for row in second.context["rows"]}


def test_review_leads_to_the_next_case_and_ends_with_all_done(
    client: Client, world: World, case: AdjudicationCase
) -> None:
    review = address(world, "quality:review")
    response = signed_in(client, world.reviewer).get(review)
    assert response["Location"] == case_address(world, case)
    response = client.post(case_address(world, case), form_of(world, case))
    assert (response.status_code, response["Location"]) == (302, review)
    page = client.get(review)
    assert page.status_code == 200
    assert "All done" in text_of(page)


def test_a_waiting_page_is_sent_to_a_new_case(client: Client, world: World, case: AdjudicationCase) -> None:
    response = signed_in(client, world.reviewer).get(address(world, "quality:review"), headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == case_address(world, case)


def test_plain_radio_buttons_settle_the_running_example(client: Client, world: World, case: AdjudicationCase) -> None:
    signed_in(client, world.reviewer).post(case_address(world, case), form_of(world, case))
    assert gold_of(world.document) == GOLD


def test_the_page_offers_every_choice_as_a_radio_button(client: Client, world: World, case: AdjudicationCase) -> None:
    page = text_of(signed_in(client, world.reviewer).get(case_address(world, case)))
    for group in case_content(world.document).groups:
        values = re.findall(rf'name="choice-{group.id}" value="(\w+)"( checked)?', page)
        expected = [str(n) for n in range(1, len(group.options) + 1)] + ["nothing"]
        assert [value for value, _ in values] == expected
        assert bool(values[0][1]) is not group.open
    assert "style=" not in page
    assert world.one.username not in page


def test_the_scripts_payload_settles_it_with_edits(client: Client, world: World, case: AdjudicationCase) -> None:
    person, date, _ = case_content(world.document).groups
    shorter = {"start": 0, "end": 8, "label": "PERSON"}
    added = {"start": 60, "end": 68, "label": "NORP"}
    payload = {
        "decisions": [
            {"group": person.id, "choice": "edited", "spans": [shorter]},
            {"group": date.id, "choice": "nothing", "spans": []},
        ],
        "added": [added],
    }
    form = {"version": str(case.version), "payload": json.dumps(payload), "comment": " why "}
    signed_in(client, world.reviewer).post(case_address(world, case), form)
    assert [(span.start, span.end, span.label) for span in gold_of(world.document)] == [
        (0, 8, "PERSON"),
        (52, 59, "NORP"),
        (60, 68, "NORP"),
    ]
    case.refresh_from_db()
    assert case.decisions["comment"] == "why"


def test_finishing_with_open_places_is_refused_and_keeps_the_work(
    client: Client, world: World, case: AdjudicationCase
) -> None:
    form = form_of(world, case)
    dropped = f"choice-{case_content(world.document).groups[0].id}"
    kept = next(name for name in form if name.startswith("choice-") and name != dropped)
    del form[dropped]
    response = signed_in(client, world.reviewer).post(case_address(world, case), form | {"comment": "half way"})
    assert response.status_code == 422
    page = text_of(response)
    assert "1 place is still open" in page
    assert f'name="{kept}" value="{form[kept]}" checked' in page
    assert "half way" in page
    assert not Annotation.objects.filter(kind="gold").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "x"},
        {"payload": "{"},
        {"payload": "[]"},
        {"payload": '{"decisions": 3}'},
        {"payload": '{"version": ' + "9" * 5000 + "}"},
        {"payload": '{"decisions": [{"choice": "1"}]}'},
        {"payload": '{"added": [{"start": true, "end": 3, "label": "PERSON"}]}'},
        {"payload": '{"added": [{"start": 0, "end": 3}]}'},
        {"payload": '{"decisions": [], "added": [{"start": 0, "end": 99999, "label": "PERSON"}]}'},
    ],
)
def test_nonsense_is_refused_and_never_an_error_page(
    client: Client, world: World, case: AdjudicationCase, changes: dict[str, str]
) -> None:
    response = signed_in(client, world.reviewer).post(case_address(world, case), form_of(world, case) | changes)
    assert response.status_code == 422
    assert not Annotation.objects.filter(kind="gold").exists()


def test_a_comment_may_hold_what_no_database_keeps(client: Client, world: World, case: AdjudicationCase) -> None:
    form = form_of(world, case) | {"comment": "good\0 work"}
    assert signed_in(client, world.reviewer).post(case_address(world, case), form).status_code == 302
    case.refresh_from_db()
    assert case.decisions["comment"] == "good work"


def test_who_took_the_document_meanwhile_is_told_so(
    client: Client, world: World, case: AdjudicationCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = form_of(world, case)
    factories.annotation_make(world.document, world.manager, [])
    monkeypatch.setattr("quality.review_views.worked_on", lambda *_: False)  # it was not, a moment ago
    response = signed_in(client, world.manager).post(case_address(world, case), form)
    assert response.status_code == 403
    assert "You labelled this document yourself" in text_of(response)


def test_an_older_version_is_a_409_with_the_work_still_there(
    client: Client, world: World, case: AdjudicationCase
) -> None:
    """The other reviewer was faster: nothing of theirs is overwritten, nothing of ours is lost."""
    form = form_of(world, case)
    added = {"start": 60, "end": 68, "label": "NORP"}
    payload = {
        "decisions": [{"group": d.group, "choice": d.choice, "spans": []} for d in world.decisions()],
        "added": [added],
    }
    first = world.resolve(case, ctx=world.ctx(world.manager))
    response = signed_in(client, world.reviewer).post(
        case_address(world, case), form | {"payload": json.dumps(payload), "comment": "mine"}
    )
    assert response.status_code == 409
    page = response.context["page"]
    assert page.data["added"] == [added]
    assert {item["choice"] for item in page.data["decisions"]} == {d.choice for d in world.decisions()}
    assert "mine" in text_of(response)
    assert world.manager.name in text_of(response)
    assert Annotation.objects.get(kind="gold", current=True) == first
    # Having seen that, the reviewer may still put theirs in its place.
    version = re.search(r'name="version" value="(\d+)"', text_of(response))
    assert version is not None
    again = client.post(
        case_address(world, case), {"version": version[1], "payload": json.dumps(payload), "comment": "mine"}
    )
    assert again.status_code == 302
    assert len(gold_of(world.document)) == len(GOLD) + 1


def test_work_that_changed_meanwhile_is_a_409_and_the_next_try_goes_through(
    client: Client, world: World, case: AdjudicationCase
) -> None:
    form = form_of(world, case)
    annotation_write(project=world.project, document=world.document, author=world.two, kind="human", spans=[DATE])
    response = signed_in(client, world.reviewer).post(case_address(world, case), form)
    assert response.status_code == 409
    assert "annotator changed their work" in text_of(response)
    case.refresh_from_db()
    groups = case_content(world.document).groups
    assert [group.open for group in groups] == [True, True, True]
    form = {"version": str(case.version), "payload": ""} | {f"choice-{group.id}": "1" for group in groups}
    assert client.post(case_address(world, case), form).status_code == 302


def test_ones_own_document_is_refused_with_a_reason(client: Client, world: World, case: AdjudicationCase) -> None:
    factories.annotation_make(world.document, world.manager, [])
    case = world.case()
    for method in ("get", "post"):
        response = getattr(signed_in(client, world.manager), method)(case_address(world, case), {})
        assert response.status_code == 403
        assert "You labelled this document yourself" in text_of(response)
    page = client.get(address(world, "quality:review"))
    assert "1 open conflict is about documents you labelled yourself" in text_of(page)


def test_a_decided_case_is_read_only_until_it_is_reopened(client: Client, world: World, case: AdjudicationCase) -> None:
    world.resolve(case)
    page = text_of(signed_in(client, world.reviewer).get(case_address(world, case)))
    assert "Decided by" in page
    assert "data-finish" not in page
    shown = page.split("data-text")[1].split("</div>")[0]
    assert len(gold_of(world.document)) == shown.count('<mark class="span"') > 0
    assert "conflict" not in shown
    case.refresh_from_db()
    reopen = address(world, "quality:case_reopen", case=case.uuid)
    client.post(reopen, {"version": str(case.version)})
    case.refresh_from_db()
    assert case.status == AdjudicationCase.Status.OPEN
    page = text_of(client.get(case_address(world, case)))
    assert "data-finish" in page
    # The earlier decisions are there to start from.
    for decision in world.decisions():
        assert f'name="choice-{decision.group}" value="{decision.choice}" checked' in page
    assert client.get(reopen).status_code == 405


def test_reopening_an_old_version_changes_nothing(client: Client, world: World, case: AdjudicationCase) -> None:
    world.resolve(case)
    reopen = address(world, "quality:case_reopen", case=case.uuid)
    page = signed_in(client, world.reviewer).post(reopen, {"version": "1"}, follow=True)
    assert "Somebody changed this case" in text_of(page)
    case.refresh_from_db()
    assert case.status == AdjudicationCase.Status.RESOLVED


def test_text_is_shown_exactly_and_never_as_markup(client: Client) -> None:
    world = World()
    text = "Ada  met\r\n<b>Grace</b> & \U0001f469\u200d\U0001f52c in Oslo."
    document = factories.document_make(world.project, text)
    factories.annotation_make(document, world.one, [(0, 3, "PERSON")])
    factories.annotation_make(document, world.two, [])
    world.document = document
    case = world.case()
    response = signed_in(client, world.reviewer).get(case_address(world, case))
    page = text_of(response)
    assert "<b>Grace</b>" not in page
    assert "".join(piece.text for piece in response.context["page"].text) == text
    for lane in response.context["page"].lanes:
        assert "".join(piece.text for piece in lane.pieces) == text


def test_letters_hide_who_is_who_and_change_between_documents(world: World, case: AdjudicationCase) -> None:
    from quality.domain.anonymity import lane_letters

    people = ["1", "2", "3"]
    orders = {tuple(lane_letters(f"document {n}", people).items()) for n in range(50)}
    assert len(orders) > 3
    assert lane_letters("document", people) == lane_letters("document", reversed(people))
    assert sorted(lane_letters("d", map(str, range(30))).values())[:2] == ["A", "A2"]


def test_a_page_that_fetches_itself_again_takes_no_message_from_the_next_one(
    client: Client, world: World, case: AdjudicationCase
) -> None:
    signed_in(client, world.reviewer)
    client.post(case_address(world, case), form_of(world, case))
    fetched = {"HX-Request": "true", "HX-Target": "consensus"}
    assert "Decided." not in client.get(address(world, "quality:consensus"), headers=fetched).text
    assert "Decided." in client.get(address(world, "quality:review")).text
