"""Pages around the review page: passing on, suggestions, the guideline log, what came of it all."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.access import ProjectContext, project_view
from annotation.comment_views import comment_done, comment_problem
from annotation.domain.permissions import Permission
from annotation.services.comments import CommentError, notices_read, thread_open
from quality.forms import CaseThreadForm, ReviewFormError, RulingForm, RulingQuestionForm, version_of
from quality.selectors.case_comments import case_annotators, case_comments
from quality.selectors.cases import cases_of
from quality.selectors.content import case_content
from quality.selectors.outcomes import MISTAKES, outcomes
from quality.selectors.reviewed import reviewed_documents, reviewed_rows
from quality.selectors.rulings import ruling_rows, rulings_of
from quality.selectors.suggestions import suggestion_rows
from quality.services.rulings import RulingError, ruling_close, ruling_note
from quality.services.settling import CaseError, case_escalate, suggestions_ask

PAGE_SIZE = 20


@require_POST
@project_view(Permission.REVIEW)
def escalate(request: HttpRequest, ctx: ProjectContext, case: UUID) -> HttpResponse:
    item = get_object_or_404(cases_of(ctx.project), uuid=case)
    try:
        case_escalate(ctx=ctx, case=item, version=version_of(request.POST), note=request.POST.get("note", ""))
    except (CaseError, ReviewFormError) as error:
        messages.error(request, str(error))
        return redirect("quality:case", ctx.organization.slug, ctx.project.uuid, item.uuid)
    messages.success(request, gettext("Passed on. A manager of the project decides it."))
    return redirect("quality:review", ctx.organization.slug, ctx.project.uuid)


@require_POST
@project_view(Permission.REVIEW)
def suggestions(request: HttpRequest, ctx: ProjectContext, case: UUID) -> HttpResponse:
    """A fragment; that somebody asked for it is kept."""
    item = get_object_or_404(cases_of(ctx.project), uuid=case)
    try:
        item = suggestions_ask(ctx=ctx, case=item)
    except CaseError as error:
        return render(request, "quality/_suggestions.html", {"ctx": ctx, "error": error})
    source, rows = suggestion_rows(case_content(item.document))
    return render(request, "quality/_suggestions.html", {"ctx": ctx, "source": source, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.REVIEW)
def comments(request: HttpRequest, ctx: ProjectContext, case: UUID) -> HttpResponse:
    """A fragment: what was said about the document, by letter; looking at it reads what was new.

    A POST begins a conversation, with the annotator whose letter is in `to` or among those who review.
    """
    item = get_object_or_404(cases_of(ctx.project), uuid=case)
    people = case_annotators(item)
    if request.method != "POST":
        rows = case_comments(ctx, item)
        notices_read(ctx=ctx, threads=[row.thread for row in rows])
        context = {"ctx": ctx, "document": item.document, "rows": rows, "here": request.path, "people": list(people)}
        return render(request, "annotation/_comments.html", context)
    form = CaseThreadForm(people, request.POST)
    if not form.is_valid():
        return comment_problem(request, ctx, form.errors.as_text())
    try:
        thread_open(ctx=ctx, document=item.document, **form.cleaned_data)
    except CommentError as error:
        return comment_problem(request, ctx, str(error))
    return comment_done(request, ctx)


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.VIEW)
def rulings(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The guideline log, for everybody to read; a POST of a reviewer asks a new question."""
    form = RulingQuestionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ruling_note(ctx=ctx, **form.cleaned_data)
        messages.success(request, gettext("Asked."))
        return redirect("quality:rulings", ctx.organization.slug, ctx.project.uuid)
    page = Paginator(rulings_of(ctx.project), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = ruling_rows(ctx.project, list(page), counted=ctx.can(Permission.MANAGE))
    context = {"ctx": ctx, "active": "quality", "page": page, "rows": rows, "form": form}
    return render(request, "quality/rulings.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@project_view(Permission.MANAGE)
def ruling(request: HttpRequest, ctx: ProjectContext, ruling: UUID) -> HttpResponse:
    """The answer to a question of the log."""
    item = get_object_or_404(rulings_of(ctx.project), uuid=ruling)
    form = RulingForm(request.POST)
    try:
        form.full_clean()
        done = ruling_close(ctx=ctx, ruling=item, **form.cleaned_data)
        back = gettext("{count} went back to the reviewers.").format(count=done.requeued) if done.requeued else ""
        messages.success(request, f"{gettext('Ruled.')} {back}".strip())
    except RulingError as error:
        messages.error(request, str(error))
    return redirect("quality:rulings", ctx.organization.slug, ctx.project.uuid)


@require_safe
@project_view(Permission.VIEW_LAYERS)
def after(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """How right people were, and how the reviewing went."""
    context = {"ctx": ctx, "active": "quality", "found": outcomes(ctx.project), "mistakes": MISTAKES.values()}
    return render(request, "quality/outcomes.html", context)


@require_safe
@project_view(Permission.ANNOTATE)
def reviewed(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The person's own documents that a reviewer decided on."""
    page = Paginator(reviewed_documents(ctx.project, ctx.user), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = reviewed_rows(ctx.project, ctx.user, list(page))
    return render(request, "quality/reviewed.html", {"ctx": ctx, "active": "annotate", "page": page, "rows": rows})
