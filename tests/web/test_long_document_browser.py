"""A document of 500,000 characters with 5,000 names, all the way: import, page, submission, agreement, export."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from annotation.access import project_context
from annotation.domain.spans import LabelledSpan
from annotation.domain.submission import Submission
from annotation.models import Annotation, Project
from annotation.services.queue import overlap_redraw
from annotation.services.suggestions import DocumentSuggestion, suggestions_publish
from annotation.services.work import annotation_submit, assignment_claim_next
from quality.models import DocumentAgreement
from quality.services.submitted import document_refresh
from tests.cast import Cast, cast_make
from tests.e2e.bench_editor import long_text
from tests.services.import_helpers import imported, jsonl, spans_of
from tests.services.test_exports import rows
from tests.web.test_flow_browser import address, signed_in

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def cast(asgi_server: str) -> Cast:
    cast = cast_make()
    Project.objects.filter(pk=cast.project_a.pk).update(overlap=2, overlap_share=1.0)
    cast.project_a.refresh_from_db()
    return cast


def as_json(spans: list[LabelledSpan]) -> list[dict[str, Any]]:
    return [{"start": span.start, "end": span.end, "label": span.label} for span in spans]


def test_a_document_of_500_kb_with_5000_spans_goes_all_the_way(page: Any, cast: Cast, asgi_server: str) -> None:
    text, found = long_text()
    text = "😀 " + text  # code points and UTF-16 units differ from here on
    wanted = [LabelledSpan(span["start"] + 2, span["end"] + 2, "PER") for span in found]
    assert (len(text) > 500_000, len(wanted)) == (True, 5_000)
    job = imported(cast.project_a, jsonl({"id": "long", "text": text}), format="jsonl")
    assert (job.status, job.report["documents"]) == ("done", 1)
    document = cast.project_a.documents.get()
    assert document.text == text
    overlap_redraw(project=cast.project_a)
    spans = [{"start": span.start, "end": span.end, "label": "PER", "confidence": 0.9} for span in wanted]
    suggestions_publish(
        project=cast.project_a,
        model_uuid=uuid4(),
        model_name="v1",
        suggestions=[DocumentSuggestion(document.uuid, spans)],
    )

    signed_in(page.context, cast, asgi_server)
    page.goto(address(cast, asgi_server))
    expect(page.locator("[data-suggestion-count]")).to_have_text("5000 open", timeout=60_000)
    page.keyboard.press("r")  # refuse the first, accept the others, and submit
    expect(page.locator("[data-suggestion-count]")).to_have_text("4999 open")
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_role("heading", name="Nothing left for you right now")).to_be_visible(timeout=60_000)
    page.goto("about:blank")
    by_bob = Annotation.objects.get()
    assert spans_of(by_bob) == wanted[1:]

    ben = project_context(cast.ben, cast.org_a.slug, cast.project_a.uuid)
    assert ben is not None
    turn = assignment_claim_next(ctx=ben)
    assert turn is not None
    work = Submission(tuple(wanted[:-1]), frozenset(), (), 600.0)
    annotation_submit(ctx=ben, assignment_uuid=turn.uuid, submission=work)
    document_refresh(document_id=document.pk)
    assert DocumentAgreement.objects.get().people == 2

    (row,) = rows(cast.project_a, "annotators")
    assert row["text"] == text
    exported = {item["annotator"]: item["spans"] for item in row["annotations"]}
    assert exported == {"Bob": as_json(wanted[1:]), "Ben": as_json(wanted[:-1])}
