"""The export page and the downloads."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient, Client
from django.urls import reverse

from annotation.models import Project
from tests.cast import Cast
from tests.factories import annotation_make, document_make


@pytest.fixture
def project(cast: Cast) -> Project:
    document = document_make(cast.project_a, "<script>alert(1)</script> Ada 😀")
    annotation_make(document, cast.bob, [(26, 29, "PER")])
    return cast.project_a


def address(project: Project, layer: str = "", fmt: str = "") -> str:
    place = {"org": project.organization.slug, "project": project.uuid}
    if not layer:
        return reverse("annotation:export", kwargs=place)
    return reverse("annotation:export_file", kwargs=place | {"layer": layer, "fmt": fmt})


def signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_page_links_each_layer_that_has_something(cast, project):
    page = signed_in(cast.alice).get(address(project))
    assert [(layer["name"], layer["count"]) for layer in page.context["layers"]] == [
        ("gold", 0), ("annotators", 1), ("model", 0), ("all", 1),
    ]  # fmt: skip
    assert address(project, "all", "conll") in page.text
    assert address(project, "gold", "conll") not in page.text


def test_a_download_is_streamed_as_an_attachment_that_no_browser_renders(cast, project):
    answer = signed_in(cast.alice).get(address(project, "annotators", "jsonl"))
    assert answer.streaming
    assert answer["Content-Type"] == "application/x-ndjson; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith('attachment; filename="harbour-reports-annotators-')
    [row] = [json.loads(line) for line in answer.getvalue().decode().splitlines()]
    assert row["text"] == "<script>alert(1)</script> Ada 😀"
    assert row["annotations"] == [{"annotator": "Bob", "spans": [{"start": 26, "end": 29, "label": "PER"}]}]


@pytest.mark.django_db(transaction=True)
async def test_under_asgi_the_download_is_streamed_asynchronously(cast, project):
    client = AsyncClient()
    await client.aforce_login(cast.alice)
    answer = await client.get(address(project, "all", "conll"))
    assert answer.is_async
    text = b"".join([part async for part in answer]).decode()
    assert "\nAda\tB-PER\n" in text
    await sync_to_async(connections.close_all)()  # those of the thread that the view ran in


@pytest.mark.parametrize(("layer", "fmt"), [("secrets", "jsonl"), ("gold", "exe")])
def test_an_unknown_layer_or_format_is_not_found(cast, project, layer, fmt):
    assert signed_in(cast.alice).get(address(project, layer, fmt)).status_code == 404


@pytest.mark.parametrize(
    ("person", "status"), [("alice", 200), ("dora", 403), ("vic", 403), ("bob", 403), ("olga", 403), ("charlie", 404)]
)
def test_only_managers_export(cast, project, person, status):
    client = signed_in(cast.user(person))
    assert client.get(address(project)).status_code == status
    assert client.get(address(project, "all", "jsonl")).status_code == status
