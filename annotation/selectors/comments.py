"""Conversations as one person may see them.

Annotators see those about their own work, and who reviews only as a reviewer; those who review see
all but the ones about a document they have in work, and annotators without a name, like everywhere
in reviewing. Managers see names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from annotation.access import ProjectContext
from annotation.domain.permissions import Permission, ProjectRole
from annotation.models import Annotation, Assignment, Comment, CommentNotice, Document, Project, Thread
from daner_site.accounts.models import OrganizationRole, User
from daner_site.core.sentences import Sentence

CONTEXT = 60

THREAD_STATES = {
    "open": Sentence("Open"),
    "flagged": Sentence("Open flags"),
    "resolved": Sentence("Settled"),
    "all": Sentence("All"),
}


@dataclass(frozen=True)
class CommentRow:
    author: str
    own: bool
    unread: bool
    body: str
    created_at: datetime


@dataclass(frozen=True)
class ThreadRow:
    thread: Thread
    about: str
    """The place in the text; empty for the whole document."""
    opening: str
    """How the document begins."""
    comments: list[CommentRow]


def reviews(ctx: ProjectContext) -> bool:
    return ctx.can(Permission.REVIEW) or ctx.can(Permission.MANAGE)


def threads_visible(ctx: ProjectContext) -> QuerySet[Thread]:
    """Newest first."""
    own = Q(annotator=ctx.user)
    threads = ctx.project.threads.select_related("document", "resolved_by").order_by("-created_at", "-pk")
    if not reviews(ctx):
        return threads.filter(own)
    held = Assignment.objects.filter(document=OuterRef("document"), annotator=ctx.user, status__in=Assignment.HELD)
    return threads.filter(own | ~Exists(held))


def threads_in_state(ctx: ProjectContext, state: str) -> QuerySet[Thread]:
    """One of `THREAD_STATES`; an unknown one counts as "open"."""
    threads = threads_visible(ctx)
    if state == "all":
        return threads
    if state == "resolved":
        return threads.exclude(resolved_at=None)
    return threads.filter(resolved_at=None, **({"flagged": True} if state == "flagged" else {}))


def documents_to_talk_about(ctx: ProjectContext) -> QuerySet[Document]:
    """Every document to those who review; to annotators those they have or had in hand."""
    if reviews(ctx):
        return ctx.project.documents.all()
    turns = Assignment.objects.filter(document=OuterRef("pk"), annotator=ctx.user)
    return ctx.project.documents.filter(Exists(turns))


def labelled_by(document: Document) -> QuerySet[User]:
    """Who can be asked about their labels; imported layers have nobody behind them."""
    work = document.annotations.filter(kind=Annotation.Kind.HUMAN, current=True)
    return User.objects.filter(pk__in=work.values("author"), is_active=True)


def document_threads(ctx: ProjectContext, document: Document) -> QuerySet[Thread]:
    """Of one document; whoever labelled it sees their own only, reviewer or not."""
    threads = threads_visible(ctx).filter(document=document)
    if Assignment.objects.filter(document=document, annotator=ctx.user).exists():
        threads = threads.filter(annotator=ctx.user)
    return threads.order_by("resolved_at", "created_at", "pk")


def reviewing_people(project: Project, *, only: str | None = None) -> QuerySet[User]:
    """Who reviews or manages the project; `only`: "reviewers" or "managers"."""
    roles = {"reviewers": [ProjectRole.REVIEWER], "managers": [ProjectRole.MANAGER]}.get(only or "", [])
    roles = roles or [ProjectRole.REVIEWER, ProjectRole.MANAGER]
    people = Q(project_memberships__project=project, project_memberships__role__in=[role.value for role in roles])
    if ProjectRole.MANAGER in roles:
        people |= Q(
            memberships__organization_id=project.organization_id,
            memberships__role__in=[OrganizationRole.OWNER, OrganizationRole.ADMIN],
        )
    return User.objects.filter(people, is_active=True).distinct()


def thread_rows(
    ctx: ProjectContext, threads: Iterable[Thread], letters: Mapping[str, str] | None = None
) -> list[ThreadRow]:
    """Ready to show. `letters`: user id, as text → the letter a review page gives the annotator."""
    found = list(threads)
    comments: dict[int, list[Comment]] = {thread.pk: [] for thread in found}
    for comment in Comment.objects.filter(thread__in=found).select_related("author").order_by("pk"):
        comments[comment.thread_id].append(comment)
    unread = set(
        CommentNotice.objects.filter(user=ctx.user, comment__thread__in=found).values_list("comment_id", flat=True)
    )
    return [
        ThreadRow(
            thread=thread,
            about=thread.document.text[thread.start : thread.end] if thread.start is not None else "",
            opening=thread.document.text[:CONTEXT] + ("…" if len(thread.document.text) > CONTEXT else ""),
            comments=[
                CommentRow(
                    author=_name(ctx, thread, comment.author, letters or {}),
                    own=comment.author_id == ctx.user.pk,
                    unread=comment.pk in unread,
                    body=comment.body,
                    created_at=comment.created_at,
                )
                for comment in comments[thread.pk]
            ],
        )
        for thread in found
    ]


def unread_count(ctx: ProjectContext) -> int:
    return ctx.project.comment_notices.filter(user=ctx.user).count()


def _name(ctx: ProjectContext, thread: Thread, author: User, letters: Mapping[str, str]) -> str:
    if author.pk == ctx.user.pk:
        return gettext("You")
    if not reviews(ctx):
        return gettext("Reviewer")
    if author.pk != thread.annotator_id or ctx.can(Permission.MANAGE):
        return author.name
    letter = letters.get(str(author.pk))
    return gettext("Annotator {letter}").format(letter=letter) if letter else gettext("The annotator")
