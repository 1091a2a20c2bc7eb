"""Changing what one has submitted, the list of one's own documents, and one's pace."""

from __future__ import annotations

from typing import Any

import pytest

from annotation.domain.spans import LabelledSpan
from annotation.domain.submission import Submission
from annotation.models import Annotation, Assignment
from annotation.selectors.history import own_pace, own_turns, revision_workspace
from annotation.services.drafts import draft_keep
from annotation.services.gold import gold_publish
from annotation.services.pauses import member_pause
from annotation.services.revisions import Decided, annotation_revise
from annotation.services.turns import Paused, WorkError
from annotation.signals import annotation_submitted
from tests.cast import Cast
from tests.factories import annotation_make, assignment_make, document_make, documents_make
from tests.services.test_work import claim, context, publish, submit

ADA = LabelledSpan(0, 3, "PER")


def revise(cast: Cast, turn: Assignment, *spans: LabelledSpan, name: str = "bob") -> bool:
    work = Submission(spans, frozenset(), (), 2.0)
    return annotation_revise(ctx=context(cast.user(name), cast.project_a), assignment_uuid=turn.uuid, submission=work)


@pytest.fixture
def turn(cast: Cast) -> Assignment:
    publish(cast.project_a, documents_make(cast.project_a, 2))
    annotation = submit(cast.bob, cast.project_a)
    assert annotation.assignment is not None
    return annotation.assignment


def test_a_change_is_a_new_revision_that_everybody_is_told_of(
    cast: Cast, turn: Assignment, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[int] = []

    def listen(annotation_id: int, **kwargs: object) -> None:
        heard.append(annotation_id)

    annotation_submitted.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert revise(cast, turn, ADA)
    finally:
        annotation_submitted.disconnect(listen)
    first, second = Annotation.objects.order_by("pk")
    assert (first.current, second.current, second.revision) == (False, True, 2)
    assert (second.seconds, second.provenance["revised"]) == (3.5, True)
    assert heard == [second.pk]


def test_the_same_again_is_no_revision(cast: Cast, turn: Assignment) -> None:
    assert not revise(cast, turn)
    assert Annotation.objects.count() == 1


def test_once_it_is_decided_it_stays(cast: Cast, turn: Assignment) -> None:
    gold_publish(project=cast.project_a, document=turn.document, author=cast.dora, spans=[], provenance={})
    with pytest.raises(Decided):
        revise(cast, turn, ADA)
    assert [item.decided for item in own_turns(context(cast.bob, cast.project_a))] == [True]


def test_only_ones_own_submitted_documents_and_not_while_paused(cast: Cast, turn: Assignment) -> None:
    with pytest.raises(WorkError, match="not one of the documents"):
        revise(cast, turn, ADA, name="ben")
    held = claim(cast.bob, cast.project_a)
    with pytest.raises(WorkError, match="not one of the documents"):
        revise(cast, held, ADA)
    member = cast.project_a.members.get(user=cast.bob)
    member_pause(ctx=context(cast.alice, cast.project_a), member=member, reason="Stop.")
    with pytest.raises(Paused):
        revise(cast, turn, ADA)
    assert Annotation.objects.count() == 1


def test_a_check_looks_like_any_other_document(cast: Cast) -> None:
    document = document_make(cast.project_a)
    annotation_make(document, cast.dora, [(0, 3, "PER")], kind="gold")
    check = assignment_make(document, cast.bob, is_check=True, answer=[])
    [row] = own_turns(context(cast.bob, cast.project_a))
    assert (row, row.decided) == (check, False)
    assert revise(cast, check, ADA)
    check.refresh_from_db()
    assert check.answer == [{"start": 0, "end": 3, "label": "PER"}]
    assert revision_workspace(context(cast.bob, cast.project_a), check)["spans"][0]["label"] == "PER"
    assert not Annotation.objects.filter(kind="human").exists()


def test_what_is_in_work_once_more_is_not_shown(cast: Cast) -> None:
    document = document_make(cast.project_a)
    first = annotation_make(document, cast.bob, [(0, 3, "PER")]).assignment
    assert first is not None
    again = assignment_make(document, cast.bob, status="active", is_check=True, repeats=first.annotations.get())
    assert list(own_turns(context(cast.bob, cast.project_a))) == []
    with pytest.raises(WorkError):
        revise(cast, first)
    Assignment.objects.filter(pk=again.pk).update(status="submitted", answer=[])
    assert own_turns(context(cast.bob, cast.project_a)).count() == 2


def test_work_that_was_never_submitted_is_listed(cast: Cast, turn: Assignment) -> None:
    work = Submission((ADA,), frozenset(), (), 2.0)
    ctx = context(cast.bob, cast.project_a)
    draft_keep(ctx=ctx, assignment_uuid=turn.uuid, work=work)
    [row] = own_turns(ctx)
    assert row.kept
    assert revision_workspace(ctx, row)["draft"]["spans"][0]["start"] == 0
    assert revise(cast, turn, ADA)
    assert not own_turns(ctx).get().kept


def test_the_pace_is_ones_own_and_of_the_newest(cast: Cast) -> None:
    ctx = context(cast.bob, cast.project_a)
    assert own_pace(ctx) == type(own_pace(ctx))(0, None, None, "")
    for number, document in enumerate(documents_make(cast.project_a, 40)):
        fields: dict[str, Any] = {"seconds": 20.0 if number < 20 else 10.0, "provenance": {"source": "interface"}}
        annotation_make(document, cast.bob, [(0, 3, "PER")], **fields)
    annotation_make(document_make(cast.project_a), cast.ben, seconds=900.0, provenance={"source": "interface"})
    pace = own_pace(ctx)
    assert (pace.today, pace.seconds_each, pace.spans_per_hour) == (40, 10.0, 360.0)
    assert pace.trend == "a little faster than before"
