"""The pages of agreement: who sees them, what they say."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from annotation.domain.permissions import ProjectRole
from daner_site.core.clock import now
from quality.models import AdjudicationCase, AgreementCheck, PairAgreement
from quality.services.agreement import agreement_recompute
from quality.services.agreement_check import agreement_check_now
from tests import factories
from tests.services.test_quality_cases import NORP, World
from tests.web.quality_helpers import address, case, signed_in, world
from tests.web.reading import text_of

__all__ = ["case", "world"]  # fixtures

pytestmark = pytest.mark.django_db

PAGES = [
    "quality:quality",
    "quality:agreement_panel",
    "quality:agreement_file",
    "quality:summary_panel",
    "quality:conflicts",
]


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
