"""The annotation page: one GET shows a document, one POST stores it and brings the next."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.domain.spans import SpanError
from annotation.domain.submission import Submission, SubmissionError, parse_submission
from annotation.forms import AheadForm, WorkForm
from annotation.selectors.progress import member_progress, own_progress, project_progress
from annotation.selectors.projects import guideline_html, workspace
from annotation.services.claims import assignment_reserve_next, reservation_give_back
from annotation.services.drafts import draft_keep
from annotation.services.turns import RESERVED_FOR
from annotation.services.work import (
    AlreadyClosed,
    ClosedOtherwise,
    Paused,
    SlotTaken,
    WorkError,
    annotation_submit,
    assignment_claim_next,
    assignment_held,
    assignment_reject,
    assignment_skip,
)


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.ANNOTATE)
def annotate(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The workspace; htmx gets the form alone, a plain form post is answered with a redirect."""
    if request.method != "POST":
        return render(request, "annotation/annotate.html", _page(ctx))
    form = WorkForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(gettext("Not understood: {as_text}").format(as_text=form.errors.as_text()))
    try:
        _act(ctx, form.cleaned_data)
    except AlreadyClosed:
        pass  # a second click: go on to the next document
    except (SubmissionError, SpanError) as error:
        return _refused(request, ctx, form.cleaned_data, str(error), status=422)
    except WorkError as error:
        return _refused(request, ctx, form.cleaned_data, str(error), status=409)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("annotation:annotate", ctx.organization.slug, ctx.project.uuid)
    return _swapped(request, _next(ctx, known=form.cleaned_data["ahead"]))


@require_POST
@project_view(Permission.ANNOTATE)
def ahead(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The document after the one in work, reserved for the page to keep: `{assignment, seconds, html}`.

    `html` is left out where the page has it already; `leave` gives the document back.
    """
    form = AheadForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(f"Not understood: {form.errors.as_text()}")
    if form.cleaned_data["leave"]:
        reservation_give_back(ctx=ctx)
        return HttpResponse(status=204)
    reserved = assignment_reserve_next(ctx=ctx)
    if reserved is None:
        return JsonResponse({"assignment": None})
    found = {"assignment": str(reserved.uuid), "seconds": RESERVED_FOR.total_seconds()}
    if reserved.uuid != form.cleaned_data["known"]:
        shown = {"ctx": ctx, "workspace": workspace(ctx, reserved), "progress": own_progress(ctx.project, ctx.user)}
        found["html"] = render_to_string("annotation/_workspace.html", shown, request)
    return JsonResponse(found)


@require_safe
@project_view(Permission.VIEW)
def progress_panel(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The dashboard's progress card."""
    context = {
        "ctx": ctx,
        "progress": project_progress(ctx.project),
        "people": member_progress(ctx.project) if ctx.can(Permission.VIEW_LAYERS) else [],
    }
    return render(request, "annotation/_progress.html", context)


def _act(ctx: ProjectContext, data: dict[str, Any]) -> None:
    uuid = data["assignment"]
    if data["action"] == "submit":
        submission = _read(data)
        try:
            annotation_submit(ctx=ctx, assignment_uuid=uuid, submission=submission)
        except (ClosedOtherwise, Paused, SlotTaken):
            draft_keep(ctx=ctx, assignment_uuid=uuid, work=submission)
            raise
    elif data["action"] == "skip":
        _keep_marks(ctx, data)
        assignment_skip(ctx=ctx, assignment_uuid=uuid)
    else:
        assignment_reject(ctx=ctx, assignment_uuid=uuid, reason=data["reason"])


def _keep_marks(ctx: ProjectContext, data: dict[str, Any]) -> None:
    """Skipping needs no spans in order; those that are come back with the document."""
    try:
        submission = _read(data)
        if submission.spans:
            draft_keep(ctx=ctx, assignment_uuid=data["assignment"], work=submission)
    except (SubmissionError, SpanError):
        pass


def _read(data: dict[str, Any]) -> Submission:
    return parse_submission(data["payload"])


def _next(ctx: ProjectContext, known: UUID | None = None) -> dict[str, Any]:
    """What changes from document to document; the document itself is left out if the page has it already."""
    assignment = assignment_claim_next(ctx=ctx)
    found = {"ctx": ctx, "active": "annotate", "progress": own_progress(ctx.project, ctx.user)}
    if assignment is not None and assignment.uuid == known:
        return found | {"document": assignment.document.uuid}
    return found | {"workspace": None if assignment is None else workspace(ctx, assignment)}


def _swapped(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    template = "annotation/_workspace.html" if "workspace" in context else "annotation/_beside.html"
    return render(request, template, context | {"swapped": True}, status=status)


def _page(ctx: ProjectContext) -> dict[str, Any]:
    """The whole page, with what stands beside the text."""
    guideline = guideline_html(ctx.project)
    return _next(ctx) | {"guideline": "" if guideline is None else guideline.html}


def _refused(
    request: HttpRequest, ctx: ProjectContext, data: dict[str, Any], message: str, *, status: int
) -> HttpResponse:
    """The same page with the reason and, where the document is still theirs, the posted spans."""
    held = assignment_held(ctx=ctx, assignment_uuid=data["assignment"])
    swapped = bool(request.htmx)  # type: ignore[attr-defined]
    context = (_next(ctx, known=data["ahead"]) if swapped else _page(ctx)) | {"error": message}
    if held is not None:
        context["workspace"] = workspace(ctx, held) | {"spans": _posted_spans(data)}
        if context["workspace"]["draft"]:
            # What was just posted is newer than what was saved before.
            context["workspace"]["draft"] = {"revision": context["workspace"]["draft"]["revision"]}
    if swapped:
        return _swapped(request, context, status)
    return render(request, "annotation/annotate.html", context, status=status)


def _posted_spans(data: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        spans = _read(data).spans
    except SubmissionError:
        return []
    return [{"start": span.start, "end": span.end, "label": span.label, "origin": "human"} for span in spans]
