"""Claiming, submitting, skipping and rejecting, on the real database."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.access import ProjectContext, project_context
from annotation.domain.permissions import ProjectRole
from annotation.domain.spans import LabelledSpan, SpanError
from annotation.domain.submission import Submission, SubmissionError, parse_submission
from annotation.models import Annotation, Assignment, Document, Project, QueueEntry, Suggestion
from annotation.selectors.training import open_pool, training_set
from annotation.services.capacity import capacity_set
from annotation.services.claims import assignment_reserve_next
from annotation.services.gold import gold_publish
from annotation.services.queue import RankedDocument, overlap_redraw, queue_extend, queue_publish
from annotation.services.work import (
    AlreadyClosed,
    SlotTaken,
    WorkError,
    annotation_submit,
    assignment_claim_next,
    assignment_reject,
    assignment_skip,
    assignments_expire,
)
from daner_site.accounts.models import User
from daner_site.core.clock import now
from tests.cast import Cast, cast_make
from tests.factories import document_make, documents_make, project_member_make, user_make

EMPTY = Submission(spans=(), edited=frozenset(), refused=(), seconds=None)


def context(user: User, project: Project) -> ProjectContext:
    ctx = project_context(user, project.organization.slug, project.uuid)
    assert ctx is not None
    return ctx


def claim(user: User, project: Project) -> Assignment:
    assignment = assignment_claim_next(ctx=context(user, project))
    assert assignment is not None
    return assignment


def submit(user: User, project: Project, *spans: tuple[int, int, str]) -> Annotation:
    """Claim the next document and submit it with these spans."""
    assignment = claim(user, project)
    work = Submission(tuple(LabelledSpan(*span) for span in spans), frozenset(), (), 1.5)
    return annotation_submit(ctx=context(user, project), assignment_uuid=assignment.uuid, submission=work)


def publish(project: Project, documents: list[Document]) -> None:
    """Publish the documents in this order, as a model would."""
    queue_publish(
        project=project,
        ranked=[RankedDocument(doc.uuid, float(n)) for n, doc in enumerate(documents)],
        strategy="mnlp",
        model_uuid=project.uuid,
    )


def overlap_all(project: Project, people: int) -> None:
    Project.objects.filter(pk=project.pk).update(overlap=people, overlap_share=1.0)
    project.refresh_from_db()
    overlap_redraw(project=project)


def test_documents_come_in_the_published_order(cast: Cast) -> None:
    documents = documents_make(cast.project_a, 6)
    order = [documents[i] for i in (4, 1, 5, 0, 3, 2)]
    publish(cast.project_a, order)
    served = []
    for _ in order:
        served.append(claim(cast.bob, cast.project_a).document)
        submit(cast.bob, cast.project_a)
    assert served == order
    assert assignment_claim_next(ctx=context(cast.bob, cast.project_a)) is None


def test_with_overlap_two_the_served_order_is_still_the_ranked_order(cast: Cast) -> None:
    documents = documents_make(cast.project_a, 8)
    overlap_all(cast.project_a, 2)
    order = [documents[i] for i in (6, 2, 7, 0, 5, 1, 4, 3)]
    publish(cast.project_a, order)
    served: dict[str, list[Document]] = {"bob": [], "ben": []}
    for name in ["bob", "bob", "ben", "bob", "ben", "ben", "ben"] + ["bob", "ben"] * 5:
        assignment = assignment_claim_next(ctx=context(cast.user(name), cast.project_a))
        if assignment is not None:
            served[name].append(assignment.document)
            submit(cast.user(name), cast.project_a)
    assert served == {"bob": order, "ben": order}


def test_an_assignment_says_what_brought_it(cast: Cast) -> None:
    documents = documents_make(cast.project_a, 3)
    publish(cast.project_a, [documents[2], documents[0], documents[1]])
    submit(cast.bob, cast.project_a)
    assignment = claim(cast.bob, cast.project_a)
    assert (assignment.strategy, assignment.rank, assignment.score) == ("mnlp", 1, 1.0)
    assert (assignment.model_uuid, assignment.generation) == (cast.project_a.uuid, 1)


def test_a_superseded_queue_is_never_served(cast: Cast) -> None:
    documents = documents_make(cast.project_a, 5)
    publish(cast.project_a, documents)
    publish(cast.project_a, documents[::-1])
    assert claim(cast.bob, cast.project_a).document == documents[4]
    submit(cast.bob, cast.project_a)
    publish(cast.project_a, [documents[1], documents[4], *documents[2:4], documents[0]])
    assert claim(cast.bob, cast.project_a).document == documents[1]
    assert set(QueueEntry.objects.values_list("generation", flat=True)) == {2, 3}


def test_an_open_document_stays_when_the_queue_changes(cast: Cast) -> None:
    documents = documents_make(cast.project_a, 4)
    publish(cast.project_a, documents)
    held = claim(cast.bob, cast.project_a)
    publish(cast.project_a, documents[::-1])
    assert claim(cast.bob, cast.project_a) == held


def test_without_a_model_the_order_is_seeded_random(cast: Cast) -> None:
    documents = documents_make(cast.project_a, 12)
    queue_extend(project=cast.project_a)
    first = list(cast.project_a.queue.values_list("document_id", flat=True))
    assert sorted(first) == [doc.pk for doc in documents]
    assert first != [doc.pk for doc in documents]
    late = documents_make(cast.project_a, 3)
    queue_extend(project=cast.project_a)
    again = list(cast.project_a.queue.values_list("document_id", flat=True))
    assert again[:12] == first
    assert set(again[12:]) == {doc.pk for doc in late}


def test_what_is_ranked_must_be_in_the_pool_and_only_once(cast: Cast) -> None:
    document, other = documents_make(cast.project_a, 2)
    foreign = document_make(cast.project_b)
    for ranked, message in (
        ([document, other, document], "twice"),
        ([document, foreign], "not in the project's pool"),
    ):
        with pytest.raises(ValueError, match=message):
            publish(cast.project_a, ranked)
    assert not QueueEntry.objects.exists()


def test_never_more_than_k_and_never_the_same_person_twice(cast: Cast) -> None:
    document = document_make(cast.project_a, overlap_target=2)
    publish(cast.project_a, [document])
    submit(cast.bob, cast.project_a)
    assert assignment_claim_next(ctx=context(cast.bob, cast.project_a)) is None
    submit(cast.ben, cast.project_a)
    assert assignment_claim_next(ctx=context(cast.alice, cast.project_a)) is None


def test_a_skipped_document_frees_its_slot_and_returns_to_the_person_last(cast: Cast) -> None:
    first, second = documents_make(cast.project_a, 2)
    publish(cast.project_a, [first, second])
    ctx = context(cast.bob, cast.project_a)
    assignment_skip(ctx=ctx, assignment_uuid=claim(cast.bob, cast.project_a).uuid)
    assert claim(cast.bob, cast.project_a).document == second
    assert claim(cast.ben, cast.project_a).document == first
    assignment_skip(ctx=context(cast.ben, cast.project_a), assignment_uuid=claim(cast.ben, cast.project_a).uuid)
    submit(cast.bob, cast.project_a)
    assert claim(cast.bob, cast.project_a).document == first


def test_a_lapsed_lease_gives_the_slot_to_the_next_person(cast: Cast) -> None:
    document = document_make(cast.project_a)
    publish(cast.project_a, [document])
    held = claim(cast.bob, cast.project_a)
    assert assignment_claim_next(ctx=context(cast.ben, cast.project_a)) is None
    Assignment.objects.filter(pk=held.pk).update(lease_until=now() - timedelta(seconds=1))
    assert claim(cast.ben, cast.project_a).document == document
    with pytest.raises(SlotTaken):
        annotation_submit(ctx=context(cast.bob, cast.project_a), assignment_uuid=held.uuid, submission=EMPTY)
    assert not Annotation.objects.exists()


def test_late_work_is_stored_while_the_slot_is_still_free(cast: Cast) -> None:
    document = document_make(cast.project_a)
    publish(cast.project_a, [document])
    held = claim(cast.bob, cast.project_a)
    Assignment.objects.filter(pk=held.pk).update(lease_until=now() - timedelta(seconds=1))
    assert assignments_expire() == 1
    annotation_submit(ctx=context(cast.bob, cast.project_a), assignment_uuid=held.uuid, submission=EMPTY)
    held.refresh_from_db()
    assert held.status == Assignment.Status.SUBMITTED


def test_a_double_click_stores_once(cast: Cast) -> None:
    publish(cast.project_a, [document_make(cast.project_a)])
    held = claim(cast.bob, cast.project_a)
    ctx = context(cast.bob, cast.project_a)
    annotation_submit(ctx=ctx, assignment_uuid=held.uuid, submission=EMPTY)
    with pytest.raises(AlreadyClosed):
        annotation_submit(ctx=ctx, assignment_uuid=held.uuid, submission=EMPTY)
    assert Annotation.objects.count() == 1


def test_nobody_submits_for_somebody_else(cast: Cast) -> None:
    publish(cast.project_a, [document_make(cast.project_a)])
    held = claim(cast.bob, cast.project_a)
    with pytest.raises(WorkError, match="not one of your documents"):
        annotation_submit(ctx=context(cast.ben, cast.project_a), assignment_uuid=held.uuid, submission=EMPTY)


def test_a_rejected_document_keeps_its_slot_and_stays_out_of_training(cast: Cast) -> None:
    documents = documents_make(cast.project_a, 2)
    overlap_all(cast.project_a, 2)
    publish(cast.project_a, documents)
    submit(cast.bob, cast.project_a, (0, 3, "PER"))
    submit(cast.bob, cast.project_a, (0, 3, "PER"))
    ctx = context(cast.ben, cast.project_a)
    rejected = claim(cast.ben, cast.project_a)
    assignment_reject(ctx=ctx, assignment_uuid=rejected.uuid, reason="a table, not a sentence")
    assert [text.document_uuid for text in training_set(cast.project_a)] == [str(documents[1].uuid)]
    assert assignment_claim_next(ctx=context(cast.alice, cast.project_a)).document == documents[1]  # type: ignore[union-attr]
    gold_publish(project=cast.project_a, document=documents[0], author=cast.dora, spans=[], provenance={})
    assert len(training_set(cast.project_a)) == 2


def test_a_rejected_document_never_stands_in_the_way_of_a_skipped_one(cast: Cast) -> None:
    documents = documents_make(cast.project_a, 2)
    overlap_all(cast.project_a, 2)
    publish(cast.project_a, documents)
    ctx = context(cast.bob, cast.project_a)
    assignment_reject(ctx=ctx, assignment_uuid=claim(cast.bob, cast.project_a).uuid, reason="")
    assignment_skip(ctx=ctx, assignment_uuid=claim(cast.bob, cast.project_a).uuid)
    assert claim(cast.bob, cast.project_a).document == documents[1]
    submit(cast.bob, cast.project_a)
    assert assignment_claim_next(ctx=ctx) is None


def test_a_span_outside_the_text_stores_nothing_and_leaves_the_work_open(cast: Cast) -> None:
    publish(cast.project_a, [document_make(cast.project_a, "Ada met Grace.")])
    held = claim(cast.bob, cast.project_a)
    for spans, message in (
        (((0, 99, "PER"),), "ends after the text"),
        (((0, 3, "SHIP"),), "unknown label"),
        (((0, 7, "PER"), (4, 13, "LOC")), "overlap"),
    ):
        work = Submission(tuple(LabelledSpan(*s) for s in spans), frozenset(), (), None)
        with pytest.raises(SpanError, match=message):
            annotation_submit(ctx=context(cast.bob, cast.project_a), assignment_uuid=held.uuid, submission=work)
    held.refresh_from_db()
    assert held.status == Assignment.Status.ACTIVE
    assert not Annotation.objects.exists()


def test_what_was_hidden_is_not_stored(cast: Cast) -> None:
    """The ancestor stored suggestions that its slider had hidden (L2)."""
    document = document_make(cast.project_a, "Ada met Grace in Oslo.")
    publish(cast.project_a, [document])
    shown = [
        {"start": 0, "end": 3, "label": "PER", "confidence": 0.9},
        {"start": 17, "end": 21, "label": "LOC", "confidence": 0.1},
    ]
    Suggestion.objects.create(
        organization=cast.org_a,
        project=cast.project_a,
        document=document,
        model_uuid=cast.project_a.uuid,
        model_name="v1",
        spans=shown,
    )
    held = claim(cast.bob, cast.project_a)
    payload = {"spans": [{"start": 0, "end": 3, "label": "PER", "origin": "accepted"}], "refused": []}
    annotation = annotation_submit(
        ctx=context(cast.bob, cast.project_a),
        assignment_uuid=held.uuid,
        submission=parse_submission(json.dumps(payload)),
    )
    assert [(s.start, s.end, s.label.name, s.origin) for s in annotation.spans.all()] == [(0, 3, "PER", "accepted")]
    assert annotation.suggestions["shown"] == shown


def test_only_what_was_proposed_can_be_refused(cast: Cast) -> None:
    document = document_make(cast.project_a, "Ada met Grace in Oslo.")
    publish(cast.project_a, [document])
    shown = [{"start": 0, "end": 3, "label": "PER", "confidence": 0.9}]
    Suggestion.objects.create(
        organization=cast.org_a,
        project=cast.project_a,
        document=document,
        model_uuid=cast.project_a.uuid,
        model_name="v1",
        spans=shown,
    )
    held = claim(cast.bob, cast.project_a)
    # PostgreSQL stores no NUL, not even in JSON.
    invented = {"start": 4, "end": 7, "label": "\0"}
    payload = {"spans": [], "refused": [{"start": 0, "end": 3, "label": "PER"}, invented]}
    annotation = annotation_submit(
        ctx=context(cast.bob, cast.project_a),
        assignment_uuid=held.uuid,
        submission=parse_submission(json.dumps(payload)),
    )
    assert annotation.suggestions["refused"] == [{"start": 0, "end": 3, "label": "PER"}]


@pytest.mark.parametrize("seconds", ["1" + "0" * 400, "9" * 5000, "1e999"])
def test_seconds_beyond_all_measure_are_no_crash(seconds: str) -> None:
    try:
        assert parse_submission(f'{{"spans": [], "seconds": {seconds}}}').seconds == 86_400.0
    except SubmissionError:
        pass


def test_gold_settles_a_document(cast: Cast) -> None:
    documents = documents_make(cast.project_a, 2)
    publish(cast.project_a, documents)
    gold_publish(project=cast.project_a, document=documents[0], author=cast.dora, spans=[], provenance={})
    assert claim(cast.bob, cast.project_a).document == documents[1]
    assert [text.document_uuid for text in open_pool(cast.project_a)] == [str(documents[1].uuid)]


def test_the_overlap_share_is_drawn_and_never_below_given_slots(cast: Cast) -> None:
    documents = documents_make(cast.project_a, 200)
    Project.objects.filter(pk=cast.project_a.pk).update(overlap=3, overlap_share=0.3)
    cast.project_a.refresh_from_db()
    overlap_redraw(project=cast.project_a)
    targets = list(cast.project_a.documents.values_list("overlap_target", flat=True))
    assert set(targets) == {1, 3}
    assert 40 <= targets.count(3) <= 80
    chosen = cast.project_a.documents.filter(overlap_target=3).first()
    assert chosen is not None
    publish(cast.project_a, [chosen])
    for user in (cast.bob, cast.ben):
        submit(user, cast.project_a)
    Project.objects.filter(pk=cast.project_a.pk).update(overlap_share=0.0)
    cast.project_a.refresh_from_db()
    overlap_redraw(project=cast.project_a)
    chosen.refresh_from_db()
    assert chosen.overlap_target == 2
    assert cast.project_a.documents.exclude(pk=chosen.pk).filter(overlap_target__gt=1).count() == 0
    assert len(documents) == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer anyway")
def test_nobody_waits_for_a_queue_that_is_being_published() -> None:
    cast = cast_make()
    documents = documents_make(cast.project_a, 3)
    publish(cast.project_a, documents)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = 500")
            submit(cast.bob, cast.project_a)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        publish(cast.project_a, documents[::-1])
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(30)
    assert not failures


@pytest.mark.django_db(transaction=True)
def test_racing_annotators_never_overfill_a_document() -> None:
    cast = cast_make()
    documents = documents_make(cast.project_a, 10)
    overlap_all(cast.project_a, 2)
    publish(cast.project_a, documents)
    people = [user_make(f"racer{n}") for n in range(6)]
    for person in people:
        cast.org_a.memberships.create(user=person, role="member")
        project_member_make(cast.project_a, person, ProjectRole.ANNOTATOR)
    failures: list[BaseException] = []

    def work(person: User) -> None:
        try:
            while (assignment := assignment_claim_next(ctx=context(person, cast.project_a))) is not None:
                annotation_submit(
                    ctx=context(person, cast.project_a),
                    assignment_uuid=assignment.uuid,
                    submission=EMPTY,
                )
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    done = list(Assignment.objects.filter(status="submitted").values_list("document", "annotator"))
    assert len(done) == len(set(done)) == 20
    assert all([pair[0] for pair in done].count(doc.pk) == 2 for doc in documents)


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["bob", "ben", "alice"]),
            st.sampled_from(["claim", "reserve", "submit", "skip", "reject", "lapse", "publish"]),
        ),
        max_size=40,
    )
)
def test_no_sequence_of_steps_breaks_the_slots(steps: list[tuple[str, str]]) -> None:
    """Any order of claims, submits, skips, rejections and lapses keeps every invariant."""
    from django.db import transaction

    with transaction.atomic():
        cast = cast_make()
        documents = [document_make(cast.project_a, overlap_target=n) for n in (1, 2, 3)]
        publish(cast.project_a, documents)
        for number, (name, step) in enumerate(steps):
            _step(cast, name, step, documents, number)
            for document in documents:
                live = list(document.assignments.filter(status__in=Assignment.LIVE))
                assert len(live) <= document.overlap_target
                assert len({item.annotator_id for item in live}) == len(live)
                assert {item.slot for item in live} <= set(range(document.overlap_target))
        transaction.set_rollback(True)


def _step(cast: Cast, name: str, step: str, documents: list[Document], number: int) -> Any:
    user = cast.user(name)
    ctx = context(user, cast.project_a)
    if step == "publish":
        return publish(cast.project_a, documents if number % 2 else documents[::-1])
    assignment = assignment_claim_next(ctx=ctx)
    if assignment is None or step == "claim":
        return None
    if step == "reserve":
        return assignment_reserve_next(ctx=ctx)
    if step == "submit":
        return annotation_submit(ctx=ctx, assignment_uuid=assignment.uuid, submission=EMPTY)
    if step == "skip":
        return assignment_skip(ctx=ctx, assignment_uuid=assignment.uuid)
    if step == "reject":
        return assignment_reject(ctx=ctx, assignment_uuid=assignment.uuid, reason="")
    return Assignment.objects.filter(pk=assignment.pk).update(lease_until=now() - timedelta(minutes=1))


def test_redrawing_keeps_what_was_raised_for_another_reason(cast: Cast) -> None:
    raised, plain = documents_make(cast.project_a, 2)
    assert capacity_set(project=cast.project_a, document_id=raised.pk, people=3, reason="targeted")
    for share, reasons in [(0.0, ("targeted", "")), (1.0, ("random", "random")), (0.0, ("", ""))]:
        cast.project_a.overlap_share = share
        overlap_redraw(project=cast.project_a)
        for document, reason in zip((raised, plain), reasons, strict=True):
            document.refresh_from_db()
            assert document.overlap_reason == reason


def test_capacity_is_only_ever_raised_and_keeps_its_first_reason(cast: Cast) -> None:
    (document,) = documents_make(cast.project_a, 1)
    calls = [(2, "start", True), (2, "targeted", False), (1, "targeted", False), (3, "targeted", True)]
    for people, reason, raised in calls:
        assert capacity_set(project=cast.project_a, document_id=document.pk, people=people, reason=reason) is raised
    document.refresh_from_db()
    assert (document.overlap_target, document.overlap_reason) == (3, "start")


def test_gold_and_other_projects_documents_get_nobody_more(cast: Cast) -> None:
    (document,) = documents_make(cast.project_a, 1)
    assert not capacity_set(project=cast.project_b, document_id=document.pk, people=3, reason="targeted")
    gold_publish(project=cast.project_a, document=document, author=cast.alice, spans=[], provenance={})
    assert not capacity_set(project=cast.project_a, document_id=document.pk, people=3, reason="targeted")
