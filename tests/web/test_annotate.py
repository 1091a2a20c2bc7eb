"""The annotation page: one POST stores and brings the next document."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Annotation, Assignment, Suggestion
from annotation.services.queue import queue_extend
from daner_site.accounts.models import User
from daner_site.core.clock import now
from tests.cast import Cast
from tests.factories import annotation_make, document_make


@pytest.fixture
def url(cast: Cast) -> str:
    return reverse("annotation:annotate", args=[cast.org_a.slug, cast.project_a.uuid])


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def open_document(cast: Cast, url: str, user: User) -> tuple[Client, dict[str, Any]]:
    client = signed_in(user)
    workspace = client.get(url).context["workspace"]
    assert workspace is not None
    return client, workspace


def post(client: Client, url: str, workspace: dict[str, Any], action: str, **data: Any) -> Any:
    payload = {"spans": data.pop("spans", []), "refused": [], "seconds": 2.5}
    body = {"assignment": workspace["assignment"], "action": action, "payload": json.dumps(payload)}
    return client.post(url, body | data, headers={"HX-Request": "true"})


def test_a_post_stores_the_spans_and_answers_with_the_next_document(cast: Cast, url: str) -> None:
    texts = {document_make(cast.project_a, text).text for text in ("Ada met Bo.", "Bo met Ada.")}
    queue_extend(project=cast.project_a)
    client, first = open_document(cast, url, cast.bob)
    span = {"start": 0, "end": 3, "label": "PER", "origin": "human"}
    answer = post(client, url, first, "submit", spans=[span])
    assert answer.status_code == 200
    assert "<html" not in answer.text
    second = answer.context["workspace"]
    assert {first["text"], second["text"]} == texts
    stored = Annotation.objects.get()
    assert (stored.author, stored.document.text, stored.seconds) == (cast.bob, first["text"], 2.5)
    assert [(s.start, s.end, s.label.name) for s in stored.spans.all()] == [(0, 3, "PER")]


def test_it_works_as_a_plain_form_too(cast: Cast, url: str) -> None:
    document_make(cast.project_a)
    queue_extend(project=cast.project_a)
    client, workspace = open_document(cast, url, cast.bob)
    answer = client.post(url, {"assignment": workspace["assignment"], "action": "submit", "payload": "{}"})
    assert answer.status_code == 302
    assert answer["Location"] == url
    assert Annotation.objects.count() == 1


def test_reloading_shows_the_same_document(cast: Cast, url: str) -> None:
    for _ in range(3):
        document_make(cast.project_a)
    queue_extend(project=cast.project_a)
    client, first = open_document(cast, url, cast.bob)
    assert client.get(url).context["workspace"]["document"] == first["document"]
    assert Assignment.objects.count() == 1


def test_when_nothing_is_left_the_page_says_so(cast: Cast, url: str) -> None:
    answer = signed_in(cast.bob).get(url)
    assert answer.status_code == 200
    assert answer.context["workspace"] is None


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ('{"spans": [{"start": 0, "end": 99, "label": "PER"}]}', "ends after the text"),
        ('{"spans": [{"start": "0", "end": 3, "label": "PER"}]}', "start is not a whole number"),
        ('{"spans": [{"start": 0, "end": 3, "label": "SHIP"}]}', "unknown label"),
        ("not json", "payload: not JSON"),
    ],
)
def test_bad_input_is_named_and_nothing_is_stored(cast: Cast, url: str, payload: str, message: str) -> None:
    document_make(cast.project_a, "Ada met Bo.")
    queue_extend(project=cast.project_a)
    client, workspace = open_document(cast, url, cast.bob)
    body = {"assignment": workspace["assignment"], "action": "submit", "payload": payload}
    answer = client.post(url, body, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert message in answer.text
    assert answer.context["workspace"]["document"] == workspace["document"]
    assert not Annotation.objects.exists()


def test_half_a_character_is_refused_and_nothing_is_stored(cast: Cast, url: str) -> None:
    document_make(cast.project_a, "Zoe\u0308 👩‍👩‍👧 left.")
    queue_extend(project=cast.project_a)
    client, workspace = open_document(cast, url, cast.bob)
    answer = post(client, url, workspace, "submit", spans=[{"start": 0, "end": 3, "label": "PER"}])
    assert answer.status_code == 422
    assert "cuts the character “e\u0308” in two" in answer.text
    assert not Annotation.objects.exists()
    whole = [{"start": 0, "end": 4, "label": "PER"}, {"start": 5, "end": 10, "label": "PER"}]
    assert post(client, url, workspace, "submit", spans=whole).status_code == 200


def test_a_lost_document_is_explained_and_the_next_one_offered(cast: Cast, url: str) -> None:
    document = document_make(cast.project_a)
    queue_extend(project=cast.project_a)
    client, workspace = open_document(cast, url, cast.bob)
    Assignment.objects.update(lease_until=now() - timedelta(seconds=1))
    _, taken = open_document(cast, url, cast.ben)
    assert taken["document"] == str(document.uuid)
    answer = post(client, url, workspace, "submit")
    assert answer.status_code == 409
    assert "ran out" in answer.text
    assert not Annotation.objects.exists()


def test_a_second_click_goes_on_to_the_next_document(cast: Cast, url: str) -> None:
    for _ in range(2):
        document_make(cast.project_a)
    queue_extend(project=cast.project_a)
    client, workspace = open_document(cast, url, cast.bob)
    post(client, url, workspace, "submit")
    answer = post(client, url, workspace, "submit")
    assert answer.status_code == 200
    assert answer.context["workspace"]["document"] != workspace["document"]
    assert Annotation.objects.count() == 1


def test_skip_and_reject_are_stored_as_such(cast: Cast, url: str) -> None:
    for _ in range(3):
        document_make(cast.project_a)
    queue_extend(project=cast.project_a)
    client, workspace = open_document(cast, url, cast.bob)
    workspace = post(client, url, workspace, "skip").context["workspace"]
    post(client, url, workspace, "reject", reason="not English")
    closed = Assignment.objects.exclude(status="active").order_by("pk")
    assert [(item.status, item.reason) for item in closed] == [("skipped", ""), ("rejected", "not English")]


def test_nobody_sees_what_others_wrote_before_submitting(cast: Cast, url: str) -> None:
    """Two people on one document: the second page is the same with and without the first's spans."""
    document = document_make(cast.project_a, "Ada met Grace in Oslo.", overlap_target=2)
    queue_extend(project=cast.project_a)
    before = signed_in(cast.ben).get(url).context["workspace"]
    annotation_make(document, cast.bob, [(0, 3, "PER"), (17, 21, "LOC")], assigned=False)
    after = signed_in(cast.ben).get(url)
    assert after.context["workspace"] == before
    assert before["spans"] == before["suggestions"] == []


def test_suggestions_are_fixed_when_the_document_is_opened(cast: Cast, url: str) -> None:
    document = document_make(cast.project_a, "Ada met Grace in Oslo.")
    queue_extend(project=cast.project_a)
    spans = [{"start": 0, "end": 3, "label": "PER", "confidence": 0.9}]
    suggestion = Suggestion.objects.create(
        organization=cast.org_a,
        project=cast.project_a,
        document=document,
        model_uuid=cast.project_a.uuid,
        model_name="v1",
        spans=spans,
    )
    client, workspace = open_document(cast, url, cast.bob)
    assert workspace["suggestions"] == spans
    Suggestion.objects.filter(pk=suggestion.pk).update(spans=[], model_name="v2")
    assert client.get(url).context["workspace"]["suggestions"] == spans
    post(client, url, workspace, "submit", spans=[{"start": 0, "end": 3, "label": "PER", "origin": "human"}])
    stored = Annotation.objects.get()
    assert stored.suggestions["shown"] == spans
    assert [span.origin for span in stored.spans.all()] == ["accepted"]


@pytest.mark.parametrize(
    ("name", "status"), [("bob", 200), ("alice", 200), ("dora", 403), ("vic", 403), ("olga", 403), ("charlie", 404)]
)
def test_only_annotators_and_managers_annotate(cast: Cast, url: str, name: str, status: int) -> None:
    assert signed_in(cast.user(name)).get(url).status_code == status


def test_a_stranger_is_asked_to_sign_in(cast: Cast, url: str) -> None:
    answer = Client().get(url)
    assert answer.status_code == 302
    assert reverse("accounts:login") in answer["Location"]
