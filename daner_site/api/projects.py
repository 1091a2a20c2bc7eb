"""Projects over the API."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from annotation.access import ProjectContext
from annotation.domain.permissions import Permission
from annotation.selectors.projects import projects_visible
from daner_site.accounts.access import OrganizationContext
from daner_site.api.gate import organization_api, project_api
from daner_site.api.paging import PAGE_PARAMETER, allow_only, page_schema, paged
from daner_site.api.serializers import ProjectDetailSerializer, ProjectSerializer


@organization_api(responses=page_schema("Project", ProjectSerializer), parameters=[PAGE_PARAMETER])
def projects(request: Request, ctx: OrganizationContext) -> Response:
    """The projects you may open, by name."""
    allow_only(request)
    return paged(request, projects_visible(ctx), ProjectSerializer)


@project_api(Permission.VIEW, responses=ProjectDetailSerializer)
def project(request: Request, ctx: ProjectContext) -> Response:
    """One project: its labels and settings, your role and what it allows."""
    return Response(ProjectDetailSerializer(ctx).data)
