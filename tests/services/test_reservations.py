"""Reserving the document after the one in work: a claim made early, which leaves no trace when it is taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from annotation.access import ProjectContext
from annotation.models import Assignment, Document, Project
from annotation.selectors.history import own_turns
from annotation.services import claims
from annotation.services.claims import assignment_reserve_next, reservation_give_back
from annotation.services.drafts import draft_save
from annotation.services.gold import gold_publish
from annotation.services.pauses import member_pause, member_resume
from annotation.services.projects import label_add, label_retire, label_update, member_remove, project_update
from annotation.services.queue import RankedDocument, queue_publish
from annotation.services.work import (
    WorkError,
    annotation_submit,
    assignment_claim_next,
    assignment_skip,
    assignments_expire,
)
from daner_site.core.clock import now
from tests.cast import Cast
from tests.factories import assignment_make, document_make, documents_make
from tests.services.test_checks import with_gold
from tests.services.test_work import EMPTY, claim, context

pytestmark = pytest.mark.django_db


def publish(project: Project, documents: Sequence[Document], probes: Sequence[Document] = ()) -> int:
    """As a model would; `probes` are the places that chance drew. Returns the generation."""
    ranked = [RankedDocument(document.uuid, probe=document in probes) for document in documents]
    return queue_publish(project=project, ranked=ranked, strategy="mnlp", model_uuid=project.uuid)


@pytest.fixture
def documents(cast: Cast) -> list[Document]:
    found = [document_make(cast.project_a, f"Text {number}.") for number in range(4)]
    publish(cast.project_a, found)
    return found


@pytest.fixture
def bob(cast: Cast, documents: list[Document]) -> ProjectContext:
    """At work on the first document."""
    claim(cast.bob, cast.project_a)
    return context(cast.bob, cast.project_a)


def reserve(ctx: ProjectContext) -> Assignment:
    found = assignment_reserve_next(ctx=ctx)
    assert found is not None
    return found


def submit(ctx: ProjectContext) -> None:
    held = assignment_claim_next(ctx=ctx)
    assert held is not None
    annotation_submit(ctx=ctx, assignment_uuid=held.uuid, submission=EMPTY)


def test_what_was_reserved_comes_next_and_is_the_next_of_the_order(
    bob: ProjectContext, documents: list[Document]
) -> None:
    reserved = reserve(bob)
    assert (reserved.document, reserved.status) == (documents[1], "reserved")
    submit(bob)
    following = assignment_claim_next(ctx=bob)
    assert following == reserved
    assert (following.status, following.document) == ("active", documents[1])
    assert following.lease_until > now() + timedelta(minutes=bob.project.lease_minutes - 1)


def test_what_is_reserved_while_the_next_is_looked_for_comes_first_all_the_same(
    bob: ProjectContext, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page asks ahead and submits in the same moment: the one must not take the order's next from the other."""
    held = Assignment.objects.get(status="active")
    looked_for = claims._next_entry
    reserved: list[Assignment] = []

    def reserved_just_before(ctx: ProjectContext) -> Any:
        if not reserved:
            values = {"generation": held.generation, "lease_until": now() + timedelta(minutes=1), "closed_at": None}
            reserved.append(assignment_make(documents[1], ctx.user, status="reserved", **values))
        return looked_for(ctx)

    submit(bob)
    monkeypatch.setattr(claims, "_next_entry", reserved_just_before)
    following = assignment_claim_next(ctx=bob)
    assert following is not None
    assert (following.document, following.status) == (documents[1], "active")
    assert [following] == reserved
    assert not Assignment.objects.filter(status="reserved").exists()


def test_nobody_else_gets_it_meanwhile(cast: Cast, bob: ProjectContext, documents: list[Document]) -> None:
    reserve(bob)
    assert claim(cast.ben, cast.project_a).document == documents[2]
    assert reserve(context(cast.ben, cast.project_a)).document == documents[3]


def test_asked_again_it_is_the_same_one_held_for_longer(bob: ProjectContext) -> None:
    first = reserve(bob)
    soon = now() + timedelta(seconds=5)
    Assignment.objects.filter(pk=first.pk).update(lease_until=soon)
    assert reserve(bob) == first
    assert Assignment.objects.get(pk=first.pk).lease_until > soon
    assert Assignment.objects.filter(status="reserved").count() == 1


def test_the_database_allows_one_a_person_and_project(bob: ProjectContext, documents: list[Document]) -> None:
    reserve(bob)
    with pytest.raises(IntegrityError, match="annotator_id"), transaction.atomic():
        assignment_make(documents[3], bob.user, status="reserved")


def test_nothing_is_reserved_without_a_document_in_work(cast: Cast, documents: list[Document]) -> None:
    assert assignment_reserve_next(ctx=context(cast.bob, cast.project_a)) is None


def test_reserving_keeps_the_document_in_work(bob: ProjectContext) -> None:
    soon = now() + timedelta(seconds=5)
    Assignment.objects.filter(status="active").update(lease_until=soon)
    reserve(bob)
    assert Assignment.objects.get(status="active").lease_until > soon


def test_a_superseded_reservation_is_never_served(bob: ProjectContext, documents: list[Document]) -> None:
    old = reserve(bob)
    generation = publish(bob.project, documents[::-1])
    assert not Assignment.objects.filter(pk=old.pk).exists()
    again = reserve(bob)
    assert (again.document, again.generation) == (documents[3], generation)
    submit(bob)
    assert assignment_claim_next(ctx=bob) == again


def test_one_that_was_written_while_an_order_was_published_is_found_out(
    bob: ProjectContext, documents: list[Document]
) -> None:
    """The reservation is stored a moment after the publication looked for some."""
    reserve(bob)
    values = Assignment.objects.filter(status="reserved").values().get()
    generation = publish(bob.project, documents[::-1])
    for act in (lambda: assignment_reserve_next(ctx=bob), lambda: (submit(bob), assignment_claim_next(ctx=bob))[1]):
        Assignment.objects.filter(status="reserved").delete()
        Assignment.objects.create(**values)
        found = act()
        assert (found.generation, found.document) == (generation, documents[3])
        assert not Assignment.objects.filter(pk=values["id"]).exists()


def retire(cast: Cast, ctx: ProjectContext) -> None:
    label = ctx.project.labels.all()[0]
    label_retire(ctx=ctx, label=label, retired=True)


ENDS: dict[str, Callable[[Cast, ProjectContext], object]] = {
    "a label is added": lambda cast, ctx: label_add(project=ctx.project, name="NEW"),
    "a label changes": lambda cast, ctx: label_update(ctx=ctx, label=ctx.project.labels.all()[0], description="x"),
    "a label is retired": retire,
    "settings change": lambda cast, ctx: project_update(ctx=ctx, show_suggestions=False),
    "a pause": lambda cast, ctx: member_pause(ctx=ctx, member=ctx.project.members.get(user=cast.bob), reason="x"),
    "no member any more": lambda cast, ctx: member_remove(ctx=ctx, member=ctx.project.members.get(user=cast.bob)),
}


@pytest.mark.parametrize("name", ENDS)
def test_what_it_was_drawn_from_changes_and_it_is_free_again(cast: Cast, bob: ProjectContext, name: str) -> None:
    reserved = reserve(bob)
    ENDS[name](cast, context(cast.alice, cast.project_a))
    assert not Assignment.objects.filter(status="reserved").exists()
    given = [claim(cast.ben, cast.project_a), reserve(context(cast.ben, cast.project_a))]
    assert reserved.document in [item.document for item in given]


def test_gold_ends_it_for_its_document_alone(cast: Cast, bob: ProjectContext, documents: list[Document]) -> None:
    reserve(bob)
    gold = {"project": bob.project, "author": cast.alice, "spans": [], "provenance": {}}
    gold_publish(document=documents[3], **gold)
    assert Assignment.objects.filter(status="reserved").exists()
    gold_publish(document=documents[1], **gold)
    assert reserve(bob).document == documents[2]


def test_it_lapses_soon_and_leaves_no_row(cast: Cast, bob: ProjectContext) -> None:
    reserved = reserve(bob)
    assert reserved.lease_until < now() + timedelta(minutes=3)
    Assignment.objects.filter(pk=reserved.pk).update(lease_until=now() - timedelta(seconds=1))
    assert assignments_expire() == 1
    assert not Assignment.objects.filter(document=reserved.document).exists()
    assert reserve(bob).document == reserved.document


def test_leaving_the_page_gives_it_back_and_keeps_what_is_in_work(cast: Cast, bob: ProjectContext) -> None:
    reserved = reserve(bob)
    reservation_give_back(ctx=bob)
    assert claim(cast.ben, cast.project_a).document == reserved.document
    assert Assignment.objects.filter(annotator=cast.bob, status="active").exists()


def test_the_paused_reserve_nothing(cast: Cast, bob: ProjectContext) -> None:
    alice = context(cast.alice, cast.project_a)
    member = cast.project_a.members.get(user=cast.bob)
    stale = context(cast.bob, cast.project_a)
    member_pause(ctx=alice, member=member, reason="x")
    Assignment.objects.filter(annotator=cast.bob).update(status="active", lease_until=now() + timedelta(minutes=5))
    assert assignment_reserve_next(ctx=stale) is None
    assert assignment_reserve_next(ctx=context(cast.bob, cast.project_a)) is None
    member_resume(ctx=alice, member=member)
    assert assignment_reserve_next(ctx=context(cast.bob, cast.project_a)) is not None


def test_what_is_only_reserved_can_be_neither_submitted_nor_saved(bob: ProjectContext) -> None:
    reserved = reserve(bob)
    with pytest.raises(WorkError, match="not one of your documents"):
        annotation_submit(ctx=bob, assignment_uuid=reserved.uuid, submission=EMPTY)
    with pytest.raises(WorkError, match="not one of your documents"):
        draft_save(ctx=bob, assignment_uuid=reserved.uuid, base=0, work=EMPTY)


def test_a_document_that_comes_back_is_not_reserved(cast: Cast) -> None:
    first, second = documents_make(cast.project_a, 2)
    publish(cast.project_a, [first, second])
    skipped = claim(cast.bob, cast.project_a)
    ctx = context(cast.bob, cast.project_a)
    assignment_skip(ctx=ctx, assignment_uuid=skipped.uuid)
    claim(cast.bob, cast.project_a)
    assert assignment_reserve_next(ctx=ctx) is None
    submit(ctx)
    assert claim(cast.bob, cast.project_a).document == first


def shares(project: Project, user: object) -> tuple[int, int, int]:
    turns = project.assignments.filter(annotator=user)
    return (
        turns.filter(is_check=True).count(),
        turns.filter(is_check=False).count(),
        project.documents.filter(probe=True).count(),
    )


def test_checks_and_probes_come_as_often_and_as_early_as_without_reserving(cast: Cast) -> None:
    """Reserved, given back and superseded again and again, the same turns bring checks and texts to measure on."""
    project = cast.project_a
    Project.objects.filter(pk=project.pk).update(gold_checks=True, random_share=0.3, probe_documents=50)
    with_gold(project, cast.dora, 8)
    documents = documents_make(project, 40)
    served: dict[bool, list[tuple[int, bool, str]]] = {}
    for reserving in (False, True):
        sid = transaction.savepoint()
        publish(project, documents, documents[::4])
        ctx = context(cast.bob, project)
        served[reserving] = []
        for turn in range(30):
            held = assignment_claim_next(ctx=ctx)
            assert held is not None
            if reserving:
                assignment_reserve_next(ctx=ctx)
                if turn % 3 == 0:
                    reservation_give_back(ctx=ctx)
                if turn % 3 == 1:
                    publish(project, documents, documents[::4])
                    assignment_reserve_next(ctx=ctx)
            annotation_submit(ctx=ctx, assignment_uuid=held.uuid, submission=EMPTY)
            document = Document.objects.get(pk=held.document_id)
            served[reserving].append((document.pk, held.is_check, document.split))
        reservation_give_back(ctx=ctx)
        counts = shares(project, cast.bob)
        transaction.savepoint_rollback(sid)
        served[reserving].append(counts)  # type: ignore[arg-type]
    assert served[True] == served[False]
    assert any(check for _, check, _ in served[True][:-1])
    assert any(split == "test" for _, check, split in served[True][:-1] if not check)


def test_a_repetition_that_is_reserved_is_not_to_be_read_before(cast: Cast, bob: ProjectContext) -> None:
    """Own documents are listed; one that comes once more is to be read with fresh eyes."""
    submit(bob)
    done = Assignment.objects.get(status="submitted")
    claim(cast.bob, cast.project_a)
    assert done in own_turns(bob)
    earlier = done.annotations.get()
    assignment_make(done.document, cast.bob, status="reserved", is_check=True, repeats=earlier)
    assert done not in own_turns(bob)
