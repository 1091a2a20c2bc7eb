"""Talking about a document: open a conversation, answer, call it settled."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from annotation.access import ProjectContext
from annotation.domain.mentions import GROUPS, mentions
from annotation.models import Comment, CommentNotice, Document, Thread
from annotation.selectors.comments import (
    documents_to_talk_about,
    labelled_by,
    reviewing_people,
    reviews,
    threads_visible,
)
from daner_site.accounts.audit import audit
from daner_site.accounts.models import User
from daner_site.core.clock import now
from daner_site.core.live import nudge_on_commit, project_group

LONGEST = 2000


class CommentError(ValueError):
    """What was written cannot be taken; the message is for its author."""


@transaction.atomic
def thread_open(
    *,
    ctx: ProjectContext,
    document: Document,
    body: str,
    flagged: bool = False,
    start: int | None = None,
    end: int | None = None,
    annotator: User | None = None,
) -> Thread:
    """Start a conversation about the document, or about `text[start:end]`; tells all who review.

    Args:
        annotator: of those who review: begin it with somebody who labelled the document. They are told,
            and of the others only who is named.

    Raises: CommentError.
    """
    if not documents_to_talk_about(ctx).filter(pk=document.pk).exists():
        raise CommentError(gettext("This is not one of your documents."))
    if (start is None) != (end is None):
        raise CommentError(gettext("place: give both ends, or neither"))
    if start is not None and end is not None and not 0 <= start < end <= len(document.text):
        raise CommentError(
            gettext("place: {start}–{end} is not in the text of {text} characters").format(
                start=start, end=end, text=len(document.text)
            )
        )
    if annotator is not None and not (reviews(ctx) and labelled_by(document).filter(pk=annotator.pk).exists()):
        raise CommentError(gettext("Choose somebody who labelled this document."))
    own = ctx.user if document.assignments.filter(annotator=ctx.user).exists() else None
    thread = Thread.objects.create(
        organization_id=ctx.project.organization_id,
        project=ctx.project,
        document=document,
        annotator=annotator or own,
        start=start,
        end=end,
        flagged=flagged,
    )
    _write(ctx, thread, body, tell=[] if annotator else reviewing_people(ctx.project))
    if flagged:
        _audit(ctx, "thread.flag", thread)
    return thread


@transaction.atomic
def thread_answer(*, ctx: ProjectContext, thread_uuid: UUID, body: str) -> Comment:
    """Answer in a conversation; one that was settled is open again. Raises: CommentError, Thread.DoesNotExist."""
    thread = threads_visible(ctx).get(uuid=thread_uuid)
    Thread.objects.filter(pk=thread.pk).update(resolved_at=None, resolved_by=None)
    before = User.objects.filter(pk__in=thread.comments.values("author"))
    return _write(ctx, thread, body, tell=before)


@transaction.atomic
def thread_resolve(*, ctx: ProjectContext, thread_uuid: UUID, resolved: bool) -> Thread:
    """Call a conversation settled, or open it again. Raises: Thread.DoesNotExist."""
    thread = threads_visible(ctx).get(uuid=thread_uuid)
    thread.resolved_at, thread.resolved_by = (now(), ctx.user) if resolved else (None, None)
    thread.save(update_fields=["resolved_at", "resolved_by"])
    if reviews(ctx):
        _audit(ctx, "thread.resolve" if resolved else "thread.reopen", thread)
    nudge_on_commit(project_group(ctx.project.uuid), "comments")
    return thread


@transaction.atomic
def notices_read(*, ctx: ProjectContext, threads: Iterable[Thread]) -> None:
    """The person has these conversations in front of them."""
    CommentNotice.objects.filter(user=ctx.user, comment__thread__in=list(threads)).delete()


def _write(ctx: ProjectContext, thread: Thread, body: str, *, tell: Iterable[User]) -> Comment:
    body = body.strip()
    if not body:
        raise CommentError(gettext("Write something first."))
    if len(body) > LONGEST:
        raise CommentError(
            gettext("At most {longest} characters; this has {body}.").format(longest=LONGEST, body=len(body))
        )
    if "\0" in body:
        raise CommentError(gettext("The text has a character that cannot be stored (NUL)."))
    people = {user.pk: user for user in [*tell, *_mentioned(ctx, body)]}
    if thread.annotator is not None:
        people[thread.annotator.pk] = thread.annotator
    people.pop(ctx.user.pk, None)
    comment = Comment.objects.create(organization_id=thread.organization_id, thread=thread, author=ctx.user, body=body)
    CommentNotice.objects.bulk_create(
        CommentNotice(organization_id=thread.organization_id, project=ctx.project, comment=comment, user=user)
        for user in people.values()
    )
    nudge_on_commit(project_group(ctx.project.uuid), "comments")
    return comment


def _mentioned(ctx: ProjectContext, body: str) -> list[User]:
    """Those named. Annotators cannot be: they are told of what concerns them, and of nothing else."""
    found: list[User] = []
    readers = {user.username: user for user in reviewing_people(ctx.project)}
    for name in mentions(body):
        if name in GROUPS:
            found += reviewing_people(ctx.project, only=name)
        elif name in readers:
            found.append(readers[name])
        else:
            raise CommentError(
                gettext(
                    "@{name} does not read this conversation. Name a reviewer or a manager, or all of them: @reviewers, @managers."
                ).format(name=name)
            )
    return found


def _audit(ctx: ProjectContext, verb: str, thread: Thread) -> None:
    audit(
        organization=ctx.organization,
        actor=ctx.user,
        verb=verb,
        project_uuid=ctx.project.uuid,
        target_uuid=thread.document.uuid,
        payload={"thread": str(thread.uuid)},
    )
