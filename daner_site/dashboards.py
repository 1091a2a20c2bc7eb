"""Pages that show several apps: shells whose panels each app serves itself.

Only URL names tie a shell to the apps; there is no Python call into them.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.selectors.projects import guideline_html, palette, projects_visible
from daner_site.accounts.access import OrganizationContext, organization_view

app_name = "pages"


@require_safe
@organization_view()
def organization(request: HttpRequest, ctx: OrganizationContext) -> HttpResponse:
    """All projects of the organisation this member may open, each with live panels."""
    context = {"ctx": ctx, "projects": projects_visible(ctx)}
    return render(request, "pages/organization.html", context)


@require_safe
@project_view(Permission.VIEW)
def project(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The project's overview: progress, run, model curve, agreement, queue; all live."""
    context = {
        "ctx": ctx,
        "active": "overview",
        "labels": palette(ctx.project),
        "guideline": guideline_html(ctx.project),
    }
    return render(request, "pages/project.html", context)


urlpatterns = [
    path("o/<slug:org>/", organization, name="organization"),
    path("o/<slug:org>/p/<uuid:project>/", project, name="project"),
]
