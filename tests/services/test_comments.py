"""Conversations: who sees them, who is told, who is named."""

from __future__ import annotations

import pytest

from annotation.access import ProjectContext
from annotation.models import CommentNotice, Document, Thread
from annotation.selectors.comments import (
    document_threads,
    documents_to_talk_about,
    thread_rows,
    threads_in_state,
    threads_visible,
    unread_count,
)
from annotation.services.comments import CommentError, notices_read, thread_answer, thread_open, thread_resolve
from daner_site.accounts.models import AuditEvent
from tests.cast import Cast
from tests.factories import annotation_make, assignment_make, document_make
from tests.services.test_work import context


@pytest.fixture
def document(cast: Cast) -> Document:
    """Labelled by bob and ben."""
    document = document_make(cast.project_a, "Ada met Grace in Oslo.", overlap_target=2)
    for person in (cast.bob, cast.ben):
        annotation_make(document, person, [(0, 3, "PER")])
    return document


def as_(cast: Cast, name: str) -> ProjectContext:
    return context(cast.user(name), cast.project_a)


def ask(cast: Cast, document: Document, name: str = "bob", **fields: object) -> Thread:
    return thread_open(ctx=as_(cast, name), document=document, **({"body": "Is Ada a name?"} | fields))  # type: ignore[arg-type]


def told(thread: Thread) -> set[str]:
    return set(CommentNotice.objects.filter(comment__thread=thread).values_list("user__username", flat=True))


def test_annotators_are_blind_to_each_others_conversations(cast: Cast, document: Document) -> None:
    thread = ask(cast, document)
    assert list(threads_visible(as_(cast, "bob"))) == [thread]
    assert list(document_threads(as_(cast, "bob"), document)) == [thread]
    for name in ("ben", "vic"):
        assert list(threads_visible(as_(cast, name))) == []
        with pytest.raises(Thread.DoesNotExist):
            thread_answer(ctx=as_(cast, name), thread_uuid=thread.uuid, body="Me too.")
        with pytest.raises(Thread.DoesNotExist):
            thread_resolve(ctx=as_(cast, name), thread_uuid=thread.uuid, resolved=True)


def test_who_reviews_sees_all_but_the_document_they_have_in_work(cast: Cast, document: Document) -> None:
    thread = ask(cast, document)
    assert list(threads_visible(as_(cast, "dora"))) == list(threads_visible(as_(cast, "alice"))) == [thread]
    turn = assignment_make(document_make(cast.project_a), cast.bob)
    assignment_make(turn.document, cast.alice, status="active")
    hidden = ask(cast, turn.document)
    assert hidden not in threads_visible(as_(cast, "alice"))
    assert hidden in threads_visible(as_(cast, "dora"))


def test_whoever_labelled_a_document_sees_their_own_threads_beside_it(cast: Cast, document: Document) -> None:
    thread = ask(cast, document)
    assignment_make(document, cast.alice)
    assert list(document_threads(as_(cast, "alice"), document)) == []
    assert list(document_threads(as_(cast, "dora"), document)) == [thread]


def test_annotators_talk_about_their_own_documents_only(cast: Cast, document: Document) -> None:
    other = document_make(cast.project_a)
    assert list(documents_to_talk_about(as_(cast, "bob"))) == [document]
    assert set(documents_to_talk_about(as_(cast, "dora"))) == {document, other}
    with pytest.raises(CommentError, match="not one of your documents"):
        ask(cast, other)
    assert not Thread.objects.exists()


def test_names_are_hidden_as_in_reviewing(cast: Cast, document: Document) -> None:
    thread = ask(cast, document)
    thread_answer(ctx=as_(cast, "dora"), thread_uuid=thread.uuid, body="Yes.")

    def names(name: str, letters: dict[str, str] | None = None) -> list[str]:
        [row] = thread_rows(as_(cast, name), [thread], letters)
        return [comment.author for comment in row.comments]

    assert names("bob") == ["You", "Reviewer"]
    assert names("dora") == ["The annotator", "You"]
    assert names("dora", {str(cast.bob.pk): "B"}) == ["Annotator B", "You"]
    assert names("alice") == ["Bob", "Dora"]


def test_a_question_tells_those_who_review_and_an_answer_the_annotator(cast: Cast, document: Document) -> None:
    thread = ask(cast, document)
    assert told(thread) == {"alice", "dora"}
    assert unread_count(as_(cast, "dora")) == 1
    notices_read(ctx=as_(cast, "dora"), threads=[thread])
    assert (unread_count(as_(cast, "dora")), unread_count(as_(cast, "alice"))) == (0, 1)
    thread_answer(ctx=as_(cast, "dora"), thread_uuid=thread.uuid, body="Yes.")
    assert told(thread) == {"alice", "bob"}


@pytest.mark.parametrize(
    ("body", "people"),
    [
        ("@alice please", {"alice"}),
        ("@reviewers and @managers", {"alice"}),
        ("write to dora@acme.example", set()),
        ("@dora, to myself", set()),
    ],
)
def test_who_is_named_is_told(cast: Cast, document: Document, body: str, people: set[str]) -> None:
    thread = ask(cast, document)
    CommentNotice.objects.all().delete()
    thread_answer(ctx=as_(cast, "dora"), thread_uuid=thread.uuid, body=body)
    assert told(thread) == people | {"bob"}


@pytest.mark.parametrize("name", ["ben", "charlie", "olga", "nobody"])
def test_who_does_not_read_it_cannot_be_named_and_all_are_refused_alike(
    cast: Cast, document: Document, name: str
) -> None:
    with pytest.raises(CommentError, match=f"@{name} does not read this conversation"):
        ask(cast, document, body=f"@{name} look")
    assert not Thread.objects.exists()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"body": "  "}, "Write something"),
        ({"body": "x" * 2001}, "At most 2000"),
        ({"body": "a\0b"}, "NUL"),
        ({"start": 3}, "both ends"),
        ({"start": 0, "end": 99}, "0–99 is not in the text"),
        ({"start": 5, "end": 5}, "5–5 is not in the text"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_written(
    cast: Cast, document: Document, fields: dict[str, object], message: str
) -> None:
    with pytest.raises(CommentError, match=message):
        ask(cast, document, **fields)
    assert not Thread.objects.exists()


def test_a_place_is_shown_with_its_words(cast: Cast, document: Document) -> None:
    thread = ask(cast, document, start=8, end=13)
    [row] = thread_rows(as_(cast, "bob"), [thread])
    assert (row.about, row.comments[0].body) == ("Grace", "Is Ada a name?")


def test_flags_and_what_is_settled_are_found_and_audited(cast: Cast, document: Document) -> None:
    question, flag = ask(cast, document), ask(cast, document, body="Not English", flagged=True)
    ctx = as_(cast, "dora")
    assert list(threads_in_state(ctx, "flagged")) == [flag]
    thread_resolve(ctx=ctx, thread_uuid=flag.uuid, resolved=True)
    assert list(threads_in_state(ctx, "open")) == [question]
    assert list(threads_in_state(ctx, "resolved")) == [flag]
    thread_answer(ctx=as_(cast, "bob"), thread_uuid=flag.uuid, body="Still not.")
    assert list(threads_in_state(ctx, "flagged")) == [flag]
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"thread.flag", "thread.resolve"} <= verbs


def test_a_reviewer_asks_one_annotator_and_no_other_annotator_sees_it(cast: Cast, document: Document) -> None:
    thread = ask(cast, document, "dora", annotator=cast.bob)
    assert told(thread) == {"bob"}
    assert list(threads_visible(as_(cast, "bob"))) == [thread]
    assert list(threads_visible(as_(cast, "ben"))) == []
    [row] = thread_rows(as_(cast, "bob"), [thread])
    assert [comment.author for comment in row.comments] == ["Reviewer"]
    thread_answer(ctx=as_(cast, "bob"), thread_uuid=thread.uuid, body="Yes.")
    assert told(thread) == {"bob", "dora"}


def test_only_reviewers_choose_and_only_whoever_labelled_the_document(cast: Cast, document: Document) -> None:
    for name, annotator in (("dora", cast.vic), ("bob", cast.ben)):
        with pytest.raises(CommentError, match="somebody who labelled this document"):
            ask(cast, document, name, annotator=annotator)
    assert not Thread.objects.exists()
