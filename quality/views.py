"""Quality pages: agreement, conflicts, review."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.selectors.training import active_labels
from quality.models import AdjudicationCase
from quality.selectors.agreement_export import agreement_export
from quality.selectors.agreement_page import agreement_page
from quality.selectors.conflicts import AGES, KINDS, ConflictFilter, conflict_rows
from quality.selectors.panel import quality_summary
from quality.selectors.slices import slice_of

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
