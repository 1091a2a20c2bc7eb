"""Pages about the people who label: all of them and one for managers, and everybody's own."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from quality.selectors.feedback import feedback_page
from quality.selectors.people import people_page, person_page


@require_safe
@project_view(Permission.MANAGE)
def people(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """How far everybody's work can be relied on, by name."""
    context = {"ctx": ctx, "active": "quality", "page": people_page(ctx.project)}
    return render(request, "quality/people.html", context)


@require_safe
@project_view(Permission.MANAGE)
def person(request: HttpRequest, ctx: ProjectContext, annotator: int) -> HttpResponse:
    page = person_page(ctx.project, annotator)
    if page is None:
        raise Http404(gettext("Nobody of this number has labelled anything here."))
    context = {"ctx": ctx, "active": "quality", "page": page, "own": feedback_page(ctx.project, page.row.user)}
    return render(request, "quality/person.html", context)


@require_safe
@project_view(Permission.ANNOTATE)
def feedback(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """One's own work against gold."""
    context = {"ctx": ctx, "active": "annotate", "page": feedback_page(ctx.project, ctx.user)}
    return render(request, "quality/feedback.html", context)
