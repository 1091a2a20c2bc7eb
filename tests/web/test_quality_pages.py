"""Quality pages: who sees them, what they say, what a form does to the database."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.domain.permissions import ProjectRole
from annotation.models import Annotation
from annotation.services.annotations import annotation_write
from daner_site.core.clock import now
from quality.models import AdjudicationCase, AgreementCheck, AgreementReport, PairAgreement
from quality.selectors.content import case_content
from quality.services.agreement import agreement_recompute
from quality.services.agreement_check import agreement_check_now
from tests import factories
from tests.services.test_quality_cases import DATE, GOLD, NORP, World, gold_of

pytestmark = pytest.mark.django_db

PAGES = [
    "quality:quality",
    "quality:agreement_panel",
    "quality:agreement_file",
    "quality:summary_panel",
    "quality:conflicts",
]


@pytest.fixture
def world() -> World:
    world = World()
    world.annotate()
    return world


@pytest.fixture
def case(world: World) -> AdjudicationCase:
    agreement_recompute(project_id=world.project.pk)
    return world.case()


def address(world: World, name: str, **more: Any) -> str:
    return reverse(name, kwargs={"org": world.project.organization.slug, "project": world.project.uuid, **more})


def case_address(world: World, case: AdjudicationCase) -> str:
    return address(world, "quality:case", case=case.uuid)


def signed_in(client: Client, user: Any) -> Client:
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    return response.content.decode()


def form_of(world: World, case: AdjudicationCase) -> dict[str, str]:
    """What a browser without JavaScript posts for the running example."""
    choices = {f"choice-{decision.group}": decision.choice for decision in world.decisions()}
    return {"version": str(case.version), "payload": "", "comment": "", **choices}


@pytest.mark.parametrize("name", PAGES)
def test_quality_pages_are_for_those_who_may_see_layers(
    client: Client, world: World, case: AdjudicationCase, name: str
) -> None:
    assert signed_in(client, world.reviewer).get(address(world, name)).status_code == 200
    assert signed_in(client, world.one).get(address(world, name)).status_code == 403
    assert signed_in(client, factories.user_make()).get(address(world, name)).status_code == 404
    viewer = factories.user_make()
    factories.membership_make(world.project.organization, viewer)
    factories.project_member_make(world.project, viewer, ProjectRole.VIEWER)
    assert signed_in(client, viewer).get(address(world, name)).status_code == 200
    assert client.get(address(world, "quality:review")).status_code == 403


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


def test_the_quality_page_shows_the_figures_in_text(client: Client, world: World, case: AdjudicationCase) -> None:
    page = text_of(signed_in(client, world.reviewer).get(address(world, "quality:quality")))
    for figure in ("0.333", "0.667"):
        assert figure in page
    assert "1 document labelled by at least two of 2 people" in page
    assert "bounds and label" in page.lower()
    assert "style=" not in page


def test_the_quality_page_says_why_there_is_nothing(client: Client) -> None:
    world = World()
    page = text_of(signed_in(client, world.reviewer).get(address(world, "quality:quality")))
    assert "No agreement figures yet" in page
    factories.annotation_make(world.document, world.one, [NORP])
    agreement_recompute(project_id=world.project.pk)
    page = text_of(client.get(address(world, "quality:quality")))
    assert "No document has been submitted by two people" in page


def shared(world: World, **fields: Any) -> None:
    """One more document that two people labelled differently."""
    document = factories.document_make(world.project, **fields)
    factories.annotation_make(document, world.one, [(0, 3, "PERSON")])
    factories.annotation_make(document, world.two, [(0, 3, "NORP")])


def test_the_quality_page_says_when_the_first_figures_are_being_counted(client: Client) -> None:
    world = World()
    factories.annotation_make(world.document, world.one, [NORP])
    panel = address(world, "quality:agreement_panel")
    assert "Being measured" not in text_of(signed_in(client, world.reviewer).get(panel))
    factories.annotation_make(world.document, world.two, [NORP])
    assert "Being measured" in text_of(client.get(panel))
    agreement_recompute(project_id=world.project.pk)
    assert "Being measured" not in text_of(client.get(panel))


def test_a_long_list_of_pairs_is_folded(client: Client, world: World) -> None:
    panel = address(world, "quality:agreement_panel")
    signed_in(client, world.reviewer)
    agreement_recompute(project_id=world.project.pk)
    assert '<details class="fold" open><summary>1 pair</summary>' in text_of(client.get(panel))
    for _ in range(5):
        factories.annotation_make(world.document, factories.user_make(), [NORP])
    agreement_recompute(project_id=world.project.pk, anew=True)
    assert '<details class="fold"><summary>21 pairs</summary>' in text_of(client.get(panel))


def test_picked_documents_are_left_out_and_said_to_be(client: Client, world: World) -> None:
    for _ in range(2):
        shared(world, overlap_reason="targeted")
    agreement_recompute(project_id=world.project.pk)
    where = address(world, "quality:quality")
    page = text_of(signed_in(client, world.reviewer).get(where))
    assert "1 document labelled by at least two of 2 people" in page
    assert f'2 <a href="{where}?overlap=targeted">picked documents</a> left out' in page
    assert '<option value="targeted">' in page
    page = text_of(client.get(where, {"overlap": "targeted"}))
    assert "2 documents labelled by at least two of 2 people" in page
    assert '<option value="targeted" selected>' in page
    # The panel that refreshes itself stays with what was chosen.
    assert f'hx-get="{address(world, "quality:agreement_panel")}?overlap=targeted"' in page


def test_a_project_with_picked_documents_only_has_no_headline(client: Client) -> None:
    world = World()
    shared(world, overlap_reason="targeted")
    agreement_recompute(project_id=world.project.pk)
    page = text_of(signed_in(client, world.reviewer).get(address(world, "quality:quality")))
    assert "Nothing here" in page
    assert "0.000" not in page
    page = text_of(client.get(address(world, "quality:quality"), {"overlap": "targeted"}))
    assert "1 document labelled by at least two" in page


def test_kinds_of_work_stand_side_by_side_and_lead_to_their_figures(client: Client, world: World) -> None:
    document = factories.document_make(world.project)
    for person in (world.one, world.two):
        factories.annotation_make(document, person, [(0, 3, "PERSON")], suggestions={"model": "v1", "shown": []})
    agreement_recompute(project_id=world.project.pk)
    page = text_of(signed_in(client, world.reviewer).get(address(world, "quality:quality")))
    assert "Kept apart" in page
    links = re.findall(r'\?(suggestions=\w+)">([^<]+)</a>', page)
    assert links == [("suggestions=without", "Without suggestions"), ("suggestions=with", "With suggestions")]
    assert "1.000" in text_of(client.get(address(world, "quality:agreement_panel") + "?suggestions=with"))


def test_mixed_guidelines_are_left_out_and_said_to_be(client: Client, world: World) -> None:
    document = factories.document_make(world.project)
    for person, version in ((world.one, 1), (world.two, 2)):
        factories.annotation_make(document, person, [], guideline_version=version)
    agreement_recompute(project_id=world.project.pk)
    page = text_of(signed_in(client, world.reviewer).get(address(world, "quality:quality")))
    assert "labelled under different guideline versions</a> left out" in page
    assert "1 document labelled by at least two" in page
    assert "Nobody marked anything" not in page


def test_a_pair_and_a_label_have_pages_of_their_own(client: Client, world: World) -> None:
    third = factories.user_make()
    factories.annotation_make(world.document, third, [])
    agreement_recompute(project_id=world.project.pk)
    where = address(world, "quality:quality")
    page = text_of(signed_in(client, world.reviewer).get(where))
    pair = sorted([world.one, world.two], key=lambda user: str(user.pk))
    query = f"pair={pair[0].username}%2C{pair[1].username}"
    assert f'href="{where}?{query}"' in page
    page = text_of(client.get(f"{where}?{query}"))
    assert "as if nobody else had labelled their texts" in page
    assert "By pair: exact F1" not in page
    assert "of 2 people" in page
    page = text_of(client.get(where, {"label": "NORP"}))
    assert "That label or not, word by word" in page
    assert "What people disagree about" not in page


def test_two_weeks_make_a_line_and_every_point_is_in_a_table(client: Client, world: World) -> None:
    shared(world)
    other = world.project.annotations.filter(document__text__startswith="Ada met Grace")
    other.update(created_at=now() - timedelta(days=14))
    agreement_recompute(project_id=world.project.pk)
    response = signed_in(client, world.reviewer).get(address(world, "quality:quality"))
    weeks = response.context["page"].trend.weeks
    assert [(week.documents, week.exact) for week in weeks] == [(1, 0.0), (1, pytest.approx(1 / 3))]
    page = text_of(response)
    assert page.count('<tr><th scope="row">2') == 2
    assert f"week of {weeks[0].monday}: exact F1 0.000" in page
    assert '<polyline class="chart-line"' in page
    since = {"since": weeks[1].monday.isoformat()}
    assert "A line appears here" in text_of(client.get(address(world, "quality:quality"), since))


def test_the_worst_documents_come_first_with_a_link(client: Client, world: World) -> None:
    shared(world, text="Ada met Bo.", external_id="short-and-bad")
    agreement_recompute(project_id=world.project.pk)
    response = signed_in(client, world.reviewer).get(address(world, "quality:quality"))
    assert [row.document.external_id for row in response.context["page"].worst] == ["short-and-bad", ""]
    bad = world.project.documents.get(external_id="short-and-bad")
    assert address(world, "annotation:document", document=bad.uuid) in text_of(response)


def test_the_other_persons_label_is_told_in_numbers(client: Client, world: World) -> None:
    for _ in range(3):
        shared(world)
    agreement_recompute(project_id=world.project.pk)
    response = signed_in(client, world.reviewer).get(address(world, "quality:quality"))
    panel = response.context["page"].panel
    rows = {row.label: row for row in panel.confusion}
    norp = dict(zip(panel.confused_with, rows["NORP"].cells, strict=True))
    assert (norp["PERSON"].spans, norp["NORP"].spans, norp["nothing"].spans) == (3, 2, 0)
    assert norp["PERSON"].percent == 60


def test_a_difference_that_a_check_found_is_shown_for_two_weeks(client: Client, world: World) -> None:
    agreement_recompute(project_id=world.project.pk)
    PairAgreement.objects.filter(label__isnull=False).update(overlap=9)
    ((_, check),) = agreement_check_now()
    where = address(world, "quality:quality")
    page = text_of(signed_in(client, world.reviewer).get(where))
    assert "Some stored figures were wrong and have been corrected" in page
    assert "1 of 1 documents differed" in page
    AgreementCheck.objects.filter(pk=check.pk).update(created_at=now() - timedelta(days=15))
    page = text_of(client.get(where))
    assert "Some stored figures were wrong" not in page
    assert "1 corrected" in page


def test_the_figures_can_be_taken_away(client: Client, world: World) -> None:
    agreement_recompute(project_id=world.project.pk)
    where = address(world, "quality:agreement_file")
    found = json.loads(text_of(signed_in(client, world.reviewer).get(where, {"label": "NORP"})))
    assert found["slice"] == {"label": "NORP"}
    assert found["figures"]["span_f1"]["exact"]["micro"] == 1.0
    assert {found["figures"]["pairs"][0][side] for side in "ab"} == {world.one.username, world.two.username}
    assert found["coefficients"]["u_alpha"]["per_label"]["NORP"]["mean"] == pytest.approx(1.0)
    rows = list(csv.DictReader(io.StringIO(text_of(client.get(where, {"format": "csv"})))))
    exact = next(row for row in rows if (row["measure"], row["label"], row["first"]) == ("exact F1", "", ""))
    assert float(exact["value"]) == pytest.approx(1 / 3)
    assert any(row["measure"].startswith("u-alpha") for row in rows)


def test_nothing_in_the_file_is_a_formula(client: Client, world: World) -> None:
    factories.label_make(world.project, "=1+1")
    agreement_recompute(project_id=world.project.pk)
    page = text_of(signed_in(client, world.reviewer).get(address(world, "quality:agreement_file"), {"format": "csv"}))
    assert ",'=1+1," in page
    assert ",=1+1," not in page


def test_nonsense_in_the_address_is_no_error(client: Client, world: World) -> None:
    agreement_recompute(project_id=world.project.pk)
    nonsense = {"overlap": "<b>", "guideline": "99999999", "since": "2026-99-99", "pair": "x", "label": "\0"}
    response = signed_in(client, world.reviewer).get(address(world, "quality:quality"), nonsense)
    assert response.status_code == 200
    assert response.context["page"].chosen.whole


def test_a_slice_of_the_page_costs_the_same_however_many_documents(
    client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    signed_in(client, world.reviewer)
    counts = []
    for number in (3, 30):
        for _ in range(number):
            shared(world)
        agreement_recompute(project_id=world.project.pk)
        for query in ("", "?overlap=all", "?label=NORP"):
            where = address(world, "quality:agreement_panel") + query
            with django_assert_max_num_queries(26) as captured:
                client.get(where)
            counts.append(len(captured))
    assert counts[3:] == counts[:3]


def test_undefined_figures_come_with_a_reason_in_words(client: Client) -> None:
    world = World()
    for person in (world.one, world.two):
        factories.annotation_make(world.document, person, [])
    agreement_recompute(project_id=world.project.pk)
    page = text_of(signed_in(client, world.reviewer).get(address(world, "quality:agreement_panel")))
    assert "everybody gave every word the same value" in page
    assert "nobody marked anything there" in page


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
