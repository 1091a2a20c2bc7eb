"""Conversations over the API: as on the pages, nobody sees more."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from annotation.models import Thread
from tests.api.credentials import bearer, of_a
from tests.api.test_texts import call  # noqa: F401
from tests.cast import Cast
from tests.factories import annotation_make, document_make, thread_make

pytestmark = pytest.mark.django_db


def test_everybody_gets_what_they_may_see_without_the_others_names(call: Any, cast: Cast) -> None:  # noqa: F811
    document = document_make(cast.project_a, "Ada met Grace.", overlap_target=2)
    for person in (cast.bob, cast.ben):
        annotation_make(document, person)
    thread_make(document, cast.bob, "Is Ada a name?", start=0, end=3, flagged=True)
    thread_make(document, cast.ben, "Mine.")
    [row] = call("bob", "get", "comments/").json()["results"]
    assert (row["start"], row["end"], row["flagged"], row["document"]) == (0, 3, True, str(document.uuid))
    assert [(c["author"], c["body"]) for c in row["comments"]] == [("You", "Is Ada a name?")]
    assert call("vic", "get", "comments/").json()["count"] == 0
    names = [row["comments"][0]["author"] for row in call("alice", "get", "comments/").json()["results"]]
    assert names == ["Ben", "Bob"]
    assert call("alice", "get", "comments/?state=flagged").json()["count"] == 1
    assert call("alice", "get", "comments/?state=odd").status_code == 400


def test_a_conversation_is_begun_answered_and_settled(call: Any, client: Client, cast: Cast) -> None:  # noqa: F811
    document = document_make(cast.project_a, "Ada met Grace.", overlap_target=2)
    annotation_make(document, cast.bob)
    new = {"document": str(document.uuid), "body": "Is Ada a name?", "start": 0, "end": 3, "flagged": True}
    answer = call("bob", "post", "comments/", new)
    assert answer.status_code == 201, answer.json()
    begun = answer.json()
    assert (begun["start"], begun["end"], begun["flagged"], begun["resolved_at"]) == (0, 3, True, None)
    where = f"comments/{begun['uuid']}/"
    answered = call("alice", "post", where, {"body": "It is."})
    assert (answered.status_code, [c["author"] for c in answered.json()["comments"]]) == (201, ["Bob", "You"])

    def settle(resolved: bool) -> Any:
        headers = bearer(cast, "alice")
        return client.patch(of_a(cast, where), {"resolved": resolved}, content_type="application/json", headers=headers)

    assert settle(True).json()["resolved_at"] is not None
    assert call("bob", "get", where).json()["resolved_at"] is not None
    assert settle(False).json()["resolved_at"] is None
    assert call("vic", "get", where).status_code == 404
    assert call("vic", "post", where, {"body": "Me too."}).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"body": ""}, "body"),
        ({"body": "@ben?"}, "body"),
        ({"start": 0}, "body"),
        ({"document": "00000000-0000-4000-8000-000000000000"}, "document"),
        ({"document": "soon"}, "document"),
        ({"flagged": "perhaps"}, "flagged"),
    ],
)
def test_what_cannot_be_taken_names_its_field_and_writes_nothing(
    call: Any,  # noqa: F811
    cast: Cast,
    change: dict[str, Any],
    field: str,
) -> None:
    document = document_make(cast.project_a, "Ada met Grace.")
    annotation_make(document, cast.bob)
    answer = call("bob", "post", "comments/", {"document": str(document.uuid), "body": "What?"} | change)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Thread.objects.exists()


def test_nobody_begins_one_about_a_document_that_is_not_theirs(call: Any, cast: Cast) -> None:  # noqa: F811
    document = document_make(cast.project_a, "Ada met Grace.")
    for name in ("bob", "vic"):
        answer = call(name, "post", "comments/", {"document": str(document.uuid), "body": "What?"})
        assert (answer.status_code, list(answer.json())) == (400, ["document"])
