"""Pages on which two versions are compared, by measure and by eye."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activelearning import selectors
from activelearning.forms import BlindForm, CompareForm
from activelearning.selectors.blind import (
    blind_comparisons,
    blind_result,
    blind_rows,
    judge_page,
    judged_by,
    reviewers_progress,
    unblinded,
)
from activelearning.selectors.comparison import version_comparison
from activelearning.services.blind import BlindRefused, blind_close, blind_judge, blind_open, blind_undo
from activelearning.services.downloads import ArtefactMissing, artefact_zip
from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.import_views import download


@require_safe
@project_view(Permission.VIEW)
def compare(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """Two versions on the test texts of both; the two newest unless others are chosen."""
    form = CompareForm.of(ctx.project, request.GET)
    found = version_comparison(**form.cleaned_data) if form.is_valid() else None
    context = {"ctx": ctx, "active": "models", "form": form, "found": found, "rows": blind_rows(ctx)}
    if found is not None:
        context["blind_form"] = BlindForm(project=ctx.project)
    return render(request, "activelearning/compare.html", context)


@require_safe
@project_view(Permission.EXPORT)
def model_file(request: HttpRequest, ctx: ProjectContext, model: UUID) -> HttpResponseBase:
    """The version as a zip, made while it is sent."""
    version = get_object_or_404(selectors.versions(ctx.project), uuid=model)
    try:
        return download(request, artefact_zip(ctx=ctx, version=version))
    except ArtefactMissing as missing:
        messages.error(request, str(missing))
    return redirect("activelearning:model", ctx.organization.slug, ctx.project.uuid, version.uuid)


@require_POST
@project_view(Permission.TRAIN)
def blind_start(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """Have two versions judged blind."""
    form = BlindForm(request.POST, project=ctx.project)
    if not form.is_valid():
        messages.error(request, gettext("Choose two different versions and how many texts."))
        return redirect("activelearning:compare", ctx.organization.slug, ctx.project.uuid)
    try:
        comparison = blind_open(project=ctx.project, opened_by=ctx.user, **form.cleaned_data)
    except BlindRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("activelearning:compare", ctx.organization.slug, ctx.project.uuid)
    return redirect("activelearning:blind", ctx.organization.slug, ctx.project.uuid, comparison.uuid)


@require_safe
@project_view(Permission.VIEW)
def blind(request: HttpRequest, ctx: ProjectContext, comparison: UUID) -> HttpResponse:
    """How far a blind comparison is; the result for those who may see it. htmx gets the panel alone."""
    item = get_object_or_404(blind_comparisons(ctx.project), uuid=comparison)
    context = {
        "ctx": ctx,
        "active": "models",
        "comparison": item,
        "judged": judged_by(item, ctx.user).count(),
        "progress": reviewers_progress(item),
        "result": blind_result(item) if unblinded(item, ctx.user) else None,
    }
    template = "_blind" if request.headers.get("HX-Target") == "blind" else "blind"
    return render(request, f"activelearning/{template}.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.REVIEW)
def judge(request: HttpRequest, ctx: ProjectContext, comparison: UUID) -> HttpResponse:
    """One text, read by A and by B; a POST takes the answer and goes on to the next."""
    item = get_object_or_404(blind_comparisons(ctx.project), uuid=comparison)
    if request.method == "POST":
        text = get_object_or_404(item.texts, uuid=_uuid(request.POST.get("blind_text", "")), is_read=True)
        try:
            blind_judge(comparison=item, reviewer=ctx.user, text=text, answer=request.POST.get("answer", ""))
        except BlindRefused as refusal:
            messages.error(request, str(refusal))
        return redirect("activelearning:blind_judge", ctx.organization.slug, ctx.project.uuid, item.uuid)
    page = judge_page(item, ctx.user)
    if page is None:
        return redirect("activelearning:blind", ctx.organization.slug, ctx.project.uuid, item.uuid)
    context = {"ctx": ctx, "active": "models", "comparison": item, "page": page}
    return render(request, "activelearning/judge.html", context)


@require_POST
@project_view(Permission.REVIEW)
def judge_undo(request: HttpRequest, ctx: ProjectContext, comparison: UUID) -> HttpResponse:
    """Take back one's last answer."""
    item = get_object_or_404(blind_comparisons(ctx.project), uuid=comparison)
    try:
        blind_undo(comparison=item, reviewer=ctx.user)
    except BlindRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("activelearning:blind_judge", ctx.organization.slug, ctx.project.uuid, item.uuid)


@require_POST
@project_view(Permission.TRAIN)
def blind_end(request: HttpRequest, ctx: ProjectContext, comparison: UUID) -> HttpResponse:
    """Close the judging."""
    item = get_object_or_404(blind_comparisons(ctx.project), uuid=comparison)
    blind_close(comparison=item, by=ctx.user)
    return redirect("activelearning:blind", ctx.organization.slug, ctx.project.uuid, item.uuid)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
