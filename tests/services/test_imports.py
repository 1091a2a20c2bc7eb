"""Importing: what is checked, what is written, and that a run can be killed at any time."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from annotation.domain.formats import ImportOptions
from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Assignment, Document, ImportJob, Label, Project, Split
from annotation.selectors.layers import layers_of
from annotation.selectors.training import open_pool, test_set, training_set
from annotation.services import imports
from annotation.services.imports import ImportRefused, import_run, import_start, imports_sweep
from annotation.services.queue import draw_overlap, overlap_redraw
from annotation.services.work import assignment_claim_next
from daner_site.accounts.models import AuditEvent, User
from daner_site.core.clock import now
from tests.cast import Cast, cast_make
from tests.factories import document_make
from tests.services.import_helpers import ODD_TEXTS, checked, imported, jsonl, shared_data, spans_of, state_of
from tests.services.test_work import context

test_set.__test__ = False

ADA = {"start": 0, "end": 3, "label": "PER"}


@pytest.fixture
def project(cast: Cast) -> Project:
    return cast.project_a


# --- the dry run ----------------------------------------------------------------------------


def test_a_check_writes_nothing_but_the_job_and_says_what_it_found(project):
    document_make(project, "Known already")
    job = checked(
        project,
        jsonl(
            {"text": "Ada lives", "spans": [ADA]},
            {"text": "Ada lives", "spans": []},
            {"text": "Known already"},
            {
                "text": "Two people",
                "annotations": [{"annotator": "x", "spans": [ADA]}, {"annotator": "y", "spans": []}],
            },
            {"text": "bad", "spans": [{"start": 2, "end": 9, "label": "LOC"}]},
        ),
    )
    assert job.status == ImportJob.Status.CHECKED
    assert job.format == "jsonl"
    found = job.preview
    assert (found["rows"], found["documents"], found["new"]) == (5, 4, 2)
    assert (found["repeated"], found["known"], found["with_gold"]) == (1, 1, 2)
    assert found["labels"] == {"PER": 2}
    assert found["layers"] == {"x": 1, "y": 1}
    assert found["errors"] == ["row 5: span 1 (start 2, end 9) ends after the text (3 characters)"]
    assert found["first"][0] == {"row": 1, "text": "Ada lives", "cut": False, "spans": [[0, 3, "PER"]]}
    assert project.documents.count() == 1
    assert not Annotation.objects.exists()
    assert not User.objects.filter(imported=True).exists()


def test_only_the_first_hundred_messages_are_kept(project):
    job = checked(project, "{\n" * 150, format="jsonl")
    assert job.preview["error_count"] == 150
    assert len(job.preview["errors"]) == 100
    assert job.preview["errors"][99].startswith("row 100: not JSON")


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (b"", {}, "There is no text in it"),
        (" \n\u200b\n", {}, "There is no text in it"),
        (b"\xff\xfea", {}, "UTF-16"),
        ("a", {"format": "xml"}, "Unknown format"),
        (jsonl(*({"text": f"t{n}", "spans": [[0, 1, f"L{n}"]]} for n in range(201))), {}, "201 different labels"),
        (b"x" * 2000, {}, "larger than"),
        ("ä" * 600, {}, "larger than"),
    ],
)
def test_an_upload_that_cannot_be_meant_is_refused(project, settings, content, arguments, message):
    settings.DANER_IMPORT_MAX_BYTES = 1000 if "larger" in message else 1_000_000
    with pytest.raises(ImportRefused, match=message):
        checked(project, content, **arguments)
    assert not ImportJob.objects.exists()


# --- confirming -----------------------------------------------------------------------------


def test_bad_rows_stop_the_whole_import_unless_they_are_to_be_skipped(project):
    job = checked(project, jsonl({"text": "good"}, {"text": 5}, {"text": "better"}))
    with pytest.raises(ImportRefused, match=r"1 row cannot be read\. Nothing was imported"):
        import_start(job=job, author=project.created_by)
    import_run(job_id=job.pk)
    assert not project.documents.exists()
    import_start(job=job, author=project.created_by, options=ImportOptions(skip_errors=True))
    import_run(job_id=job.pk)
    job.refresh_from_db()
    assert [document.text for document in project.documents.all()] == ["good", "better"]
    assert job.report["errors"] == 1


def test_an_unknown_label_is_refused_and_nothing_is_left_behind(project):
    job = checked(project, jsonl({"text": "Ada lives", "spans": [[0, 3, "PER"], [4, 9, "VERB"]]}))
    with pytest.raises(ImportRefused, match="“VERB” is not in the project"):
        import_start(job=job, author=project.created_by)
    job.refresh_from_db()
    assert job.status == ImportJob.Status.CHECKED
    assert not project.labels.filter(name="VERB").exists()


def test_labels_are_created_on_request_renamed_or_left_out(project):
    content = jsonl({"text": "Ada lives now", "spans": [[0, 3, "18"], [4, 9, "Verb phrase"], [10, 13, "TIME"]]})
    options = ImportOptions(label_map={"18": "PER", "Verb phrase": "VP", "TIME": ""}, create_labels=True)
    imported(project, content, options=options)
    assert spans_of(Annotation.objects.get()) == [LabelledSpan(0, 3, "PER"), LabelledSpan(4, 9, "VP")]
    assert set(project.labels.values_list("name", flat=True)) == {"PER", "LOC", "VP"}


def test_two_labels_that_become_one_give_one_span(project):
    content = jsonl({"text": "Ada lives", "spans": [[0, 3, "A"], [0, 3, "B"]]})
    imported(project, content, options=ImportOptions(label_map={"A": "PER", "B": "PER"}))
    assert spans_of(Annotation.objects.get()) == [LabelledSpan(0, 3, "PER")]


@pytest.mark.parametrize(
    ("name", "message"), [("two words", "cannot be a label"), ("OLD", "is retired"), ("x" * 61, "cannot be a label")]
)
def test_names_that_cannot_be_labels_are_refused(project, name, message):
    Label.objects.create(
        organization_id=project.organization_id, project=project, name="OLD", color="#000000", retired_at=now()
    )
    job = checked(project, jsonl({"text": "Ada lives", "spans": [[0, 3, name]]}))
    with pytest.raises(ImportRefused, match=message):
        import_start(job=job, author=project.created_by, options=ImportOptions(create_labels=True))


def test_an_import_is_started_once_and_leaves_a_trace(project):
    job = checked(project, "one\ntwo")
    import_start(job=job, author=project.created_by)
    with pytest.raises(ImportRefused, match="started already"):
        import_start(job=job, author=project.created_by)
    event = AuditEvent.objects.get(verb="import.start")
    assert event.target_uuid == job.uuid
    assert event.payload == {"documents": 2, "format": "lines"}


# --- what is written ------------------------------------------------------------------------


def test_plain_texts_become_open_pool_documents_in_order(project):
    job = imported(project, "one two\n\nthree")
    first, second = project.documents.all()
    assert (first.text, first.position, first.split) == ("one two", 0, Split.POOL)
    assert first.tokens == [[0, 3], [4, 7]]
    assert second.position == 1
    assert job.status == ImportJob.Status.DONE
    assert job.content == ""
    assert (job.done, job.total, job.report["documents"]) == (2, 2, 2)
    assert len(list(open_pool(project))) == 2


def test_each_document_gets_its_overlap_by_the_projects_draw(project):
    Project.objects.filter(pk=project.pk).update(overlap=3, overlap_share=0.5)
    project.refresh_from_db()
    imported(project, "\n".join(f"text number {n}" for n in range(40)))
    targets = [document.overlap_target for document in project.documents.all()]
    assert targets == [draw_overlap(project, document.sha256) for document in project.documents.all()]
    assert set(targets) == {1, 3}


def test_imported_texts_are_served_at_once(project, cast):
    imported(project, "one two\nthree")
    assignment = assignment_claim_next(ctx=context(cast.bob, project))
    assert assignment is not None
    assert assignment.document.text in ("one two", "three")


def test_a_second_import_continues_the_numbering_and_leaves_duplicates_out(project):
    imported(project, "one\ntwo")
    job = imported(project, jsonl({"text": "two", "spans": []}, {"text": "three"}, {"text": "three"}))
    assert [(d.text, d.position) for d in project.documents.all()] == [("one", 0), ("two", 1), ("three", 2)]
    assert (job.report["documents"], job.report["duplicates"], job.report["label_losses"]) == (1, 2, 1)


def test_texts_that_differ_in_one_invisible_character_are_two_texts(project):
    imported(project, jsonl({"text": "Zoë"}, {"text": "Zoe\u0308"}, {"text": "Zo\u200bë"}))
    assert project.documents.count() == 3


def test_labels_of_nobody_in_particular_are_gold_and_close_the_document(project, cast):
    imported(project, "Ada\tB-PER\nlives\tO\n", filename="x.conll")
    annotation = Annotation.objects.get()
    assert annotation.kind == Annotation.Kind.GOLD
    assert annotation.author == project.created_by
    assert annotation.provenance["source"] == "import"
    assert {span.origin for span in annotation.spans.all()} == {"imported"}
    assert [item.source for item in training_set(project)] == ["gold"]
    assert assignment_claim_next(ctx=context(cast.bob, project)) is None


def test_labels_are_left_behind_on_request(project):
    content = jsonl({"text": "Ada lives", "spans": [ADA], "annotations": [{"annotator": "x", "spans": [ADA]}]})
    imported(project, content, options=ImportOptions(with_labels=False))
    assert not Annotation.objects.exists()
    assert not Assignment.objects.exists()
    assert len(list(open_pool(project))) == 1


def test_the_test_split_is_gold_and_never_queued(project, cast):
    imported(project, "Ada\tB-PER\nlives\tO\n", filename="test.conll", split=Split.TEST)
    [text] = test_set(project)
    assert text.spans == (LabelledSpan(0, 3, "PER"),)
    assert not project.queue.exists()
    assert assignment_claim_next(ctx=context(cast.bob, project)) is None


def test_the_file_may_name_the_split_and_may_be_overruled(project):
    content = jsonl({"text": "a", "split": "test"}, {"text": "b", "split": "pool"}, {"text": "c", "split": "train"})
    imported(project, content, split=Split.TEST)
    assert [document.split for document in project.documents.all()] == ["test", "pool", "test"]
    project.documents.all().delete()
    imported(project, content, split=Split.TEST, options=ImportOptions(file_splits=False))
    assert {document.split for document in project.documents.all()} == {"test"}


def test_each_annotator_of_the_file_keeps_a_layer_of_their_own(project, cast):
    Project.objects.filter(pk=project.pk).update(overlap=2, overlap_share=1.0)
    content = jsonl(
        {"text": "Ada lives", "annotations": [{"annotator": "Zoë", "spans": [ADA]}, {"annotator": "2", "spans": []}]}
    )
    imported(project, content)
    [item] = layers_of(project)
    assert [(layer.author_name, layer.spans) for layer in item.layers] == [
        ("Zoë", (LabelledSpan(0, 3, "PER"),)),
        ("2", ()),
    ]
    assert all(layer.imported for layer in item.layers)
    document = project.documents.get()
    assert document.overlap_target == 2
    turns = document.assignments.order_by("slot")
    assert [(turn.slot, turn.status, turn.generation) for turn in turns] == [(0, "submitted", 0), (1, "submitted", 0)]
    assert assignment_claim_next(ctx=context(cast.bob, project)) is None


def test_a_document_with_one_imported_layer_is_not_served_for_a_second(project, cast):
    Project.objects.filter(pk=project.pk).update(overlap=3, overlap_share=1.0)
    project.refresh_from_db()
    imported(project, jsonl({"text": "Ada lives", "annotations": [{"annotator": "x", "spans": [ADA]}]}))
    assert list(open_pool(project)) == []
    assert assignment_claim_next(ctx=context(cast.bob, project)) is None


def test_new_overlap_settings_do_not_reopen_what_came_with_its_layers(project, cast):
    layer = {"annotator": "x", "spans": [ADA]}
    imported(project, jsonl({"text": "Ada lives", "annotations": [layer]}, {"text": "Ada is here"}))
    Project.objects.filter(pk=project.pk).update(overlap=3, overlap_share=1.0)
    project.refresh_from_db()
    assert overlap_redraw(project=project) == 1
    assert [document.overlap_target for document in project.documents.all()] == [1, 3]
    assert [text.text for text in open_pool(project)] == ["Ada is here"]


def test_an_imported_name_is_one_person_in_a_project_and_cannot_sign_in(project, cast):
    row = {"annotations": [{"annotator": "x", "spans": []}]}
    imported(project, jsonl({"text": "one", **row}))
    imported(project, jsonl({"text": "two", **row}))
    imported(cast.project_b, jsonl({"text": "one", **row}))
    here, there = User.objects.filter(imported=True).order_by("pk")
    assert Annotation.objects.filter(author=here).count() == 2
    assert Annotation.objects.filter(author=there).count() == 1
    assert here.name == "x"
    assert not here.is_active
    assert not here.has_usable_password()
    assert not here.memberships.exists()


def test_a_layer_can_be_taken_as_gold_or_left_out(project):
    names = ("final", "anna", "test account")
    content = jsonl({"text": "Ada lives", "annotations": [{"annotator": name, "spans": [ADA]} for name in names]})
    imported(project, content, options=ImportOptions(layer_map={"final": "gold", "test account": "skip"}))
    assert {(a.kind, a.author.name) for a in Annotation.objects.all()} == {("gold", "Alice"), ("human", "anna")}


def test_overlapping_spans_are_kept_as_they_are_where_the_project_allows_them(project):
    Project.objects.filter(pk=project.pk).update(span_overlap="nested")
    project.refresh_from_db()
    job = imported(project, jsonl({"text": "Ada Lovelace", "spans": [[0, 12, "PER"], [0, 3, "PER"]]}))
    assert job.preview["overlaps"] == 1
    assert len(spans_of(Annotation.objects.get())) == 2


# --- killed, repeated, doubled --------------------------------------------------------------


def plain(project: Project, monkeypatch: pytest.MonkeyPatch, count: int = 10) -> ImportJob:
    monkeypatch.setattr(imports, "CHUNK", 3)
    rows = [
        {"text": f"Ada lives in house {n}", "annotations": [{"annotator": "x", "spans": [ADA]}]} for n in range(count)
    ]
    job = checked(project, jsonl(*rows, rows[0], {"text": 5}))
    return import_start(job=job, author=project.created_by, options=ImportOptions(skip_errors=True))


def die_in_chunk(monkeypatch: pytest.MonkeyPatch, number: int, error: BaseException) -> None:
    """The worker ends inside the transaction of chunk `number`, its rows written."""
    write, calls = imports.rows_write, iter(range(1, 100))

    def dying(**arguments):
        counts = write(**arguments)
        if next(calls) == number:
            raise error
        return counts

    monkeypatch.setattr(imports, "rows_write", dying)


@pytest.mark.parametrize("chunk", [1, 2, 4])
def test_a_killed_run_goes_on_where_it_stopped_and_counts_nothing_twice(project, monkeypatch, chunk):
    job = plain(project, monkeypatch)
    die_in_chunk(monkeypatch, chunk, SystemExit())
    with pytest.raises(SystemExit):
        import_run(job_id=job.pk)
    assert project.documents.count() == 3 * (chunk - 1)
    assert imports_sweep() == 0, "its lease still holds"
    ImportJob.objects.update(lease_until=now() - timedelta(seconds=1))
    assert imports_sweep() == 1
    import_run(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == ImportJob.Status.DONE
    assert project.documents.count() == 10
    assert Annotation.objects.count() == Assignment.objects.count() == 10
    report = {name: job.report[name] for name in ("documents", "duplicates", "errors", "layers", "spans")}
    assert report == {"documents": 10, "duplicates": 1, "errors": 1, "layers": 10, "spans": 10}
    assert project.queue.count() == 10


def test_a_run_that_fails_is_tried_again_and_given_up_in_the_end(project, monkeypatch):
    job = plain(project, monkeypatch)
    monkeypatch.setattr(imports, "rows_write", lambda **_: 1 / 0)
    for _ in range(imports.MAX_CLAIMS):
        with pytest.raises(ZeroDivisionError):
            import_run(job_id=job.pk)
    import_run(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == ImportJob.Status.FAILED
    assert job.report["failure"].startswith("It stopped 5 times")
    assert job.content == ""


def test_a_label_that_was_renamed_meanwhile_ends_the_import_with_a_reason(project, monkeypatch):
    job = plain(project, monkeypatch)
    project.labels.filter(name="PER").update(name="PERSON")
    import_run(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == ImportJob.Status.FAILED
    assert job.report["failure"] == "The label “PER” is no longer in the project."
    assert not project.documents.exists()


def test_running_a_job_that_is_done_or_not_confirmed_does_nothing(project):
    job = imported(project, "one\ntwo")
    import_run(job_id=job.pk)
    waiting = checked(project, "three")
    import_run(job_id=waiting.pk)
    import_run(job_id=0)
    assert project.documents.count() == 2


def test_a_lost_message_is_sent_again_and_a_forgotten_check_removed(project, django_capture_on_commit_callbacks, sent):
    job = checked(project, "one")
    import_start(job=job, author=project.created_by)
    ImportJob.objects.update(lease_until=now() - timedelta(seconds=1))
    forgotten = checked(project, "two")
    ImportJob.objects.filter(pk=forgotten.pk).update(created_at=now() - timedelta(days=2))
    with django_capture_on_commit_callbacks(execute=True):
        imports_sweep()
    assert not ImportJob.objects.filter(pk=forgotten.pk).exists()
    assert sent == ["run_import"]
    assert imports_sweep() == 0, "sent once, not at every sweep"


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_job_write_each_document_once(monkeypatch):
    project = cast_make().project_a
    job = plain(project, monkeypatch, count=60)
    ImportJob.objects.update(status=ImportJob.Status.QUEUED)
    barrier = threading.Barrier(2)
    errors = []

    def work():
        try:
            barrier.wait()
            import_run(job_id=job.pk)
            # The first was taken for dead although it lives.
            ImportJob.objects.filter(pk=job.pk, status="running").update(status="queued")
            import_run(job_id=job.pk)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ImportJob.objects.filter(pk=job.pk, status="running").update(status="queued")
    import_run(job_id=job.pk)
    assert errors == []
    job.refresh_from_db()
    assert job.status == ImportJob.Status.DONE
    assert job.report["documents"] == project.documents.count() == 60
    positions = sorted(Document.objects.values_list("position", flat=True))
    assert positions == list(range(60))


# --- real files -----------------------------------------------------------------------------


def test_wnut17_comes_in_as_unlabelled_pool_and_labelled_test_split(project):
    train = shared_data("wnut17", "train.conll").read_bytes()
    test = shared_data("wnut17", "test.conll").read_bytes()
    pool = imported(project, train, filename="train.conll", options=ImportOptions(with_labels=False))
    measured = imported(project, test, filename="test.conll", split=Split.TEST)
    assert pool.preview["error_count"] == measured.preview["error_count"] == 0
    assert pool.report["documents"] == pool.preview["new"]
    assert (pool.preview["rows"], measured.preview["rows"]) == (3394, 1287)
    assert len(list(open_pool(project))) == pool.report["documents"]
    assert sum(len(text.spans) for text in test_set(project)) == measured.report["spans"]
    assert len(measured.preview["labels"]) == 6
    assert project.queue.count() == pool.report["documents"]


def test_a_doccano_export_keeps_both_annotators_and_the_agreed_version(project):
    folder = shared_data("novels_doccano", "doccano_export")
    documents = 0
    for number, path in enumerate(sorted(folder.glob("*.jsonl"))):
        job = checked(project, path.read_bytes(), filename=path.name)
        assert job.preview["error_count"] == 0
        assert set(job.preview["layers"]) == {"1", "2", "3"}
        # The projects of the export number their labels on: PERSON 3 … 14, PERX 18 … 29.
        names = {label: "PERSON" if int(label) < 15 else "PERX" for label in job.preview["labels"]}
        options = ImportOptions(label_map=names, create_labels=number == 0, layer_map={"1": "gold"})
        import_start(job=job, author=project.created_by, options=options)
        import_run(job_id=job.pk)
        documents += job.preview["new"]
    assert project.documents.count() == documents
    both = list(layers_of(project))
    assert {layer.author_name for item in both for layer in item.layers} == {"2", "3"}
    assert len(both) > 100
    assert User.objects.filter(imported=True).count() == 2
    expected = {row["id"]: row for row in _doccano_rows(folder)}
    for document in project.documents.all():
        source = expected[document.external_id]
        assert document.text == source["text"]
        for annotation in document.annotations.filter(kind=Annotation.Kind.HUMAN):
            stored = {(span.start, span.end) for span in annotation.spans.all()}
            assert stored == {
                (item["start_offset"], item["end_offset"])
                for item in source["annotations"]
                if str(item["user"]) == annotation.author.name
            }


def _doccano_rows(folder):
    import json

    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield row | {"id": str(row["id"])}


def test_chinese_with_its_text_in_comments_has_the_exact_text(project):
    imported(project, shared_data("uner_zh", "zh_gsdsimp-ud-dev.iob2").read_bytes(), filename="dev.iob2")
    texts = [document.text for document in project.documents.all()]
    assert "同样，施力的大小不同，引起的加速度不同，最终的结果也不一样，亦可以从向量的加成性来看。" in texts
    for document in project.documents.all():
        for annotation in document.annotations.all():
            for span in spans_of(annotation):
                assert document.text[span.start : span.end].strip() == document.text[span.start : span.end]


def test_the_projects_own_fixture_shape_is_read(project):
    job = checked(project, shared_data("novels_doccano", "items.jsonl").read_bytes())
    assert job.preview["error_count"] == 0
    assert job.preview["with_gold"] == job.preview["documents"]


def test_odd_texts_are_stored_to_the_last_code_point(project):
    imported(project, jsonl(*({"text": text} for text in ODD_TEXTS)))
    assert [item["text"] for item in state_of(project)] == ODD_TEXTS
