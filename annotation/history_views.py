"""One's own documents: the list, changing one, and one's pace."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.domain.spans import SpanError
from annotation.domain.submission import SubmissionError, parse_submission
from annotation.models import Assignment
from annotation.selectors.history import own_pace, own_turns, revision_workspace
from annotation.services.revisions import Decided, annotation_revise, revisable
from annotation.services.work import WorkError

PAGE_SIZE = 20


@require_safe
@project_view(Permission.ANNOTATE)
def history(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The person's own documents, newest first."""
    page = Paginator(own_turns(ctx), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "annotation/history.html", {"ctx": ctx, "active": "annotate", "page": page})


@require_safe
@project_view(Permission.ANNOTATE)
def pace(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """A fragment: how fast the person works, for themselves alone."""
    return render(request, "annotation/_pace.html", {"ctx": ctx, "pace": own_pace(ctx)})


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.ANNOTATE)
def revise(request: HttpRequest, ctx: ProjectContext, assignment: UUID) -> HttpResponseBase:
    """A submitted document once more; a POST makes what is on screen the new revision."""
    try:
        item = revisable(ctx, assignment)
        if request.method == "POST":
            submission = parse_submission(request.POST.get("payload", ""))
            changed = annotation_revise(ctx=ctx, assignment_uuid=assignment, submission=submission)
            messages.success(
                request, gettext("Your new version is stored.") if changed else gettext("Nothing was different.")
            )
            return _back(request, ctx)
    except Decided as error:
        messages.error(request, str(error))
        return _back(request, ctx)
    except WorkError as error:
        raise Http404(str(error)) from error
    except (SubmissionError, SpanError) as error:
        return _page(request, ctx, item, error=str(error), status=422)
    return _page(request, ctx, item)


def _page(
    request: HttpRequest, ctx: ProjectContext, item: Assignment, *, error: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "ctx": ctx,
        "active": "annotate",
        "workspace": revision_workspace(ctx, item),
        "revising": True,
        "error": error,
        "progress": {"submitted_by_me": 3},
    }
    template = "annotation/_workspace.html" if request.htmx else "annotation/revise.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=status)


def _back(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    to = reverse("annotation:history", args=[ctx.organization.slug, ctx.project.uuid])
    return HttpResponseClientRedirect(to) if request.htmx else redirect(to)  # type: ignore[attr-defined]
