"""Conversations about documents: beside the text, on their own page, and the mark in the top bar."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.forms import AnswerForm, ThreadForm
from annotation.selectors.comments import (
    THREAD_STATES,
    document_threads,
    documents_to_talk_about,
    thread_rows,
    threads_in_state,
    threads_visible,
    unread_count,
)
from annotation.services.comments import CommentError, notices_read, thread_answer, thread_open, thread_resolve

PAGE_SIZE = 20


@require_safe
@project_view(Permission.VIEW)
def comments(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """All conversations this person may see, newest first; looking at them reads what was new."""
    state = request.GET.get("state", "open")
    page = Paginator(threads_in_state(ctx, state), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = thread_rows(ctx, page)
    notices_read(ctx=ctx, threads=[row.thread for row in rows])
    context = {"ctx": ctx, "active": "comments", "page": page, "rows": rows, "state": state, "states": THREAD_STATES}
    return render(request, "annotation/comments.html", context)


@require_safe
@project_view(Permission.VIEW)
def unread(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The mark in the top bar."""
    return render(request, "annotation/_unread.html", {"ctx": ctx, "unread": unread_count(ctx)})


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.VIEW)
def document_comments(request: HttpRequest, ctx: ProjectContext, document: UUID) -> HttpResponse:
    """The conversations about one document; a POST begins one."""
    item = get_object_or_404(documents_to_talk_about(ctx), uuid=document)
    if request.method != "POST":
        rows = thread_rows(ctx, document_threads(ctx, item))
        notices_read(ctx=ctx, threads=[row.thread for row in rows])
        return render(
            request, "annotation/_comments.html", {"ctx": ctx, "document": item, "rows": rows, "here": request.path}
        )
    form = ThreadForm(request.POST)
    if not form.is_valid():
        return comment_problem(request, ctx, form.errors.as_text())
    try:
        thread_open(ctx=ctx, document=item, **form.cleaned_data)
    except CommentError as error:
        return comment_problem(request, ctx, str(error))
    return comment_done(request, ctx)


@require_POST
@project_view(Permission.VIEW)
def thread(request: HttpRequest, ctx: ProjectContext, thread: UUID) -> HttpResponse:
    """Answer, settle or open again."""
    get_object_or_404(threads_visible(ctx), uuid=thread)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return comment_problem(request, ctx, form.errors.as_text())
    try:
        if form.cleaned_data["action"] == "answer":
            thread_answer(ctx=ctx, thread_uuid=thread, body=form.cleaned_data["body"])
        else:
            thread_resolve(ctx=ctx, thread_uuid=thread, resolved=form.cleaned_data["action"] == "resolve")
    except CommentError as error:
        return comment_problem(request, ctx, str(error))
    return comment_done(request, ctx)


def comment_done(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The answer to what was written: the fragments that show it fetch themselves again."""
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204, headers={"HX-Trigger": "comments-changed"})
    return redirect("annotation:comments", ctx.organization.slug, ctx.project.uuid)


def comment_problem(request: HttpRequest, ctx: ProjectContext, message: str) -> HttpResponse:
    """Says what is wrong, beside the form."""
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "annotation/_comment_problem.html", {"message": message}, status=422)
    messages.error(request, message)
    return redirect("annotation:comments", ctx.organization.slug, ctx.project.uuid)
