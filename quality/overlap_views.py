"""What labelling several times has cost, as a panel of the quality page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.selectors.doubts import second_looks
from quality.selectors.overlap import overlap_cost


@require_safe
@project_view(Permission.VIEW_LAYERS)
def overlap_panel(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """A fragment; counted anew each time it is asked for."""
    looks = second_looks(ctx.project)
    return render(request, "quality/_overlap.html", {"ctx": ctx, "cost": overlap_cost(ctx.project), "looks": looks})
