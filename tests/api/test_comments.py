"""Conversations over the API: as on the pages, nobody sees more."""

from __future__ import annotations

from typing import Any

import pytest

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
