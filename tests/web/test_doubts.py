"""What pages say about labels that a model doubts, and about what a model in training learns."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Document, Project
from annotation.services.doubts import DoubtedDocument, doubts_publish
from daner_site.accounts.models import AuditEvent, User
from tests.cast import Cast
from tests.factories import annotation_make, consensus_make, document_make
from tests.web.test_projects import settings_data

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(project: Project, name: str, **arguments: object) -> str:
    return reverse(name, kwargs={"org": project.organization.slug, "project": project.uuid} | arguments)


@pytest.fixture
def project(cast: Cast) -> Project:
    Project.objects.filter(pk=cast.project_a.pk).update(doubt_share=0.2)
    cast.project_a.refresh_from_db()
    return cast.project_a


@pytest.fixture
def doubted(project: Project, cast: Cast) -> Document:
    """Bob labelled five texts; of the first one a model expects that Oslo is a place."""
    documents = [document_make(project, f"Ada met Grace in Oslo, part {number}.") for number in range(5)]
    annotations = [annotation_make(document, cast.bob, [(0, 3, "PER")]) for document in documents]
    spans = [{"start": 17, "end": 21, "label": "LOC", "confidence": 0.97}]
    asked = doubts_publish(
        project=project,
        model_uuid=uuid4(),
        model_name="v3",
        doubted=[DoubtedDocument(annotations[0].uuid, 2.4, spans), DoubtedDocument(annotations[1].uuid, 1.2, [])],
    )
    assert asked == 1
    return documents[0]


def test_the_document_page_shows_reviewers_what_the_model_reads(project, cast, doubted) -> None:
    page = client_of(cast.dora).get(address(project, "annotation:document", document=doubted.uuid)).text
    assert "A model trained on the other texts" in page
    assert f"made beside v3, disagrees with {cast.bob.name} on about 2 words; a second person was asked on" in page
    assert 'title="LOC, characters 17–21"' in page


def test_a_text_that_is_not_doubted_says_nothing(project, cast, doubted) -> None:
    other = project.documents.get(text__contains="part 3")
    page = client_of(cast.dora).get(address(project, "annotation:document", document=other.uuid)).text
    assert "A model trained on the other texts" not in page


def test_doubted_texts_can_be_listed(project, cast, doubted) -> None:
    answer = client_of(cast.dora).get(address(project, "annotation:documents"), {"status": "doubted"})
    assert {document.text[-2] for document in answer.context["page"]} == {"0", "1"}


def test_the_second_person_is_told_nothing(project, cast, doubted) -> None:
    assert client_of(cast.ben).get(address(project, "annotation:document", document=doubted.uuid)).status_code == 403
    page = client_of(cast.ben).get(address(project, "annotation:annotate")).text
    assert "disagree" not in page


def test_the_panel_tells_what_second_people_said(project, cast, doubted) -> None:
    url = address(project, "quality:overlap_panel")
    assert "Nobody has done one yet." in client_of(cast.dora).get(url).text
    annotation_make(doubted, cast.ben, [])
    page = client_of(cast.dora).get(url).text
    assert "disagreed with the one person on 1 text, and a second person was asked." in page
    assert "Of the 1 done, they marked something else in <strong>1</strong> (100 %)." in page


def test_a_doubted_text_counts_as_picked_in_agreement(project, doubted) -> None:
    doubted.refresh_from_db()
    assert doubted.overlap_reason == "targeted"


def test_the_settings_are_saved_and_written_down(project, cast) -> None:
    data = settings_data(project, doubt_percent=5, learn_consensus="on", weigh_labels="on")
    assert client_of(cast.alice).post(address(project, "annotation:settings"), data).status_code == 302
    project.refresh_from_db()
    assert (project.doubt_share, project.learn_consensus, project.weigh_labels) == (0.05, True, True)
    assert AuditEvent.objects.filter(verb="project.update", target_uuid=project.uuid).exists()


def test_more_than_a_fifth_is_refused(project, cast) -> None:
    data = settings_data(project, doubt_percent=21)
    answer = client_of(cast.alice).post(address(project, "annotation:settings"), data)
    assert answer.status_code == 422
    assert "less than or equal to 20" in answer.text


def test_all_of_it_is_off_in_a_new_project(cast) -> None:
    assert (cast.project_b.doubt_share, cast.project_b.learn_consensus, cast.project_b.weigh_labels) == (
        0,
        False,
        False,
    )


def test_the_api_tells_the_settings(project, cast) -> None:
    found = client_of(cast.alice).get(address(project, "api:project")).json()
    assert (found["doubt_share"], found["learn_consensus"], found["weigh_labels"]) == (0.2, False, False)


@pytest.mark.parametrize(
    ("method", "against", "learn", "words"),
    [
        ("bsc", None, True, "learns the vote until reviewers have settled enough"),
        ("bsc", {"documents": 30, "consensus": 0.81, "vote": 0.7}, True, "learns it in place of the vote"),
        ("bsc", {"documents": 30, "consensus": 0.81, "vote": 0.7}, False, "the settings say so"),
        ("bsc", {"documents": 30, "consensus": 0.6, "vote": 0.7}, True, "0.70: a model in training learns the vote."),
    ],
)
def test_the_consensus_page_says_what_is_learned(project, cast, method, against, learn, words) -> None:
    Project.objects.filter(pk=project.pk).update(learn_consensus=learn)
    consensus_make(document_make(project, "Ada met Bob"), method=method, against_vote=against)
    page = client_of(cast.dora).get(address(project, "quality:consensus")).text
    assert words in page


def test_of_a_vote_there_is_nothing_to_say(project, cast) -> None:
    consensus_make(document_make(project, "Ada met Bob"), method="vote")
    assert "in training" not in client_of(cast.dora).get(address(project, "quality:consensus")).text
