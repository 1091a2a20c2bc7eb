"""Reading large projects while others write."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from annotation.domain.text import text_hash
from annotation.models import Document, Project
from annotation.selectors.layers import layers_of
from annotation.selectors.training import open_pool
from tests.cast import Cast
from tests.factories import annotation_make


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
