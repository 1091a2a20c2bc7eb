"""The list of documents and one document with everybody's layers."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Annotation, Assignment, Project, Suggestion
from annotation.selectors import documents as selectors
from tests.cast import Cast
from tests.factories import annotation_make, assignment_make, document_make


@pytest.fixture
def project(cast: Cast) -> Project:
    project = cast.project_a
    document_make(project, "Nobody yet", external_id="n1")
    both = document_make(project, "Ada met Bob", overlap_target=2)
    annotation_make(both, cast.bob, [(0, 3, "PER")])
    annotation_make(both, cast.ben, [(0, 3, "LOC"), (8, 11, "PER")])
    gold = document_make(project, "Oslo <b>is</b> far", split="test")
    annotation_make(gold, cast.dora, [(0, 4, "LOC")], kind=Annotation.Kind.GOLD)
    refused = document_make(project, "Spam")
    assignment_make(refused, cast.bob, status=Assignment.Status.REJECTED, reason="not a text")
    busy = document_make(project, "In work now")
    assignment_make(busy, cast.ben, status=Assignment.Status.ACTIVE)
    return project


@pytest.fixture
def client(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.vic)
    return client


def address(name: str, project: Project, **arguments: object) -> str:
    return reverse(f"annotation:{name}", kwargs={"org": project.organization.slug, "project": project.uuid} | arguments)


def texts(client: Client, project: Project, **query: str) -> list[str]:
    answer = client.get(address("documents", project), query)
    assert answer.status_code == 200
    return [document.text for document in answer.context["page"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Nobody yet", "Ada met Bob", "Oslo <b>is</b> far", "Spam", "In work now"]),
        ({"search": "ada"}, ["Ada met Bob"]),
        ({"search": "n1"}, ["Nobody yet"]),
        ({"search": "100%"}, []),
        ({"split": "test"}, ["Oslo <b>is</b> far"]),
        ({"status": "open"}, ["Nobody yet", "In work now"]),
        ({"status": "work"}, ["In work now"]),
        ({"status": "labelled"}, ["Ada met Bob"]),
        ({"status": "several"}, ["Ada met Bob"]),
        ({"status": "gold"}, ["Oslo <b>is</b> far"]),
        ({"status": "rejected"}, ["Spam"]),
        ({"label": "LOC"}, ["Ada met Bob", "Oslo <b>is</b> far"]),
        ({"label": "LOC", "split": "pool"}, ["Ada met Bob"]),
        ({"label": "nonsense", "status": "nonsense", "split": "nonsense", "page": "x"},
         ["Nobody yet", "Ada met Bob", "Oslo <b>is</b> far", "Spam", "In work now"]),
    ],
)  # fmt: skip
def test_documents_are_found_by_each_filter(client, project, query, expected):
    assert texts(client, project, **query) == expected


def test_a_label_that_is_used_in_an_old_revision_only_is_not_found(client, project):
    Annotation.objects.filter(author__username="ben").update(current=False)
    assert texts(client, project, label="LOC") == ["Oslo <b>is</b> far"]


def test_the_list_has_pages_that_keep_the_filters_and_few_queries(
    client, project, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(selectors, "PAGE_SIZE", 2)
    for number in range(5):
        document_make(project, f"Extra {number}")
    with django_assert_max_num_queries(14):
        answer = client.get(address("documents", project), {"search": "Extra", "page": "2"})
    assert [document.text for document in answer.context["page"]] == ["Extra 2", "Extra 3"]
    assert "?search=Extra&amp;page=3" in answer.text


def test_a_document_shows_all_layers_side_by_side(client, project, cast):
    document = project.documents.get(text="Ada met Bob")
    annotation_make(document, cast.dora, [(0, 3, "PER"), (8, 11, "PER")], kind=Annotation.Kind.GOLD)
    Suggestion.objects.create(
        organization_id=project.organization_id, project=project, document=document, model_uuid=project.uuid,
        model_name="v3", spans=[{"start": 8, "end": 11, "label": "OLD", "confidence": 0.5}],
    )  # fmt: skip
    answer = client.get(address("document", project, document=document.uuid))
    shown = {layer.title: [p["text"] for p in layer.pieces if p["label"]] for layer in answer.context["layers"]}
    assert shown == {"Gold": ["Ada", "Bob"], "Bob": ["Ada"], "Ben": ["Ada", "Bob"], "Model v3": ["Bob"]}
    assert all("".join(p["text"] for p in layer.pieces) == document.text for layer in answer.context["layers"])
    assert answer.text.count('<mark class="span"') == 6


def test_a_document_that_nobody_labelled_shows_its_text_as_text(client, project):
    document = document_make(project, "<script>alert(1)</script>  two\n\nlines", meta={"items": "<i>", "n": 1})
    answer = client.get(address("document", project, document=document.uuid))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;  two\n\nlines" in answer.text
    assert "&lt;i&gt;" in answer.text


def test_why_a_document_was_rejected_is_shown(client, project):
    document = project.documents.get(text="Spam")
    assert "not a text" in client.get(address("document", project, document=document.uuid)).text


def test_the_empty_project_says_what_to_do(cast):
    client = Client()
    client.force_login(cast.charlie)
    answer = client.get(address("documents", cast.project_b))
    assert "No documents yet" in answer.text
    assert address("import", cast.project_b) in answer.text


@pytest.mark.parametrize(
    ("person", "status"), [("alice", 200), ("dora", 200), ("vic", 200), ("bob", 403), ("olga", 403), ("charlie", 404)]
)
def test_annotators_do_not_see_other_peoples_layers(cast, project, person, status):
    client = Client()
    client.force_login(cast.user(person))
    document = project.documents.get(text="Ada met Bob")
    assert client.get(address("documents", project)).status_code == status
    assert client.get(address("document", project, document=document.uuid)).status_code == status


def test_a_document_of_another_project_is_not_found(cast, project):
    client = Client()
    client.force_login(cast.charlie)
    document = project.documents.first()
    assert client.get(address("document", cast.project_b, document=document.uuid)).status_code == 404


def test_who_has_the_document_in_work_does_not_see_others_spans(cast: Cast) -> None:
    document = document_make(cast.project_a, overlap_target=2)
    annotation_make(document, cast.bob, [(0, 3, "PER")])
    turn = assignment_make(document, cast.alice, status="active")
    client = Client()
    client.force_login(cast.alice)
    place = [cast.org_a.slug, cast.project_a.uuid]
    page = reverse("annotation:document", args=[*place, document.uuid])
    answer = client.get(page)
    assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("annotation:annotate", args=place))
    Assignment.objects.filter(pk=turn.pk).update(status="submitted")
    assert client.get(page).status_code == 200
