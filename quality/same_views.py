"""One decision for the same words everywhere: the preview, applying it, taking it back."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.domain.spans import SpanError
from quality.domain.adjudication import DecisionError
from quality.forms import ReviewFormError, parse_application
from quality.selectors.cases import cases_of, worked_on
from quality.selectors.content import case_content
from quality.selectors.same import applications_of, same_places
from quality.services.same import application_undo, decision_apply
from quality.services.settling import CaseError


@require_POST
@project_view(Permission.REVIEW)
def same(request: HttpRequest, ctx: ProjectContext, case: UUID) -> HttpResponse:
    """A fragment: where else the words of a place are in dispute. Nothing is written."""
    item = get_object_or_404(cases_of(ctx.project), uuid=case)
    if worked_on(item.document, ctx.user):
        return render(
            request, "quality/_same.html", {"ctx": ctx, "error": gettext("You labelled this document yourself.")}
        )
    content = case_content(item.document)
    group = next((group for group in content.groups if group.id == request.POST.get("group")), None)
    places = same_places(ctx, item, content, group) if group else []
    context = {"ctx": ctx, "case": item, "group": group, "places": places, "posted": request.POST}
    return render(request, "quality/_same.html", context)


@require_POST
@project_view(Permission.REVIEW)
def apply(request: HttpRequest, ctx: ProjectContext, case: UUID) -> HttpResponse:
    """Decide the ticked places like the one at hand; a fragment says what came of it."""
    item = get_object_or_404(cases_of(ctx.project), uuid=case)
    try:
        wish = parse_application(request.POST)
        done = decision_apply(ctx=ctx, case=item, **vars(wish))
    except (CaseError, DecisionError, SpanError, ReviewFormError) as error:
        return render(request, "quality/_applied.html", {"ctx": ctx, "error": error}, status=422)
    left = len(wish.places) - len(done.places)
    context = {
        "ctx": ctx,
        "case": item,
        "done": done,
        "finished": sum(p["finished"] for p in done.places),
        "left": left,
    }
    return render(request, "quality/_applied.html", context)


@require_POST
@project_view(Permission.REVIEW)
def undo(request: HttpRequest, ctx: ProjectContext, case: UUID, application: UUID) -> HttpResponse:
    """Take back what was applied."""
    item = get_object_or_404(applications_of(ctx), uuid=application, case__uuid=case)
    taken = application_undo(ctx=ctx, application=item)
    return render(request, "quality/_applied.html", {"ctx": ctx, "undone": taken, "of": len(item.places)})
