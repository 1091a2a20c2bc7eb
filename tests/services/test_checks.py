"""Checks: documents that have gold, given again unseen; nothing learns from the answers."""

from __future__ import annotations

from typing import Any

import pytest

from annotation.domain.overlap import CHECK_EVERY, FIRST_CHECKS, check_due
from annotation.domain.spans import LabelledSpan, SpanError
from annotation.domain.submission import Submission
from annotation.models import Annotation, Assignment, Document, Guideline, Project
from annotation.selectors.progress import project_progress
from annotation.selectors.projects import workspace
from annotation.selectors.training import labelled_since, newest_label_id, training_set
from annotation.services.annotations import annotation_write
from annotation.services.gold import gold_publish
from annotation.services.queue import overlap_redraw, queue_extend
from annotation.services.work import (
    annotation_submit,
    assignment_claim_next,
    assignment_reject,
    assignment_skip,
    assignments_expire,
)
from daner_site.accounts.models import User
from daner_site.core.clock import now
from quality.selectors.people import people_page
from quality.services.agreement import agreement_recompute
from quality.services.consensus import consensus_recompute
from tests.cast import Cast
from tests.factories import document_make, documents_make
from tests.services.test_work import EMPTY, claim, context

pytestmark = pytest.mark.django_db

ADA = LabelledSpan(0, 3, "PER")
OSLO = LabelledSpan(17, 21, "LOC")


def with_gold(project: Project, author: User, count: int, source: str = "adjudication") -> list[Document]:
    documents = documents_make(project, count)
    for document in documents:
        gold_publish(project=project, document=document, author=author, spans=[ADA], provenance={"source": source})
    return documents


@pytest.fixture
def project(cast: Cast) -> Project:
    """Ten documents to label and eight with gold, by Dora."""
    Project.objects.filter(pk=cast.project_a.pk).update(gold_checks=True)
    with_gold(cast.project_a, cast.dora, 8)
    documents_make(cast.project_a, 10)
    queue_extend(project=cast.project_a)
    cast.project_a.refresh_from_db()
    return cast.project_a


def work(user: User, project: Project, *spans: LabelledSpan) -> Assignment:
    assignment = claim(user, project)
    submission = Submission(tuple(spans), frozenset(), (), 2.0)
    annotation_submit(ctx=context(user, project), assignment_uuid=assignment.uuid, submission=submission)
    return Assignment.objects.get(pk=assignment.pk)


def test_the_first_five_are_checks_and_then_one_in_each_twenty_two() -> None:
    due = [check_due(seed=13, key="7", turn=turn) for turn in range(FIRST_CHECKS + 40 * CHECK_EVERY)]
    assert due[:FIRST_CHECKS] == [True] * FIRST_CHECKS
    blocks = [due[FIRST_CHECKS + n * CHECK_EVERY :][:CHECK_EVERY] for n in range(40)]
    assert [sum(block) for block in blocks] == [1] * 40
    assert len({block.index(True) for block in blocks}) > 10


def test_people_do_not_meet_their_checks_at_the_same_turns() -> None:
    turns = [
        [turn for turn in range(200) if check_due(seed=13, key=str(person), turn=turn)][FIRST_CHECKS:]
        for person in range(5)
    ]
    assert len({tuple(row) for row in turns}) == 5


def test_a_newcomer_starts_with_five_different_checks_and_goes_on_with_work(cast: Cast, project: Project) -> None:
    done = [work(cast.bob, project, ADA) for _ in range(8)]
    assert [item.is_check for item in done[:5]] == [True] * 5
    assert sum(item.is_check for item in done[5:]) <= 1
    assert len({item.document_id for item in done}) == 8
    assert done[0].answer == [{"start": 0, "end": 3, "label": "PER"}]


def test_without_the_setting_there_are_none(cast: Cast, project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(gold_checks=False)
    assert not claim(cast.bob, project).is_check


def test_a_check_looks_like_the_document_it_comes_before(cast: Cast, project: Project) -> None:
    check = claim(cast.bob, project)
    shown = workspace(context(cast.bob, project), check)
    Project.objects.filter(pk=project.pk).update(gold_checks=False)
    assignment_skip(ctx=context(cast.bob, project), assignment_uuid=check.uuid)
    usual = workspace(context(cast.bob, project), claim(cast.bob, project))
    varying = {"assignment", "document", "text", "tokens"}
    assert {k: v for k, v in shown.items() if k not in varying} == {k: v for k, v in usual.items() if k not in varying}


def test_nobody_is_checked_with_what_they_know(cast: Cast, project: Project) -> None:
    """Not with gold of their own, not with what they labelled or skipped before."""
    gold = list(project.documents.filter(annotations__kind="gold"))
    for document in gold[:6]:
        annotation_write(project=project, document=document, author=cast.bob, kind="human", spans=[])
    skipped = claim(cast.bob, project)
    assignment_skip(ctx=context(cast.bob, project), assignment_uuid=skipped.uuid)
    second = work(cast.bob, project)
    assert {skipped.document, second.document} == set(gold[6:])
    assert not claim(cast.bob, project).is_check
    assert work(cast.ben, project).is_check
    Annotation.objects.filter(kind="gold").update(author=cast.alice)
    assert not claim(cast.alice, project).is_check


@pytest.mark.parametrize("reason", ["unanimous", "guideline"])
def test_gold_that_measures_nobody_is_no_check(cast: Cast, reason: str) -> None:
    Project.objects.filter(pk=cast.project_a.pk).update(gold_checks=True)
    with_gold(cast.project_a, cast.dora, 2, "unanimous" if reason == "unanimous" else "adjudication")
    if reason == "guideline":
        Guideline.objects.create(
            organization=cast.org_a, project=cast.project_a, version=1, body="New.", author=cast.alice
        )
    documents_make(cast.project_a, 2)
    queue_extend(project=cast.project_a)
    assert not claim(cast.bob, cast.project_a).is_check


def test_nothing_learns_from_a_check(cast: Cast, project: Project) -> None:
    watermark = newest_label_id(project)
    before = training_set(project)
    annotations = Annotation.objects.count()
    for _ in range(3):
        work(cast.bob, project, OSLO)
        work(cast.ben, project, OSLO)
    assert Annotation.objects.count() == annotations
    assert training_set(project) == before
    assert newest_label_id(project) == watermark
    assert labelled_since(project, watermark).documents == 0
    report = agreement_recompute(project_id=project.pk)
    assert report is None or report.measures["counts"]["documents"] == 0
    run = consensus_recompute(project_id=project.pk)
    assert run is not None
    assert run.documents == 0


def test_a_check_starts_no_job(
    cast: Cast, project: Project, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert work(cast.bob, project, ADA).is_check
    assert sent == []


def test_a_check_takes_no_slot_and_a_refused_one_no_text_out(cast: Cast, project: Project) -> None:
    first = claim(cast.bob, project)
    assignment_reject(ctx=context(cast.bob, project), assignment_uuid=first.uuid, reason="odd")
    for person in (cast.ben, cast.alice):
        for _ in range(5):
            assert work(person, project).is_check
    assert project_progress(project).rejected == 0
    assert overlap_redraw(project=project) >= 0
    assert not project.documents.filter(annotations__kind="gold", overlap_target__gt=2).exists()
    assert len(training_set(project)) == 8


def test_an_answer_is_examined_like_any_other(cast: Cast, project: Project) -> None:
    check = claim(cast.bob, project)
    wrong = Submission((LabelledSpan(0, 3, "NOPE"),), frozenset(), (), None)
    with pytest.raises(SpanError):
        annotation_submit(ctx=context(cast.bob, project), assignment_uuid=check.uuid, submission=wrong)
    check.refresh_from_db()
    assert (check.status, check.answer) == (Assignment.Status.ACTIVE, None)


def test_a_late_answer_counts(cast: Cast, project: Project) -> None:
    check = claim(cast.bob, project)
    Assignment.objects.filter(pk=check.pk).update(lease_until=now())
    assert assignments_expire(project=project) == 1
    annotation_submit(ctx=context(cast.bob, project), assignment_uuid=check.uuid, submission=EMPTY)
    check.refresh_from_db()
    assert (check.status, check.answer) == (Assignment.Status.SUBMITTED, [])


def test_with_no_work_left_there_are_no_checks_either(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project_a.pk).update(gold_checks=True)
    with_gold(cast.project_a, cast.dora, 3)
    queue_extend(project=cast.project_a)
    assert assignment_claim_next(ctx=context(cast.bob, cast.project_a)) is None


def test_managers_see_how_people_did_on_their_checks(cast: Cast, project: Project) -> None:
    work(cast.bob, project, ADA, OSLO)
    work(cast.bob, project, OSLO)
    (row,) = people_page(project).rows
    assert (row.user, row.documents, row.checks.documents) == (cast.bob, 0, 2)
    assert row.checks.total.f1 == pytest.approx(2 * 1 / (3 + 2))


def test_a_document_still_to_be_labelled_is_no_check(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project_a.pk).update(gold_checks=True)
    document_make(cast.project_a)
    queue_extend(project=cast.project_a)
    assert not claim(cast.bob, cast.project_a).is_check
