"""The import pages: from pasted text to the first label, and everything that can be wrong with a file."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.models import Annotation, ImportJob, Project
from annotation.services.imports import import_run
from tests.cast import Cast
from tests.services.import_helpers import jsonl

DEFAULTS = {"split": "pool", "format": ""}


@pytest.fixture
def project(cast: Cast) -> Project:
    return cast.project_a


@pytest.fixture
def client(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.alice)
    return client


def address(name: str, project: Project, **arguments: Any) -> str:
    return reverse(f"annotation:{name}", kwargs={"org": project.organization.slug, "project": project.uuid} | arguments)


def check(client: Client, project: Project, text: str = "", **data: Any) -> Any:
    """Post the first page and land on the preview."""
    return client.post(address("import", project), DEFAULTS | {"text": text} | data, follow=True)


def test_from_pasted_text_to_the_first_label_in_two_clicks(client, project):
    page = client.get(address("import", project))
    assert page.status_code == 200
    preview = check(client, project, "Ada met Grace in Oslo.\r\nGrace met Ada.")
    assert "Import 2 documents" in preview.text
    assert "Ada met Grace in Oslo." in preview.text
    assert not project.documents.exists()

    job = ImportJob.objects.get()
    running = client.post(preview.request["PATH_INFO"], {}, follow=True)
    assert 'hx-trigger="live:import from:body' in running.text
    import_run(job_id=job.pk)
    done = client.get(address("import_job", project, job=job.uuid), headers={"HX-Request": "true"})
    assert "<html" not in done.text
    assert "hx-trigger" not in done.text
    assert address("annotate", project) in done.text
    assert "Start labelling" in done.text
    assert [document.text for document in project.documents.all()] == ["Ada met Grace in Oslo.", "Grace met Ada."]
    workspace = client.get(address("annotate", project)).context["workspace"]
    assert workspace["text"].startswith(("Ada", "Grace"))


def test_a_file_is_read_with_its_line_ends_and_recognised(client, project):
    file = SimpleUploadedFile("x.conll", b"Ada\tB-PER\r\nlives\tO\r\n")
    preview = check(client, project, file=file)
    job = ImportJob.objects.get()
    assert (job.format, job.filename, job.split) == ("conll", "x.conll", "pool")
    assert '<mark class="span"' in preview.text


def test_bad_rows_are_listed_by_number_and_stop_the_import_until_they_are_skipped(client, project):
    preview = check(client, project, jsonl({"text": "good"}, {"text": "bad", "spans": [[1, 9, "PER"]]}))
    assert "row 2: span 1 (start 1, end 9) ends after the text (3 characters)" in preview.text
    job = ImportJob.objects.get()
    refused = client.post(preview.request["PATH_INFO"], {})
    assert refused.status_code == 422
    assert "Nothing was imported" in refused.text
    assert "row 2: span 1" in refused.text
    client.post(preview.request["PATH_INFO"], {"skip_errors": "on"})
    import_run(job_id=job.pk)
    assert [document.text for document in project.documents.all()] == ["good"]


def test_labels_and_annotators_are_mapped_on_the_page(client, project):
    content = jsonl(
        {
            "text": "Ada lives",
            "annotations": [
                {"label": 18, "start_offset": 0, "end_offset": 3, "user": 1},
                {"label": 19, "start_offset": 4, "end_offset": 9, "user": 2},
            ],
        }
    )
    preview = check(client, project, content)
    form = preview.context["form"]
    assert [(row["name"], row["new"]) for row in form.label_rows()] == [("18", True), ("19", True)]
    data = {"with_labels": "on", "label_0": "PER", "label_1": "VERB", "layer_0": "gold", "layer_1": "annotator"}
    client.post(preview.request["PATH_INFO"], data)
    import_run(job_id=ImportJob.objects.get().pk)
    stored = {(a.kind, a.author.name, s.label.name) for a in Annotation.objects.all() for s in a.spans.all()}
    assert stored == {("gold", "Alice", "PER"), ("human", "2", "VERB")}


def test_a_label_of_the_project_is_proposed_whatever_its_case(client, project):
    preview = check(client, project, jsonl({"text": "Ada lives", "spans": [[0, 3, "per"], [4, 9, "two words"]]}))
    assert [row["field"].initial for row in preview.context["form"].label_rows()] == ["PER", "two_words"]


def test_a_wrong_label_name_is_said_and_changes_nothing(client, project):
    preview = check(client, project, jsonl({"text": "Ada lives", "spans": [[0, 3, "A"]]}))
    answer = client.post(preview.request["PATH_INFO"], {"with_labels": "on", "label_0": "two words"})
    assert answer.status_code == 422
    assert "cannot be a label" in answer.text
    assert ImportJob.objects.get().status == ImportJob.Status.CHECKED


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"text": ""}, "Paste a text or choose a file."),
        ({"text": "a", "file": SimpleUploadedFile("a.txt", b"a")}, "Paste or upload, not both."),
        ({"text": "", "file": SimpleUploadedFile("a.txt", b"")}, "There is no text in it."),
        ({"text": "\u200b"}, "There is no text in it."),
        ({"text": "a", "format": "xml"}, "Select a valid choice"),
        ({"text": "a", "split": "dev"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_imported_is_said_on_the_page(client, project, data, message):
    answer = client.post(address("import", project), DEFAULTS | data)
    assert answer.status_code == 422
    assert message in answer.text
    assert not ImportJob.objects.exists()


def test_a_file_over_the_limit_is_refused_before_it_is_read(client, project, settings):
    settings.DANER_IMPORT_MAX_BYTES = 10
    answer = client.post(address("import", project), DEFAULTS | {"file": SimpleUploadedFile("a.txt", b"x" * 11)})
    assert answer.status_code == 422
    assert "larger than" in answer.text


def test_looking_how_far_an_import_is_does_not_read_the_upload(client, project):
    check(client, project, "One text.\nAnother.")
    job = ImportJob.objects.get()
    with CaptureQueriesContext(connection) as queries:
        client.get(address("import_job", project, job=job.uuid), headers={"HX-Request": "true"})
    assert not [query["sql"] for query in queries if '"annotation_importjob"."content"' in query["sql"]]


def test_texts_are_shown_as_text_never_as_markup(client, project):
    preview = check(client, project, jsonl({"text": "<script>x</script> Ada", "spans": [[0, 8, "<b>"]]}))
    assert "<script>x" not in preview.text
    assert "<b><b>" not in preview.text
    assert '<mark class="span" data-color="#7F7F7F" title="&lt;b&gt;' in preview.text


def test_a_text_is_shown_with_its_own_white_space(client, project):
    preview = check(client, project, jsonl({"text": "a  b\tc\n\nd"}))
    assert '<p class="text">a  b\tc\n\nd</p>' in preview.text


def test_a_failed_import_says_why(client, project):
    check(client, project, "one")
    job = ImportJob.objects.get()
    ImportJob.objects.update(status="failed", report={"failure": "It stopped 5 times."})
    assert "It stopped 5 times." in client.get(address("import_job", project, job=job.uuid)).text
    assert address("import_job", project, job=job.uuid) in client.get(address("import", project)).text


@pytest.mark.parametrize(
    ("person", "status"), [("alice", 200), ("bob", 403), ("dora", 403), ("vic", 403), ("olga", 403), ("charlie", 404)]
)
def test_only_managers_import(cast, project, person, status):
    client = Client()
    client.force_login(cast.user(person))
    assert client.get(address("import", project)).status_code == status
    assert client.post(address("import", project), DEFAULTS | {"text": "a"}).status_code in (status, 302)
    assert ImportJob.objects.exists() == (person == "alice")


def test_a_job_of_another_project_is_not_found(client, cast, project):
    check(client, project, "one")
    job = ImportJob.objects.get()
    stranger = Client()
    stranger.force_login(cast.charlie)
    assert stranger.get(address("import_job", cast.project_b, job=job.uuid)).status_code == 404
    assert stranger.post(address("import_job", cast.project_b, job=job.uuid), {}).status_code == 404
    assert ImportJob.objects.get().status == ImportJob.Status.CHECKED
