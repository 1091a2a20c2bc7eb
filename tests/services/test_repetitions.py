"""The same document to the same person again: unseen, outside of everything, and held against their own work."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from annotation.domain.overlap import repetition_due
from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Assignment, Document, Guideline, Project
from annotation.selectors.progress import project_progress
from annotation.selectors.projects import workspace
from annotation.selectors.training import open_pool, training_set
from annotation.services.gold import gold_publish
from annotation.services.queue import overlap_redraw, queue_extend
from annotation.services.work import annotation_submit, assignment_claim_next, assignment_reject, assignments_expire
from daner_site.accounts.models import User
from daner_site.core.clock import now
from quality.selectors.feedback import feedback_page
from quality.selectors.people import check_records, people_page
from quality.selectors.repetitions import self_agreement
from quality.selectors.turns import all_are_in
from quality.services.consensus import consensus_recompute
from tests.cast import Cast
from tests.factories import annotation_make, assignment_make, document_make, documents_make
from tests.services.test_checks import ADA, OSLO, with_gold, work
from tests.services.test_work import EMPTY, claim, context

pytestmark = pytest.mark.django_db


def set_up(project: Project, **fields: object) -> Project:
    """Due at every turn, which no form allows, so that tests need not wait for chance."""
    Project.objects.filter(pk=project.pk).update(**{"repeat_share": 1.0, **fields})
    queue_extend(project=project)
    project.refresh_from_db()
    return project


def days_pass(days: int = 14) -> None:
    for annotation in Annotation.objects.all():
        Annotation.objects.filter(pk=annotation.pk).update(created_at=annotation.created_at - timedelta(days=days))


@pytest.fixture
def project(cast: Cast) -> Project:
    documents_make(cast.project_a, 6)
    return set_up(cast.project_a)


def test_the_share_is_kept_and_foreseen_by_nobody() -> None:
    due = {
        person: [turn for turn in range(5000) if repetition_due(seed=3, key=person, turn=turn, share=0.02)]
        for person in ("7", "8")
    }
    assert all(60 <= len(turns) <= 140 for turns in due.values())
    assert due["7"] != due["8"]
    assert not any(repetition_due(seed=3, key="7", turn=turn, share=0.0) for turn in range(500))


def test_a_document_comes_again_after_the_gap_and_looks_like_any_other(cast: Cast, project: Project) -> None:
    first = work(cast.bob, project, ADA)
    days_pass(13)
    ordinary = claim(cast.bob, project)
    assert not ordinary.is_check
    annotation_submit(ctx=context(cast.bob, project), assignment_uuid=ordinary.uuid, submission=EMPTY)
    days_pass(1)
    again = claim(cast.bob, project)
    assert (again.document, again.repeats) == (first.document, Annotation.objects.get(assignment=first))
    ctx = context(cast.bob, project)
    seen, usual = workspace(ctx, again), workspace(ctx, ordinary)
    assert seen.keys() == usual.keys()
    assert (seen["spans"], seen["suggestions"], seen["why"]["strategy"]) == ([], [], usual["why"]["strategy"])
    assert seen["why"]["rank"] == usual["why"]["rank"] + 1  # of the document it came before


def test_it_is_off_at_first(cast: Cast) -> None:
    documents_make(cast.project_a, 3)
    queue_extend(project=cast.project_a)
    work(cast.bob, cast.project_a, ADA)
    days_pass()
    assert not claim(cast.bob, cast.project_a).is_check


def test_nobody_gets_a_document_three_times(cast: Cast, project: Project) -> None:
    work(cast.bob, project, ADA)
    days_pass()
    assert work(cast.bob, project, ADA).repeats
    days_pass()
    assert not claim(cast.bob, project).is_check


def test_one_document_after_the_other_comes_again(cast: Cast, project: Project) -> None:
    first = [work(cast.bob, project, ADA).document for _ in range(2)]
    days_pass()
    again = [work(cast.bob, project, ADA).document for _ in range(2)]
    assert {document.pk for document in again} == {document.pk for document in first}


def test_only_own_work_under_the_guideline_in_force_comes_again(cast: Cast, project: Project) -> None:
    work(cast.ben, project, ADA)
    days_pass()
    assert not work(cast.bob, project, ADA).is_check
    days_pass()
    Guideline.objects.create(
        organization=project.organization, project=project, version=1, body="New.", author=cast.alice
    )
    assert not claim(cast.bob, project).is_check


@pytest.mark.parametrize(("source", "comes"), [("adjudication", False), ("unanimous", True)])
def test_where_the_right_answer_could_be_read_nothing_comes_again(
    cast: Cast, project: Project, source: str, comes: bool
) -> None:
    first = work(cast.bob, project, ADA)
    gold_publish(project=project, document=first.document, author=cast.dora, spans=[ADA], provenance={"source": source})
    days_pass()
    assert claim(cast.bob, project).is_check is comes


def test_the_second_answer_is_no_annotation(cast: Cast, project: Project) -> None:
    first = work(cast.bob, project, ADA)
    days_pass()
    before = training_set(project)
    again = work(cast.bob, project, OSLO)
    assert again.answer == [{"start": 17, "end": 21, "label": "LOC"}]
    assert Annotation.objects.get(document=first.document, current=True).spans.get().start == 0
    assert training_set(project) == before
    run = consensus_recompute(project_id=project.pk)
    assert run is not None
    assert run.documents == 0
    assert check_records(project) == {}  # those are held against gold


def test_a_repetition_holds_no_slot(cast: Cast) -> None:
    document = document_make(cast.project_a, overlap_target=2)
    document_make(cast.project_a)
    project = set_up(cast.project_a)
    assignment_make(document, cast.bob, slot=1)
    annotation_make(document, cast.bob, [ADA], assignment=document.assignments.get())
    days_pass()
    again = claim(cast.bob, project)
    assert again.document == document
    assert again.slot == 0
    assert [item.text for item in open_pool(project)].count(document.text) == 1
    turns = [work(cast.ben, project, ADA) for _ in range(2)]
    assert (document, 0, False) in [(turn.document, turn.slot, turn.is_check) for turn in turns]
    assert all_are_in(document)
    assert not document.assignments.filter(status="active", is_check=False).exists()
    assert overlap_redraw(project=project) >= 0
    document.refresh_from_db()
    assert document.overlap_target == 2


def test_an_open_repetition_makes_nothing_look_done(cast: Cast) -> None:
    document = document_make(cast.project_a, overlap_target=2)
    document_make(cast.project_a)
    project = set_up(cast.project_a)
    annotation_make(document, cast.bob, [ADA])
    days_pass()
    work(cast.bob, project, ADA)
    assert project_progress(project).done == 0
    turns = [work(cast.ben, project, ADA) for _ in range(2)]
    assert document in [turn.document for turn in turns]
    assert project_progress(project).done == 2


def test_a_refused_repetition_takes_no_text_out(cast: Cast, project: Project) -> None:
    work(cast.bob, project, ADA)
    days_pass()
    again = claim(cast.bob, project)
    assignment_reject(ctx=context(cast.bob, project), assignment_uuid=again.uuid, reason="odd")
    assert len(training_set(project)) == 1
    assert project_progress(project).rejected == 0
    assert self_agreement(project) == {}


def test_a_late_repetition_counts(cast: Cast, project: Project) -> None:
    work(cast.bob, project, ADA)
    days_pass()
    again = claim(cast.bob, project)
    Assignment.objects.filter(pk=again.pk).update(lease_until=now())
    assert assignments_expire(project=project) == 1
    annotation_submit(ctx=context(cast.bob, project), assignment_uuid=again.uuid, submission=EMPTY)
    assert self_agreement(project)[cast.bob.pk].documents == 1


def test_with_nothing_left_to_label_nothing_comes_again(cast: Cast) -> None:
    document_make(cast.project_a)
    project = set_up(cast.project_a)
    work(cast.bob, project, ADA)
    days_pass()
    assert assignment_claim_next(ctx=context(cast.bob, project)) is None


def test_checks_by_gold_go_first_and_do_not_mix_with_repetitions(cast: Cast) -> None:
    with_gold(cast.project_a, cast.dora, 1)
    documents_make(cast.project_a, 3)
    project = set_up(cast.project_a, gold_checks=True)
    annotation_make(document_make(project), cast.bob, [ADA])
    days_pass()
    assert work(cast.bob, project, ADA).repeats is None
    assert work(cast.bob, project, ADA).repeats is not None
    assert check_records(project)[cast.bob.pk].documents == 1
    assert self_agreement(project)[cast.bob.pk].documents == 1


def test_only_a_check_can_repeat(cast: Cast) -> None:
    document = document_make(cast.project_a)
    annotation = annotation_make(document, cast.bob)
    with pytest.raises(IntegrityError), transaction.atomic():
        assignment_make(document, cast.bob, repeats=annotation)


# --- the figures ------------------------------------------------------------------------------


def twice(project: Project, user: User, first: list[LabelledSpan], again: list[LabelledSpan], **fields: object) -> None:
    document = document_make(project)
    annotation = annotation_make(document, user, first, **fields)
    answer = [{"start": span.start, "end": span.end, "label": span.label} for span in again]
    assignment_make(document, user, slot=0, is_check=True, repeats=annotation, answer=answer)


def test_people_are_held_against_themselves(cast: Cast) -> None:
    project = cast.project_a
    for _ in range(6):
        twice(project, cast.bob, [ADA, OSLO], [ADA])
        twice(project, cast.ben, [ADA], [ADA])
    twice(project, cast.bob, [OSLO], [OSLO], suggestions={"model": "v1", "shown": []})
    found = self_agreement(project)
    bob, ben = found[cast.bob.pk], found[cast.ben.pk]
    assert (bob.documents, bob.spans, bob.helped) == (7, 13, 1)
    assert bob.exact.value == pytest.approx(2 * 7 / (13 + 7))
    assert bob.exact.low is not None
    assert bob.exact.high is not None
    assert bob.exact.low < bob.exact.value < bob.exact.high
    assert bob.alpha.value is not None
    assert 0 < bob.alpha.value < 1
    assert (ben.exact.value, ben.alpha.value) == (1, 1)
    assert self_agreement(project, cast.ben).keys() == {cast.ben.pk}
    assert self_agreement(cast.project_b) == {}


def test_marks_nowhere_give_no_figure_but_a_reason(cast: Cast) -> None:
    twice(cast.project_a, cast.bob, [], [])
    found = self_agreement(cast.project_a)[cast.bob.pk]
    assert found.exact.value is None
    assert found.exact.reason == "nobody marked anything there"
    assert found.alpha.value is None
    assert found.alpha.reason


def test_the_figures_wait_for_evidence_and_one_learns_of_them_no_sooner(cast: Cast) -> None:
    project = cast.project_a
    many = [LabelledSpan(at, at + 1, "PER") for at in range(13)]
    for _ in range(7):
        twice(project, cast.bob, many, many)
    assert self_agreement(project)[cast.bob.pk].missing == "7 of 8 repeated documents"
    assert feedback_page(project, cast.bob).again is None
    twice(project, cast.bob, many, many)
    (row,) = people_page(project).rows
    assert row.again is not None
    assert row.again.missing == ""
    page = feedback_page(project, cast.bob)
    assert page.again is not None
    assert page.again.exact.value == 1
    assert feedback_page(project, cast.ben).again is None


def test_few_spans_are_no_evidence_however_many_the_documents(cast: Cast) -> None:
    for _ in range(9):
        twice(cast.project_a, cast.bob, [ADA], [ADA])
    assert self_agreement(cast.project_a)[cast.bob.pk].missing == "9 of 100 spans in repeated documents"


def test_the_page_of_people_has_a_column_only_where_documents_come_again(cast: Cast) -> None:
    annotation_make(document_make(cast.project_a), cast.bob, [ADA])
    assert not people_page(cast.project_a).repeats
    assert people_page(set_up(cast.project_a, repeat_share=0.02)).repeats
    assert Document.objects.count() == 1
