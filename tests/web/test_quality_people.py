"""Consensus, people and one's own work as pages: who sees them and what they say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Document, Project
from annotation.services.gold import gold_publish
from annotation.services.queue import queue_extend
from quality.services.consensus import consensus_recompute
from tests.cast import Cast
from tests.factories import annotation_make, assignment_make, document_make, documents_make
from tests.web.reading import text_of

pytestmark = pytest.mark.django_db

TEXT = "Ada Lovelace met Grace in London."
ADA, GRACE, LONDON = (0, 12, "PER"), (17, 22, "PER"), (26, 32, "LOC")
LAYERS = ["quality:consensus", "quality:consensus_document"]
MANAGERS = ["quality:people", "quality:person"]


def address(project: Project, name: str, **more: Any) -> str:
    return reverse(name, kwargs={"org": project.organization.slug, "project": project.uuid, **more})


def page(cast: Cast, user: Any, name: str, **more: Any) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(address(cast.project_a, name, **more))
    assert answer.status_code == 200
    return text_of(answer)


@pytest.fixture
def document(cast: Cast) -> Document:
    """Bob misses Grace; Ben calls London a person."""
    document = document_make(cast.project_a, TEXT, overlap_target=2)
    annotation_make(document, cast.bob, [ADA, LONDON])
    annotation_make(document, cast.ben, [ADA, GRACE, (26, 32, "PER")])
    return document


@pytest.fixture
def gold(cast: Cast, document: Document) -> Annotation:
    return gold_publish(
        project=cast.project_a,
        document=document,
        author=cast.dora,
        spans=[LabelledSpan(*span) for span in (ADA, GRACE, LONDON)],
        provenance={"source": "adjudication"},
    )


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        *[(name, {"alice", "dora", "vic"}) for name in LAYERS],
        ("quality:consensus_file", {"alice"}),
        *[(name, {"alice"}) for name in MANAGERS],
        ("quality:feedback", {"alice", "bob", "ben"}),
    ],
)
def test_who_sees_what(cast: Cast, document: Document, name: str, allowed: set[str]) -> None:
    consensus_recompute(project_id=cast.project_a.pk)
    more: dict[str, Any] = {"document": document.uuid} if name == "quality:consensus_document" else {}
    more |= {"annotator": cast.bob.pk} if name == "quality:person" else {}
    for person in ("alice", "bob", "ben", "dora", "vic"):
        client = Client()
        client.force_login(cast.user(person))
        status = client.get(address(cast.project_a, name, **more)).status_code
        assert status == (200 if person in allowed else 403), person


def test_the_pages_say_so_when_there_is_nothing_yet(cast: Cast) -> None:
    document = document_make(cast.project_a)
    assert "No consensus yet" in page(cast, cast.dora, "quality:consensus")
    assert "Not in the consensus" in page(cast, cast.dora, "quality:consensus_document", document=document.uuid)
    assert "Nobody has labelled anything yet" in page(cast, cast.alice, "quality:people")
    assert "No gold yet to compare with" in page(cast, cast.bob, "quality:feedback")
    client = Client()
    client.force_login(cast.alice)
    assert client.get(address(cast.project_a, "quality:consensus_file")).status_code == 404


def test_the_consensus_is_told_span_by_span_without_names(cast: Cast, document: Document) -> None:
    consensus_recompute(project_id=cast.project_a.pk)
    assert "Span vote" in page(cast, cast.dora, "quality:consensus")
    told = page(cast, cast.dora, "quality:consensus_document", document=document.uuid)
    assert "A and B marked it." in told
    assert "marked it, " in told
    assert "Left out: 1 span" in told
    assert "200 more settled" not in told
    assert "Bob" not in told
    assert "Ben" not in told
    assert "style=" not in told


def test_whoever_has_a_document_in_work_does_not_see_its_consensus(cast: Cast, document: Document) -> None:
    consensus_recompute(project_id=cast.project_a.pk)
    assignment_make(document, cast.alice, slot=2, status="active")
    client = Client()
    client.force_login(cast.alice)
    answer = client.get(address(cast.project_a, "quality:consensus_document", document=document.uuid))
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/annotate/")


def test_the_document_page_leads_to_the_consensus(cast: Cast, document: Document) -> None:
    told = page(cast, cast.dora, "annotation:document", document=document.uuid)
    assert address(cast.project_a, "quality:consensus_document", document=document.uuid) in told


def test_the_file_is_one_object_a_line(cast: Cast, document: Document) -> None:
    consensus_recompute(project_id=cast.project_a.pk)
    client = Client()
    client.force_login(cast.alice)
    answer = client.get(address(cast.project_a, "quality:consensus_file"))
    assert "attachment" in answer.headers["Content-Disposition"]
    (line,) = b"".join(answer.streaming_content).decode().splitlines()
    assert json.loads(line)["consensus"]["method"] == "vote"


def test_little_data_is_said_and_no_figure_shown(cast: Cast, document: Document) -> None:
    consensus_recompute(project_id=cast.project_a.pk)
    told = page(cast, cast.alice, "quality:people")
    assert told.count("not enough data yet: 1 of 8 shared documents") == 2
    assert told.index("Ben") < told.index("Bob")
    told = page(cast, cast.alice, "quality:person", annotator=cast.bob.pk)
    assert "Not enough data yet" in told
    assert "F1 against the others" not in told


def test_a_person_who_labelled_nothing_here_is_not_found(cast: Cast, document: Document) -> None:
    client = Client()
    client.force_login(cast.alice)
    for user in (cast.vic, cast.charlie):
        assert client.get(address(cast.project_a, "quality:person", annotator=user.pk)).status_code == 404


def test_people_read_their_own_work_against_gold_and_nobody_elses_name(
    cast: Cast, document: Document, gold: Annotation
) -> None:
    told = page(cast, cast.ben, "quality:feedback")
    assert "2 of 3 spans marked (precision)" in told
    assert "2 of 3 spans in the gold (recall)" in told
    assert "Right words, another label" in told
    assert "take the figures for a first impression" in told
    assert "Bob" not in told
    assert "Dora" not in told
    told = page(cast, cast.bob, "quality:feedback")
    assert "Not marked" in told
    assert "Right words, another label" not in told


def test_somebody_without_differences_is_told_so(cast: Cast, document: Document, gold: Annotation) -> None:
    perfect = document_make(cast.project_a, "Ada again.")
    annotation_make(perfect, cast.alice, [(0, 3, "PER")])
    gold_publish(
        project=cast.project_a,
        document=perfect,
        author=cast.dora,
        spans=[LabelledSpan(0, 3, "PER")],
        provenance={"source": "adjudication"},
    )
    assert "Nothing: every span is as in the gold." in page(cast, cast.alice, "quality:feedback")


def test_a_manager_pauses_somebody_with_a_reason_they_read(cast: Cast) -> None:
    documents_make(cast.project_a, 2)
    queue_extend(project=cast.project_a)
    alice, bob = Client(), Client()
    alice.force_login(cast.alice)
    bob.force_login(cast.bob)
    member = cast.project_a.members.get(user=cast.bob)
    where = address(cast.project_a, "annotation:member_pausing", member=member.pk)
    workspace = bob.get(address(cast.project_a, "annotation:annotate")).context["workspace"]
    assert alice.get(where).status_code == 200
    assert alice.post(where, {"reason": ""}).status_code == 422
    assert alice.post(where, {"reason": "Read the guideline first."}).status_code == 302
    told = bob.get(address(cast.project_a, "annotation:annotate")).content.decode()
    assert "Your labelling is paused" in told
    assert "Read the guideline first." in told
    form = {"assignment": workspace["assignment"], "action": "submit", "payload": json.dumps({"spans": []})}
    answer = bob.post(address(cast.project_a, "annotation:annotate"), form, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "paused your labelling" in answer.content.decode()
    assert "paused" in page(cast, cast.alice, "annotation:members")
    assert alice.post(where, {"action": "resume"}).status_code == 302
    assert bob.get(address(cast.project_a, "annotation:annotate")).context["workspace"] is not None


def test_nobody_pauses_themselves(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.alice)
    member = cast.project_a.members.get(user=cast.alice)
    answer = client.post(address(cast.project_a, "annotation:member_pausing", member=member.pk), {"reason": "Tired."})
    assert answer.status_code == 422
    assert "Nobody pauses themselves" in answer.content.decode()
