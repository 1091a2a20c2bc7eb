"""Shared by the tests of imports and exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Prefetch

from annotation.domain.formats import ImportOptions
from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Document, ImportJob, Project
from annotation.services.imports import import_check, import_run, import_start

DATA = Path(__file__).parents[3] / "shared" / "data"

ODD_TEXTS = [
    "😀 Ada 👨‍👩‍👧‍👦 visits 🇩🇪 Köln",
    "Cafe\u0301 Zoe\u0308 A\u030angstro\u0308m",
    "北京大学在中国。𠮷野家",
    "שלום Ada, القاهرة ١٢",
    "one\r\ntwo\n\nthree",
    "  repeated   spaces \t and\u00a0\u3000more  ",
    "zero\u200bwidth \u200dAda\ufeff \u00adZoe\u2060",
    "กรุงเทพฯ คือ เมืองหลวง",
    "# text = a trap\n-DOCSTART- # id = x",
]


def shared_data(*parts: str) -> Path:
    """A file of the fixture data beside the repository; the test is skipped where it is not there."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no fixture data at {path.relative_to(DATA.parents[1])} beside the repository")
    return path


def checked(project: Project, content: bytes | str, **arguments: Any) -> ImportJob:
    return import_check(project=project, author=project.created_by, content=content, **arguments)


def imported(
    project: Project, content: bytes | str, *, options: ImportOptions | None = None, **arguments: Any
) -> ImportJob:
    """Check, confirm and run an import, as the pages and the worker do."""
    job = checked(project, content, **arguments)
    import_start(job=job, author=project.created_by, options=options or ImportOptions(create_labels=True))
    import_run(job_id=job.pk)
    job.refresh_from_db()
    return job


def jsonl(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def spans_of(annotation: Annotation) -> list[LabelledSpan]:
    return sorted(LabelledSpan(span.start, span.end, span.label.name) for span in annotation.spans.all())


def state_of(project: Project) -> list[dict[str, Any]]:
    """Everything an export has to carry, document by document."""
    current = Annotation.objects.filter(current=True).select_related("author").prefetch_related("spans__label")
    documents = project.documents.prefetch_related(Prefetch("annotations", current)).order_by("position")
    return [_state(document) for document in documents]


def _state(document: Document) -> dict[str, Any]:
    gold = [item for item in document.annotations.all() if item.kind == Annotation.Kind.GOLD]
    human = [item for item in document.annotations.all() if item.kind == Annotation.Kind.HUMAN]
    return {
        "text": document.text,
        "tokens": document.tokens,
        "split": document.split,
        "meta": document.meta,
        "gold": spans_of(gold[0]) if gold else None,
        "layers": {item.author.name: spans_of(item) for item in human},
    }
