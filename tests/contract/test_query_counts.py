"""Ceilings on the queries of the hot pages: the same for few documents and for many."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.services.queue import queue_extend
from tests.cast import Cast
from tests.factories import annotation_make, documents_make

CEILINGS = {
    "annotation:annotate": 14,
    "annotation:progress_panel": 13,
    "annotation:documents": 10,
    "activelearning:run_panel": 16,
    "quality:summary_panel": 9,
    "pages:organization": 23,
}


def queries(client: Client, url: str, form: dict[str, Any] | None = None) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(url) if form is None else client.post(url, form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", CEILINGS)
def test_a_hot_page_asks_no_more_when_there_is_more(cast: Cast, name: str) -> None:
    project = cast.project_a
    args = [cast.org_a.slug] if name == "pages:organization" else [cast.org_a.slug, project.uuid]
    url, client = reverse(name, args=args), Client()
    client.force_login(cast.alice)
    counts = []
    for number in (3, 40):
        for document in documents_make(project, number):
            annotation_make(document, cast.bob, [(0, 3, "PER")])
        documents_make(project, number)
        queue_extend(project=project)
        client.get(url)
        counts.append(queries(client, url))
    assert counts[1] <= counts[0]
    assert counts[1] <= CEILINGS[name]


def test_submit_and_next_is_a_fixed_number_of_queries(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.bob)
    url = reverse("annotation:annotate", args=[cast.org_a.slug, cast.project_a.uuid])
    counts = []
    for number in (3, 60):
        documents_make(cast.project_a, number)
        queue_extend(project=cast.project_a)
        workspace = client.get(url).context["workspace"]
        payload = {"spans": [{"start": 0, "end": 3, "label": "PER", "origin": "human"}]}
        form = {"assignment": workspace["assignment"], "action": "submit", "payload": json.dumps(payload)}
        counts.append(queries(client, url, form))
    assert counts[1] <= counts[0] <= 32
