"""Reading large projects: while others write, and without their rows in memory."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.domain.text import text_hash
from annotation.models import Document, Project
from annotation.selectors.layers import layers_of
from annotation.selectors.progress import Progress, member_progress, project_progress
from annotation.selectors.training import open_pool, turn_seconds
from tests.cast import Cast
from tests.factories import annotation_make, assignment_make, document_make, documents_make


def many(project: Project, count: int) -> None:
    Document.objects.bulk_create(
        Document(
            organization_id=project.organization_id,
            project=project,
            text=f"text {number}",
            sha256=text_hash(f"text {number}"),
            tokens=[[0, 4]],
            position=number,
        )
        for number in range(count)
    )


def write_elsewhere(project: Project) -> None:
    """As another process would."""

    def write() -> None:
        Project.objects.filter(pk=project.pk).update(description="changed meanwhile")
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()


def write_here(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(name="changed here")


@pytest.mark.django_db(transaction=True)
def test_the_pool_can_be_read_while_others_write_and_the_reader_too(cast: Cast) -> None:
    many(cast.project_a, 2500)
    seen = []
    for number, text in enumerate(open_pool(cast.project_a)):
        seen.append(text.text)
        if number % 1000 == 0:
            write_elsewhere(cast.project_a)
            write_here(cast.project_a)
    assert seen == [f"text {number}" for number in range(2500)]


@pytest.mark.django_db(transaction=True)
def test_the_layers_can_be_read_while_others_write_and_the_reader_too(cast: Cast) -> None:
    many(cast.project_a, 1100)
    for document in cast.project_a.documents.all():
        annotation_make(document, cast.bob, assigned=False)
    seen = []
    for number, item in enumerate(layers_of(cast.project_a, at_least=1)):
        seen.append(item.text)
        if number % 500 == 0:
            write_elsewhere(cast.project_a)
            write_here(cast.project_a)
    assert seen == [f"text {number}" for number in range(1100)]


def test_progress_is_counted_in_the_database(cast: Cast) -> None:
    project = cast.project_a
    gold, half, full, against, held, untouched = documents_make(project, 6)
    project.documents.exclude(pk=full.pk).update(overlap_target=2)
    document_make(project, split="test")
    document_make(cast.project_b)
    annotation_make(gold, cast.dora, kind="gold")
    annotation_make(half, cast.bob, seconds=3.0)
    annotation_make(full, cast.bob, seconds=4.0)
    assignment_make(against, cast.bob, status="rejected")
    assignment_make(against, cast.ben, status="rejected")
    assignment_make(held, cast.bob, status="active")
    assignment_make(untouched, cast.bob, status="skipped")
    with CaptureQueriesContext(connection) as queries:
        found = project_progress(project)
    assert found == Progress(
        documents=6,
        labelled=3,
        done=3,
        gold=1,
        rejected=1,
        in_work=1,
        test=1,
        annotations=2,
        wanted=11,
        seconds=7.0,
    )
    for query in queries:
        with connection.cursor() as cursor:
            cursor.execute(query["sql"])
            assert len(cursor.fetchall()) == 1


def test_seconds_each_are_those_of_the_timed_documents(cast: Cast) -> None:
    first, second, imported, alone = documents_make(cast.project_a, 4)
    annotation_make(first, cast.bob, seconds=3.0)
    annotation_make(first, cast.bob, seconds=2.0, revision=2, current=False, assigned=False)
    annotation_make(second, cast.bob, seconds=9.0)
    annotation_make(imported, cast.bob)
    annotation_make(alone, cast.ben)
    found = [(row.user, row.submitted, row.seconds_each) for row in member_progress(cast.project_a)]
    assert found == [(cast.bob, 3, 6.0), (cast.ben, 1, None)]
    assert turn_seconds(cast.project_a) == 6.0
    assert turn_seconds(cast.project_b) is None


def test_an_empty_project_has_no_progress(cast: Cast) -> None:
    assert project_progress(cast.project_a) == Progress(*[0] * 9, 0.0)
