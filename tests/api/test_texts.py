"""Texts in and out over the API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from annotation.models import ImportJob
from annotation.services.imports import import_run
from daner_site.api import documents
from tests.api.credentials import bearer, of_a
from tests.cast import Cast
from tests.factories import annotation_make, document_make, documents_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(client: Client, cast: Cast) -> Any:
    """`call(name, method, path, body)` as a member with a token: the answer."""
    tokens = {name: bearer(cast, name) for name in ("alice", "bob", "vic")}

    def go(name: str, method: str, path: str, body: Any = None) -> Any:
        headers = tokens[name]
        if method == "get":
            return client.get(of_a(cast, path), headers=headers)
        return client.post(of_a(cast, path), body, content_type="application/json", headers=headers)

    return go


def results(answer: Any) -> list[str]:
    return [row["external_id"] for row in answer.json()["results"]]


def test_documents_come_in_import_order_and_say_how_far_they_are(call: Any, cast: Cast) -> None:
    first = document_make(cast.project_a, "Ada in Oslo 😀.", external_id="d1")
    document_make(cast.project_a, "Nothing here.", external_id="d2")
    annotation_make(first, cast.bob, [(0, 3, "PER")])
    row, other = call("vic", "get", "documents/").json()["results"]
    assert (row["external_id"], row["text"], row["annotators"], row["has_gold"]) == ("d1", "Ada in Oslo 😀.", 1, False)
    assert other["annotators"] == 0


def test_documents_can_be_narrowed_by_what_is_allowed(call: Any, cast: Cast) -> None:
    marked = document_make(cast.project_a, "Ada in Oslo.", external_id="pool1")
    document_make(cast.project_a, "Grace in Rome.", external_id="test1", split="test")
    annotation_make(marked, cast.bob, [(0, 3, "PER")])
    assert results(call("vic", "get", "documents/?split=test")) == ["test1"]
    assert results(call("vic", "get", "documents/?search=Rome")) == ["test1"]
    assert results(call("vic", "get", "documents/?label=PER")) == ["pool1"]
    assert results(call("vic", "get", "documents/?status=labelled&split=pool")) == ["pool1"]


@pytest.mark.parametrize("query", ["split=gold", "status=x", "text__startswith=A", "annotations__author__password=a"])
def test_anything_else_is_refused(call: Any, cast: Cast, query: str) -> None:
    document_make(cast.project_a)
    answer = call("vic", "get", f"documents/?{query}")
    assert answer.status_code == 400
    assert list(answer.json()) == [query.partition("=")[0]]


def test_the_number_of_queries_does_not_grow_with_the_list(
    call: Any, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    documents_make(cast.project_a, 30)
    with django_assert_max_num_queries(12):
        assert call("vic", "get", "documents/").json()["count"] == 30


def test_an_annotator_sees_no_list_of_texts(call: Any, cast: Cast) -> None:
    assert call("bob", "get", "documents/").status_code == 403


def test_texts_are_imported_in_the_background_and_the_job_says_how_far_it_is(call: Any, cast: Cast) -> None:
    row = {"text": "Ada 😀 met Bo\r\nin Rome.", "label": [[0, 3, "PER"], [18, 22, "CITY"]]}
    body = {
        "format": "jsonl",
        "content": json.dumps(row, ensure_ascii=False) + "\n",
        "options": {"label_map": {"CITY": "LOC"}},
    }
    answer = call("alice", "post", "imports/", body)
    assert answer.status_code == 202, answer.json()
    assert answer.json()["status"] == "queued"
    import_run(job_id=ImportJob.objects.get().pk)
    path = answer.json()["url"].partition(str(cast.project_a.uuid) + "/")[2]
    done = call("alice", "get", path).json()
    assert done["status"] == "done"
    assert done["report"]["documents"] == 1
    assert cast.project_a.documents.get().text == row["text"]


def test_a_dry_run_says_what_it_found_and_imports_nothing(call: Any, cast: Cast) -> None:
    content = '{"text": "Ada."}\n{"text": \n'
    answer = call("alice", "post", "imports/", {"format": "jsonl", "content": content, "dry_run": True})
    assert answer.status_code == 200
    assert answer.json()["status"] == "checked"
    assert answer.json()["checked"]["error_count"] == 1
    assert not cast.project_a.documents.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"format": "jsonl", "content": '{"text": \n'}, "content"),
        ({"format": "lines", "content": "   "}, "content"),
        ({"format": "pdf", "content": "Ada."}, "format"),
        ({"format": "lines", "content": "Ada.", "split": "gold"}, "split"),
        ({"format": "lines"}, "content"),
        ({"format": "lines", "content": "Ada.", "options": {"layer_map": {"ana": "steal"}}}, "options"),
    ],
)
def test_a_bad_import_is_refused_with_the_reason(call: Any, cast: Cast, body: dict[str, Any], field: str) -> None:
    answer = call("alice", "post", "imports/", body)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not ImportJob.objects.exclude(status="checked").exists()


def test_a_body_beyond_the_limit_is_refused(call: Any, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert call("alice", "post", "imports/", {"format": "lines", "content": "x" * 2000}).status_code == 400
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize("body", ["[" * 100_000, "{", '"text"', "[]", "NaN", b"\xff\xfe"])
def test_a_body_that_is_no_object_is_refused(call: Any, body: Any) -> None:
    assert call("alice", "post", "imports/", body).status_code == 400


def test_only_json_is_read(client: Client, cast: Cast) -> None:
    answer = client.post(of_a(cast, "imports/"), {"format": "lines"}, headers=bearer(cast, "alice"))
    assert answer.status_code == 415


def test_an_export_is_a_download_of_one_layer(call: Any, cast: Cast) -> None:
    document = document_make(cast.project_a, "Ada in Oslo.", external_id="d1")
    annotation_make(document, cast.bob, [(0, 3, "PER")])
    answer = call("alice", "get", "export/annotators.jsonl")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    line = json.loads(answer.getvalue())
    assert line["text"] == "Ada in Oslo."
    assert call("alice", "get", "export/gold.jsonl").getvalue() == b""


@pytest.mark.parametrize("name", ["gold.exe", "secrets.jsonl", "..%2f..%2fetc.conll"])
def test_an_unknown_layer_or_format_is_not_found(call: Any, name: str) -> None:
    assert call("alice", "get", f"export/{name}").status_code == 404


def test_too_many_heavy_calls_are_put_off(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents.HeavyThrottle, "rate", "2/min")
    answers = [call("alice", "get", "export/gold.jsonl").status_code for _ in range(3)]
    assert answers == [200, 200, 429]
