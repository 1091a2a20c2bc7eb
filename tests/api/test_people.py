"""People over the API: figures with their evidence, for managers."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from annotation.domain.spans import LabelledSpan
from daner_site.accounts.models import User
from tests.api.credentials import bearer, of_a
from tests.cast import Cast
from tests.factories import annotation_make, document_make
from tests.services.test_repetitions import twice

pytestmark = pytest.mark.django_db

MANY = [LabelledSpan(at, at + 1, "PER") for at in range(13)]


def asked(client: Client, cast: Cast, name: str, path: str = "people/") -> Any:
    return client.get(of_a(cast, path), headers=bearer(cast, name))


def rows(client: Client, cast: Cast) -> dict[str, Any]:
    found = asked(client, cast, "alice").json()
    assert (found["count"], found["page"], found["pages"]) == (len(found["results"]), 1, 1)
    return {row["username"]: row for row in found["results"]}


def many_twice(cast: Cast, person: User, documents: int) -> None:
    for _ in range(documents):
        twice(cast.project_a, person, MANY, MANY[:8])


def test_figures_come_with_their_evidence_or_with_what_is_missing(client: Client, cast: Cast) -> None:
    many_twice(cast, cast.bob, 8)
    many_twice(cast, cast.ben, 3)
    found = rows(client, cast)
    assert list(found) == ["ben", "bob"]
    bob, ben = found["bob"]["themselves"], found["ben"]["themselves"]
    assert bob["f1"] == pytest.approx(2 * 8 / 21)
    assert bob["low"] <= bob["f1"] <= bob["high"]
    assert bob["alpha"]["value"] < 1
    assert (bob["documents"], bob["missing"]) == (8, "")
    assert (ben["f1"], ben["alpha"], ben["missing"]) == (None, None, "3 of 8 repeated documents")
    assert found["bob"]["others"]["missing"] == "0 of 8 shared documents"
    assert found["bob"]["checks"] == {"f1": None, "documents": 0}


def test_somebody_who_got_nothing_again_has_no_such_figure(client: Client, cast: Cast) -> None:
    annotation_make(document_make(cast.project_a), cast.ben, [])
    assert rows(client, cast)["ben"]["themselves"] is None


@pytest.mark.parametrize("name", ["bob", "dora", "vic"])
def test_people_are_for_managers(client: Client, cast: Cast, name: str) -> None:
    assert asked(client, cast, name).status_code == 403


def test_an_unknown_parameter_is_refused(client: Client, cast: Cast) -> None:
    assert asked(client, cast, "alice", "people/?annotator=1").status_code == 400
    assert asked(client, cast, "alice", "people/?page=2").status_code == 400
