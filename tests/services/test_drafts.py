"""Unfinished work: saved by revision, brought back, never written over unseen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from annotation.domain.spans import LabelledSpan, SpanError
from annotation.domain.submission import Submission
from annotation.models import Annotation, Assignment, Draft, Project, Suggestion
from annotation.selectors.projects import workspace
from annotation.services.drafts import DraftAnswer, draft_keep, draft_read, draft_save
from annotation.services.gold import gold_publish
from annotation.services.pauses import member_pause
from annotation.services.work import (
    AlreadyClosed,
    ClosedOtherwise,
    WorkError,
    annotation_submit,
    assignment_claim_next,
    assignment_reject,
    assignment_skip,
    assignments_expire,
)
from daner_site.core.clock import now
from tests.cast import Cast
from tests.factories import document_make, documents_make
from tests.services.test_work import claim, context, publish

ADA = LabelledSpan(0, 3, "PER")
GRACE = LabelledSpan(8, 13, "PER")


def work(*spans: LabelledSpan, refused: tuple[LabelledSpan, ...] = ()) -> Submission:
    return Submission(spans, frozenset(), refused, 2.0)


@pytest.fixture
def held(cast: Cast) -> Assignment:
    """Bob has the first of two documents in work."""
    publish(cast.project_a, documents_make(cast.project_a, 2))
    return claim(cast.bob, cast.project_a)


def save(cast: Cast, held: Assignment, base: int, *spans: LabelledSpan) -> DraftAnswer:
    ctx = context(cast.bob, cast.project_a)
    return draft_save(ctx=ctx, assignment_uuid=held.uuid, base=base, work=work(*spans))


def lapse(held: Assignment) -> None:
    Assignment.objects.filter(pk=held.pk).update(lease_until=now() - timedelta(seconds=1))
    assert assignments_expire() == 1


def spans_of(draft: Draft | None) -> list[tuple[int, int, str]]:
    assert draft is not None
    return [(span["start"], span["end"], span["label"]) for span in draft.spans]


def test_a_draft_comes_back_with_the_document(cast: Cast, held: Assignment) -> None:
    assert save(cast, held, 0, ADA).saved
    again = claim(cast.bob, cast.project_a)
    assert again == held
    found = workspace(context(cast.bob, cast.project_a), again)["draft"]
    assert (found["revision"], found["seconds"]) == (1, 2.0)
    assert found["spans"] == [{"start": 0, "end": 3, "label": "PER", "origin": "human"}]


def test_who_has_not_seen_the_newest_revision_gets_it_instead(cast: Cast, held: Assignment) -> None:
    assert save(cast, held, 0, ADA).saved
    assert save(cast, held, 1, ADA, GRACE).saved
    for base in (0, 1, 7):
        late = save(cast, held, base)
        assert not late.saved
        assert late.draft is not None
        assert late.draft.revision == 2
        assert spans_of(late.draft) == [(0, 3, "PER"), (8, 13, "PER")]


def test_of_two_first_saves_one_wins(cast: Cast, held: Assignment) -> None:
    """The second read that there was no draft before the first had written one."""
    from annotation.services import drafts

    assert drafts._write(held, 0, work(ADA)) is not None
    assert drafts._write(held, 0, work(GRACE)) is None
    assert drafts._write(held, 1, work(GRACE)) is not None
    assert drafts._write(held, 1, work(ADA)) is None
    assert spans_of(Draft.objects.get()) == [(8, 13, "PER")]


def test_a_draft_with_a_span_outside_the_text_is_refused(cast: Cast, held: Assignment) -> None:
    for span, message in (
        (LabelledSpan(0, 999, "PER"), "ends after the text"),
        (LabelledSpan(0, 3, "\0"), "unknown label"),
    ):
        with pytest.raises(SpanError, match=message):
            save(cast, held, 0, span)
    assert not Draft.objects.exists()


def test_nobody_saves_or_reads_for_somebody_else(cast: Cast, held: Assignment) -> None:
    ctx = context(cast.ben, cast.project_a)
    with pytest.raises(WorkError, match="not one of your documents"):
        draft_save(ctx=ctx, assignment_uuid=held.uuid, base=0, work=work(ADA))
    with pytest.raises(WorkError, match="not one of your documents"):
        draft_read(ctx=ctx, assignment_uuid=held.uuid)


def test_only_what_was_proposed_is_kept_as_refused_and_accepted(cast: Cast) -> None:
    document = document_make(cast.project_a, "Ada met Grace in Oslo.")
    publish(cast.project_a, [document])
    Suggestion.objects.create(
        organization=cast.org_a,
        project=cast.project_a,
        document=document,
        model_uuid=cast.project_a.uuid,
        model_name="v1",
        spans=[{"start": 0, "end": 3, "label": "PER", "confidence": 0.9}],
    )
    held = claim(cast.bob, cast.project_a)
    ctx = context(cast.bob, cast.project_a)
    draft_save(ctx=ctx, assignment_uuid=held.uuid, base=0, work=work(ADA, GRACE, refused=(ADA, GRACE)))
    draft = Draft.objects.get()
    assert [span["origin"] for span in draft.spans] == ["accepted", "human"]
    assert draft.refused == [{"start": 0, "end": 3, "label": "PER"}]


def test_saving_is_being_at_work(cast: Cast, held: Assignment) -> None:
    Assignment.objects.filter(pk=held.pk).update(lease_until=now() + timedelta(seconds=5))
    save(cast, held, 0, ADA)
    held.refresh_from_db()
    assert held.lease_until > now() + timedelta(minutes=20)


def test_a_lease_that_ran_out_is_taken_up_again_while_nobody_has_the_place(cast: Cast, held: Assignment) -> None:
    lapse(held)
    answer = save(cast, held, 0, ADA)
    assert (answer.saved, answer.state, answer.message) == (True, "active", "")
    assert claim(cast.bob, cast.project_a) == held


def test_a_place_that_others_took_is_explained_and_the_work_kept(cast: Cast, held: Assignment) -> None:
    lapse(held)
    assert claim(cast.ben, cast.project_a).document == held.document
    answer = save(cast, held, 0, ADA)
    assert (answer.saved, answer.state) == (True, "taken")
    assert "others have labelled it" in answer.message
    assert spans_of(Draft.objects.get()) == [(0, 3, "PER")]


def test_with_another_document_in_work_the_late_one_is_kept_and_can_be_submitted(cast: Cast, held: Assignment) -> None:
    lapse(held)
    Assignment.objects.create(
        organization=cast.org_a,
        project=cast.project_a,
        document=documents_make(cast.project_a, 1)[0],
        annotator=cast.bob,
        slot=0,
        lease_until=now() + timedelta(hours=1),
        strategy="random",
        generation=1,
        rank=0,
    )
    answer = save(cast, held, 0, ADA)
    assert (answer.saved, answer.state) == (True, "elsewhere")
    ctx = context(cast.bob, cast.project_a)
    assert annotation_submit(ctx=ctx, assignment_uuid=held.uuid, submission=work(ADA)) is not None


def test_the_paused_are_told_and_lose_nothing(cast: Cast, held: Assignment) -> None:
    member = cast.project_a.members.get(user=cast.bob)
    member_pause(ctx=context(cast.alice, cast.project_a), member=member, reason="Read the guideline.")
    answer = save(cast, held, 0, ADA)
    assert (answer.saved, answer.state) == (True, "paused")
    assert Draft.objects.count() == 1


def test_submitting_and_rejecting_end_the_draft_and_skipping_keeps_it(cast: Cast) -> None:
    publish(cast.project_a, documents_make(cast.project_a, 3))
    ctx = context(cast.bob, cast.project_a)
    skipped = claim(cast.bob, cast.project_a)
    save(cast, skipped, 0, ADA)
    assignment_skip(ctx=ctx, assignment_uuid=skipped.uuid)
    for finish in (
        lambda item: annotation_submit(ctx=ctx, assignment_uuid=item.uuid, submission=work(GRACE)),
        lambda item: assignment_reject(ctx=ctx, assignment_uuid=item.uuid, reason=""),
    ):
        item = claim(cast.bob, cast.project_a)
        save(cast, item, 0, GRACE)
        finish(item)
    assert Draft.objects.get().assignment == skipped
    back = claim(cast.bob, cast.project_a)
    assert (back.document, back == skipped) == (skipped.document, False)
    assert spans_of(draft_read(ctx=ctx, assignment_uuid=back.uuid).draft) == [(0, 3, "PER")]
    assert save(cast, back, 1, ADA, GRACE).saved


def test_the_same_work_sent_again_is_taken_once_and_other_work_is_not_lost_in_silence(
    cast: Cast, held: Assignment
) -> None:
    ctx = context(cast.bob, cast.project_a)
    annotation_submit(ctx=ctx, assignment_uuid=held.uuid, submission=work(ADA))
    with pytest.raises(AlreadyClosed):
        annotation_submit(ctx=ctx, assignment_uuid=held.uuid, submission=work(ADA))
    with pytest.raises(ClosedOtherwise, match="submitted this document already"):
        annotation_submit(ctx=ctx, assignment_uuid=held.uuid, submission=work(ADA, GRACE))
    draft_keep(ctx=ctx, assignment_uuid=held.uuid, work=work(ADA, GRACE))
    assert spans_of(Draft.objects.get()) == [(0, 3, "PER"), (8, 13, "PER")]
    assert Annotation.objects.get().spans.count() == 1


def test_saving_what_is_submitted_already_leaves_nothing_behind(cast: Cast, held: Assignment) -> None:
    """A save that was under way when the submission overtook it."""
    ctx = context(cast.bob, cast.project_a)
    annotation_submit(ctx=ctx, assignment_uuid=held.uuid, submission=work(ADA))
    answer = save(cast, held, 0, ADA)
    assert (answer.saved, answer.state) == (False, "submitted")
    assert not Draft.objects.exists()


def test_a_document_with_gold_can_still_be_saved(cast: Cast, held: Assignment) -> None:
    gold_publish(project=cast.project_a, document=held.document, author=cast.dora, spans=[], provenance={})
    assert save(cast, held, 0, ADA).saved


def test_drafts_teach_nobody(cast: Cast, held: Assignment) -> None:
    from annotation.selectors.training import training_set

    save(cast, held, 0, ADA)
    assert list(training_set(Project.objects.get(pk=cast.project_a.pk))) == []
    assert not Annotation.objects.exists()
    assert assignment_claim_next(ctx=context(cast.ben, cast.project_a)) != held
    assert connection.in_atomic_block
