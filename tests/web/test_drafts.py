"""Saving over HTTP, and what a page is told about work that did not go in as it was."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Annotation, Assignment, Draft
from annotation.services.queue import queue_extend
from daner_site.core.clock import now
from tests.cast import Cast
from tests.factories import document_make
from tests.web.test_annotate import open_document, post, url  # noqa: F401

ADA = {"start": 0, "end": 3, "label": "PER", "origin": "human"}
GRACE = {"start": 8, "end": 13, "label": "PER", "origin": "human"}


@pytest.fixture
def opened(cast: Cast, url: str) -> tuple[Client, dict[str, Any]]:  # noqa: F811
    for text in ("Ada met Grace in Oslo.", "Bo met Grace."):
        document_make(cast.project_a, text)
    queue_extend(project=cast.project_a)
    return open_document(cast, url, cast.bob)


def draft_url(cast: Cast, workspace: dict[str, Any]) -> str:
    return reverse("annotation:draft", args=[cast.org_a.slug, cast.project_a.uuid, workspace["assignment"]])


def save(cast: Cast, opened: tuple[Client, dict[str, Any]], base: object, *spans: dict[str, Any]) -> Any:
    client, workspace = opened
    body = {"base": base, "payload": json.dumps({"spans": spans, "refused": [], "seconds": 3})}
    return client.post(draft_url(cast, workspace), body)


def test_a_save_is_answered_with_its_revision_and_read_again(cast: Cast, opened: Any) -> None:
    answer = save(cast, opened, 0, ADA)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["saved"], found["state"], found["draft"]["revision"]) == (True, "active", 1)
    client, workspace = opened
    assert client.get(draft_url(cast, workspace)).json()["draft"]["spans"] == [ADA]


def test_a_save_on_an_old_revision_gets_the_newer_draft(cast: Cast, opened: Any) -> None:
    save(cast, opened, 0, ADA)
    answer = save(cast, opened, 0, GRACE)
    assert answer.status_code == 409
    assert answer.json()["draft"]["spans"] == [ADA]


@pytest.mark.parametrize("base", ["", "x", -1])
def test_a_save_without_a_revision_is_refused(cast: Cast, opened: Any, base: object) -> None:
    answer = save(cast, opened, base, ADA)
    assert answer.status_code == 400
    assert "base" in answer.json()["message"]


@pytest.mark.parametrize(
    ("payload", "message"),
    [("no", "not JSON"), ('{"spans": [{"start": 0, "end": 99, "label": "PER"}]}', "ends after the text")],
)
def test_a_save_that_cannot_be_is_named(cast: Cast, opened: Any, payload: str, message: str) -> None:
    client, workspace = opened
    answer = client.post(draft_url(cast, workspace), {"base": 0, "payload": payload})
    assert answer.status_code == 422
    assert message in answer.json()["message"]
    assert not Draft.objects.exists()


def test_a_submission_that_others_overtook_is_kept(cast: Cast, url: str, opened: Any) -> None:  # noqa: F811
    client, workspace = opened
    Assignment.objects.update(lease_until=now() - timedelta(seconds=1))
    _, taken = open_document(cast, url, cast.ben)
    assert taken["document"] == workspace["document"]
    answer = post(client, url, workspace, "submit", spans=[ADA])
    assert answer.status_code == 409
    assert Draft.objects.get().spans == [ADA]


def test_two_tabs_with_different_work_store_one_and_keep_the_other(cast: Cast, url: str, opened: Any) -> None:  # noqa: F811
    client, workspace = opened
    first = post(client, url, workspace, "submit", spans=[ADA])
    second = post(client, url, workspace, "submit", spans=[ADA, GRACE])
    assert (first.status_code, second.status_code) == (200, 409)
    assert "submitted this document already" in second.text
    assert second.context["workspace"]["document"] == first.context["workspace"]["document"]
    assert Annotation.objects.get().spans.count() == 1
    assert Draft.objects.get().spans == [ADA, GRACE]


def test_what_is_skipped_unsaved_comes_back(cast: Cast, url: str, opened: Any) -> None:  # noqa: F811
    client, workspace = opened
    other = post(client, url, workspace, "skip", spans=[ADA]).context["workspace"]
    back = post(client, url, other, "submit").context["workspace"]
    assert back["document"] == workspace["document"]
    assert back["draft"]["spans"] == [ADA]


def test_a_refused_submission_shows_what_was_posted_and_not_an_older_draft(
    cast: Cast,
    url: str,  # noqa: F811
    opened: Any,
) -> None:
    client, workspace = opened
    save(cast, opened, 0, ADA)
    bad = {"start": 4, "end": 7, "label": "NOPE", "origin": "human"}
    answer = post(client, url, workspace, "submit", spans=[GRACE, bad])
    assert answer.status_code == 422
    shown = answer.context["workspace"]
    assert [span["start"] for span in shown["spans"]] == [4, 8]
    assert shown["draft"] == {"revision": 1}
