"""Pages and fragments of models, runs and questions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activelearning import selectors
from activelearning.forms import QuestionForm
from activelearning.models import Tier
from activelearning.selectors.comparison import measured_on, newest_full_version, quality_rows, strict_quality
from activelearning.services.inference import inference_ask
from activelearning.services.runs import RunRefused, training_run_cancel, training_run_open
from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission


@require_safe
@project_view(Permission.VIEW)
def models(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """All versions, the run in hand, the learning curve. htmx gets the table alone."""
    context = {"ctx": ctx, "active": "models", "versions": selectors.versions(ctx.project)}
    template = "_versions" if request.headers.get("HX-Target") == "versions" else "models"
    return render(request, f"activelearning/{template}.html", context)


@require_safe
@project_view(Permission.VIEW)
def model(request: HttpRequest, ctx: ProjectContext, model: UUID) -> HttpResponse:
    """One version: quality per label, what it was made from."""
    version = get_object_or_404(selectors.versions(ctx.project), uuid=model)
    context = {
        "ctx": ctx,
        "active": "models",
        "version": version,
        "rows": quality_rows(version),
        "measured_on": measured_on(version),
        "strict": strict_quality(version),
        "newest_full": newest_full_version(ctx.project),
    }
    return render(request, "activelearning/model.html", context)


@require_safe
@project_view(Permission.VIEW)
def run_panel(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """What the loop is doing, and what it waits for."""
    return render(request, "activelearning/_run_panel.html", _panel(ctx))


@require_safe
@project_view(Permission.VIEW)
def curve_panel(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The learning curve, what more labels would bring, and whether they pay."""
    context = {"ctx": ctx, "panel": selectors.curve_panel(ctx.project)}
    return render(request, "activelearning/_curve_panel.html", context)


@require_POST
@project_view(Permission.TRAIN)
def run_start(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """Train now, the fast tier unless the full one is asked for."""
    try:
        tier = Tier.FULL if request.POST.get("tier") == Tier.FULL else Tier.FAST
        training_run_open(project=ctx.project, opened_by=ctx.user, tier=tier)
    except RunRefused as refusal:
        messages.warning(request, str(refusal))
    return _panel_or_page(request, ctx)


@require_POST
@project_view(Permission.TRAIN)
def run_cancel(request: HttpRequest, ctx: ProjectContext, run: UUID) -> HttpResponse:
    """Stop a waiting or running run."""
    get_object_or_404(selectors.runs(ctx.project), uuid=run)
    training_run_cancel(project=ctx.project, run_uuid=run, by=ctx.user)
    return _panel_or_page(request, ctx)


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.INFER)
def infer(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """Ask a version for the entities of a text; `?question=` shows, and waits for, the answer."""
    if request.method != "POST" and request.GET.get("question"):
        return _answer(request, ctx, request.GET["question"])
    form = QuestionForm(request.POST or None, project=ctx.project)
    if request.method == "POST" and form.is_valid():
        question = inference_ask(project=ctx.project, asked_by=ctx.user, **form.cleaned_data)
        page = reverse("activelearning:infer", args=[ctx.organization.slug, ctx.project.uuid])
        return redirect(f"{page}?question={question.uuid}")
    context = {"ctx": ctx, "active": "infer", "form": form, "any_version": selectors.versions(ctx.project).exists()}
    return render(request, "activelearning/infer.html", context, status=422 if form.errors else 200)


def _answer(request: HttpRequest, ctx: ProjectContext, uuid: str) -> HttpResponse:
    question = selectors.question_of(ctx.user, ctx.project, uuid)
    if question is None:
        raise Http404
    pieces = selectors.answer_pieces(question)
    context = {"ctx": ctx, "active": "infer", "question": question, "pieces": pieces, "any_version": True}
    context["entities"] = selectors.answer_entities(question)
    if request.headers.get("HX-Target") == "answer":
        return render(request, "activelearning/_answer.html", context)
    initial = {"text": question.text, "version": question.version.uuid}
    context["form"] = QuestionForm(project=ctx.project, initial=initial)
    return render(request, "activelearning/infer.html", context)


def _panel(ctx: ProjectContext) -> dict[str, Any]:
    status = selectors.loop_status(ctx.project)
    # Nothing was withheld where nothing is in use.
    return {"ctx": ctx, "status": status, "newest_full": status.active and newest_full_version(ctx.project)}


def _panel_or_page(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, "activelearning/_run_panel.html", _panel(ctx) | {"swapped": True})
    return redirect("activelearning:models", ctx.organization.slug, ctx.project.uuid)
