"""Which spans of one person may share words: a setting of the project that nothing gets around."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from annotation.domain.formats import ImportOptions
from annotation.domain.spans import LabelledSpan, SpanError
from annotation.domain.submission import Submission
from annotation.models import Annotation, Assignment, ImportJob, Project
from annotation.services.drafts import draft_save
from annotation.services.gold import gold_publish
from annotation.services.imports import ImportRefused, import_run, import_start
from annotation.services.projects import project_update
from annotation.services.revisions import annotation_revise
from annotation.services.work import annotation_submit
from daner_site.accounts.models import AuditEvent
from tests.cast import Cast
from tests.factories import annotation_make, document_make
from tests.services.import_helpers import checked, imported, jsonl, spans_of
from tests.services.test_work import claim, context, publish

TEXT = "The Bank of New York opened."
BANK = LabelledSpan(4, 20, "ORG")
CITY = LabelledSpan(12, 20, "LOC")
NESTED = (BANK, CITY)
CROSSING = (LabelledSpan(4, 15, "ORG"), CITY)
ROW = {"text": TEXT, "spans": [[4, 20, "ORG"], [12, 20, "LOC"]]}
CROSSING_ROW = {"text": TEXT, "spans": [[4, 15, "ORG"], [12, 20, "LOC"]]}


@pytest.fixture
def project(cast: Cast) -> Project:
    cast.project_a.labels.create(organization=cast.org_a, name="ORG", color="#009E73")
    return cast.project_a


def allow(project: Project, value: str) -> None:
    Project.objects.filter(pk=project.pk).update(span_overlap=value)
    project.refresh_from_db()


def work(spans: tuple[LabelledSpan, ...]) -> Submission:
    return Submission(spans, frozenset(), (), None)


@pytest.mark.parametrize(
    ("allowed", "spans", "message"),
    [
        ("none", NESTED, r"ORG \(4–20\) and LOC \(12–20\) overlap"),
        ("nested", NESTED, ""),
        ("nested", CROSSING, r"ORG \(4–15\) and LOC \(12–20\) overlap and neither lies within the other"),
        ("any", CROSSING, ""),
    ],
)
def test_submissions_drafts_revisions_and_gold_hold_what_the_project_allows(
    cast: Cast, project: Project, allowed: str, spans: tuple[LabelledSpan, ...], message: str
) -> None:
    allow(project, allowed)
    document = document_make(project, TEXT)
    publish(project, [document])
    ctx, held = context(cast.bob, project), claim(cast.bob, project)

    def submit() -> None:
        annotation_submit(ctx=ctx, assignment_uuid=held.uuid, submission=work(spans))

    def gold() -> None:
        gold_publish(project=project, document=document, author=cast.alice, spans=spans, provenance={})

    draft = lambda: draft_save(ctx=ctx, assignment_uuid=held.uuid, base=0, work=work(spans))  # noqa: E731
    revise = lambda: annotation_revise(ctx=ctx, assignment_uuid=held.uuid, submission=work((*spans, EXTRA)))  # noqa: E731
    if message:
        for step in (draft, submit, gold):
            with pytest.raises(SpanError, match=message):
                step()
        assert not Annotation.objects.exists()
        assert Assignment.objects.get().status == Assignment.Status.ACTIVE
        annotation_submit(ctx=ctx, assignment_uuid=held.uuid, submission=work((BANK,)))
        with pytest.raises(SpanError, match=message):
            revise()
        assert spans_of(Annotation.objects.get()) == [BANK]
    else:
        for step in (draft, submit, revise, gold):
            step()
        stored = [spans_of(item) for item in Annotation.objects.filter(current=True).order_by("kind")]
        assert stored == [sorted(spans), sorted([*spans, EXTRA])]


EXTRA = LabelledSpan(0, 3, "PER")


@pytest.mark.parametrize(("allowed", "row"), [("none", ROW), ("nested", CROSSING_ROW)])
def test_an_import_of_what_is_not_allowed_is_refused_with_its_row_and_spans_and_changes_nothing(
    project: Project, allowed: str, row: dict[str, Any]
) -> None:
    allow(project, allowed)
    job = checked(project, jsonl({"text": "Fine."}, row))
    labels = project.labels.count()
    with pytest.raises(ImportRefused, match=r"^Row 2: ORG \(4–\d+\) and LOC \(12–20\) overlap"):
        import_start(job=job, author=project.created_by, options=ImportOptions(create_labels=True))
    job.refresh_from_db()
    assert (job.status, project.documents.count(), project.labels.count()) == (ImportJob.Status.CHECKED, 0, labels)


@pytest.mark.parametrize(
    ("allowed", "row", "kept"),
    [
        ("none", ROW, [BANK]),
        ("nested", ROW, [BANK, CITY]),
        ("nested", CROSSING_ROW, [CROSSING[0]]),
        ("any", CROSSING_ROW, [*CROSSING]),
    ],
)
def test_an_import_can_keep_the_longest_of_what_is_not_allowed(
    project: Project, allowed: str, row: dict[str, Any], kept: list[LabelledSpan]
) -> None:
    allow(project, allowed)
    layers = {"text": TEXT + " Again.", "annotations": [{"annotator": "x", "spans": row["spans"]}]}
    imported(project, jsonl(row, layers), options=ImportOptions(longest=True))
    assert [spans_of(item) for item in Annotation.objects.order_by("kind")] == [kept, kept]


def test_labels_that_are_left_out_are_in_nobodys_way(project: Project) -> None:
    imported(project, jsonl(ROW), options=ImportOptions(label_map={"LOC": ""}))
    assert spans_of(Annotation.objects.get()) == [BANK]


def test_a_setting_made_stricter_between_check_and_run_ends_the_import_in_words(project: Project) -> None:
    allow(project, "any")
    job = checked(project, jsonl(CROSSING_ROW))
    import_start(job=job, author=project.created_by, options=ImportOptions())
    allow(project, "none")
    import_run(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == ImportJob.Status.FAILED
    assert job.report["failure"].startswith("Row 1: ORG (4–15) and LOC (12–20) overlap")
    assert not project.documents.exists()


def test_a_stricter_setting_is_refused_while_work_would_break_it_and_says_where(cast: Cast, project: Project) -> None:
    ctx = context(cast.alice, project)
    project_update(ctx=ctx, span_overlap="any")
    assert AuditEvent.objects.filter(verb="project.update").latest("pk").payload == {"span_overlap": ["none", "any"]}
    first, second = document_make(project, TEXT), document_make(project, TEXT + " Again.")
    annotation_make(first, cast.bob, [(4, 20, "ORG"), (12, 20, "LOC")])
    annotation_make(second, cast.bob, [(4, 15, "ORG"), (12, 20, "LOC")])
    with pytest.raises(ValidationError) as refused:
        project_update(ctx=ctx, span_overlap="none")
    (message,) = refused.value.message_dict["span_overlap"]
    assert "in document 1 and 1 more: ORG (4–20) and LOC (12–20) overlap." in message
    with pytest.raises(ValidationError, match=r"in document 2: .*neither lies within the other"):
        project_update(ctx=ctx, span_overlap="nested")
    project.refresh_from_db()
    assert project.span_overlap == "any"
    # What is no longer current binds nobody.
    second.annotations.update(current=False)
    project_update(ctx=ctx, span_overlap="nested")
    first.annotations.update(current=False)
    project_update(ctx=ctx, span_overlap="none")


def test_the_database_knows_three_settings(project: Project) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.filter(pk=project.pk).update(span_overlap="some")
