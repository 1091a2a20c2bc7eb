"""Pages that show several apps.

The project's page is a shell whose panels each app serves itself. The organisation's table puts
one line of each app side by side; wiring is the only place that may read them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from activelearning.selectors import LoopStatus, loop_status
from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.models import Project
from annotation.selectors.documents import imports_running
from annotation.selectors.progress import Progress, project_progress
from annotation.selectors.projects import guideline_html, palette, projects_visible
from daner_site.accounts.access import OrganizationContext, organization_view
from quality.selectors.cases import open_count

app_name = "pages"


@dataclass(frozen=True)
class ProjectLine:
    """One project in the organisation's table."""

    project: Project
    progress: Progress
    loop: LoopStatus
    conflicts: int
    imports: int

    @property
    def running(self) -> int:
        """Jobs in work or waiting: trainings and imports."""
        return sum(run is not None for run in (self.loop.running, self.loop.queued)) + self.imports


@require_safe
@organization_view()
def organization(request: HttpRequest, ctx: OrganizationContext) -> HttpResponse:
    """All projects of the organisation this member may open; live."""
    return render(request, "pages/organization.html", _organization_context(ctx))


@require_safe
@organization_view()
def organization_panel(request: HttpRequest, ctx: OrganizationContext) -> HttpResponse:
    """The table alone, for the live page."""
    return render(request, "pages/_projects.html", _organization_context(ctx))


@require_safe
@project_view(Permission.VIEW)
def project(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The project's overview: progress, run, model curve, agreement; all live."""
    context = {
        "ctx": ctx,
        "active": "overview",
        "labels": palette(ctx.project),
        "guideline": guideline_html(ctx.project),
    }
    return render(request, "pages/project.html", context)


def _organization_context(ctx: OrganizationContext) -> dict[str, Any]:
    lines = [
        ProjectLine(
            project=item,
            progress=project_progress(item),
            loop=loop_status(item),
            conflicts=open_count(item),
            imports=imports_running(item),
        )
        for item in projects_visible(ctx)
    ]
    return {
        "ctx": ctx,
        "projects": lines,
        "members": ctx.organization.memberships.count(),
        "conflicts": sum(line.conflicts for line in lines),
        "running": sum(line.running for line in lines),
    }


urlpatterns = [
    path("o/<slug:org>/", organization, name="organization"),
    path("o/<slug:org>/panel/", organization_panel, name="organization_panel"),
    path("o/<slug:org>/p/<uuid:project>/", project, name="project"),
]
