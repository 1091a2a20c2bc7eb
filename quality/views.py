"""Quality pages: agreement, conflicts, review."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.domain.spans import SpanError
from annotation.selectors.training import active_labels
from quality.domain.adjudication import DecisionError
from quality.forms import PostedReview, ReviewFormError, parse_review, version_of
from quality.models import AdjudicationCase
from quality.selectors.agreement_export import agreement_export
from quality.selectors.agreement_page import agreement_page
from quality.selectors.cases import cases_of, next_case, own_open_count, worked_on
from quality.selectors.conflicts import AGES, KINDS, ConflictFilter, conflict_rows
from quality.selectors.content import case_content
from quality.selectors.panel import quality_summary
from quality.selectors.review import REASONS, case_notes, review_page, stored_state
from quality.selectors.slices import slice_of
from quality.services.cases import (
    CaseError,
    DecidedBeforeError,
    EscalatedError,
    OwnWorkError,
    StaleCaseError,
    case_reopen,
    case_resolve,
    cases_refresh,
)

PAGE_SIZE = 20


@require_safe
@project_view(Permission.VIEW_LAYERS)
def quality(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """Agreement in full, or of a slice; the panel keeps itself up to date."""
    page = agreement_page(ctx.project, slice_of(ctx.project, request.GET))
    return render(request, "quality/quality.html", {"ctx": ctx, "active": "quality", "page": page})


@require_safe
@project_view(Permission.VIEW_LAYERS)
def agreement_panel(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    page = agreement_page(ctx.project, slice_of(ctx.project, request.GET))
    return render(request, "quality/_agreement.html", {"ctx": ctx, "page": page})


@require_safe
@project_view(Permission.VIEW_LAYERS)
def agreement_file(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The figures to take away, for papers and other programs: `format=csv` or JSON."""
    file = agreement_export(ctx.project, slice_of(ctx.project, request.GET), csv=request.GET.get("format") == "csv")
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(file.content, content_type=file.content_type, headers=headers)


@require_safe
@project_view(Permission.VIEW_LAYERS)
def summary_panel(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """One small card for a dashboard."""
    context = {"ctx": ctx, "summary": quality_summary(ctx.project)}
    return render(request, "quality/_summary.html", context)


@require_safe
@project_view(Permission.VIEW_LAYERS)
def conflicts(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """Documents people labelled differently, the one with most to correct first."""
    wish = ConflictFilter.of(ctx.project, request.GET)
    page = Paginator(wish.cases(ctx.project), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "ctx": ctx,
        "active": "quality",
        "page": page,
        "rows": conflict_rows(ctx, list(page)),
        "wish": wish,
        "kinds": KINDS,
        "labels": active_labels(ctx.project),
        "ages": AGES,
        "status": wish.status or AdjudicationCase.Status.OPEN,
        "statuses": AdjudicationCase.Status.choices,
        "query": wish.query,
    }
    return render(request, "quality/conflicts.html", context)


@require_safe
@project_view(Permission.REVIEW)
def review(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The next case for this reviewer; `after=<case>` passes one by."""
    following = next_case(ctx, after=_uuid(request.GET.get("after", "")))
    if following is not None:
        to = reverse("quality:case", args=[ctx.organization.slug, ctx.project.uuid, following.uuid])
        return HttpResponseClientRedirect(to) if request.headers.get("HX-Request") else redirect(to)
    context = {"ctx": ctx, "active": "review", "own": own_open_count(ctx)}
    return render(request, "quality/review_done.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.REVIEW)
def case(request: HttpRequest, ctx: ProjectContext, case: UUID) -> HttpResponse:
    """One document to decide on; a POST settles it and goes on to the next."""
    item = get_object_or_404(cases_of(ctx.project), uuid=case)
    if worked_on(item.document, ctx.user):
        return _own_work(request, ctx)
    if request.method != "POST":
        return _case_page(request, ctx, item, stored_state(item))
    posted: PostedReview | None = None
    try:
        posted = parse_review(request.POST)
        case_resolve(ctx=ctx, case=item, **vars(posted))
    except OwnWorkError:
        return _own_work(request, ctx)
    except (EscalatedError, DecidedBeforeError) as error:
        return _case_page(request, ctx, item, _state(posted), error=error, status=403)
    except StaleCaseError as error:
        cases_refresh(document_id=item.document_id)
        return _case_page(request, ctx, item, _state(posted), error=error, status=409)
    except (DecisionError, SpanError, ReviewFormError) as error:
        return _case_page(request, ctx, item, _state(posted), error=error, status=422)
    messages.success(request, "Decided. The document has its gold now.")
    return redirect("quality:review", ctx.organization.slug, ctx.project.uuid)


@require_POST
@project_view(Permission.REVIEW)
def reopen(request: HttpRequest, ctx: ProjectContext, case: UUID) -> HttpResponse:
    item = get_object_or_404(cases_of(ctx.project), uuid=case)
    try:
        case_reopen(ctx=ctx, case=item, version=version_of(request.POST))
    except (CaseError, ReviewFormError) as error:
        messages.error(request, str(error))
    return redirect("quality:case", ctx.organization.slug, ctx.project.uuid, item.uuid)


def _case_page(
    request: HttpRequest,
    ctx: ProjectContext,
    item: AdjudicationCase,
    state: dict[str, Any],
    *,
    error: Exception | None = None,
    status: int = 200,
) -> HttpResponse:
    """`state`: the decisions to show; those just posted are kept whatever went wrong."""
    item = get_object_or_404(cases_of(ctx.project), pk=item.pk)
    context = {
        "ctx": ctx,
        "active": "review",
        "case": item,
        "page": review_page(item, case_content(item.document), state),
        "comment": state.get("comment", ""),
        "error": error,
        "notes": case_notes(ctx, item),
        "reasons": REASONS,
        "editable": status != 200 or item.status == AdjudicationCase.Status.OPEN,
    }
    return render(request, "quality/case.html", context, status=status)


def _own_work(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    return render(request, "quality/own_work.html", {"ctx": ctx, "active": "review"}, status=403)


def _state(posted: PostedReview | None) -> dict[str, Any]:
    return {} if posted is None else asdict(posted)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
