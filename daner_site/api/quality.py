"""Agreement over the API."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from annotation.access import ProjectContext
from annotation.domain.permissions import Permission
from daner_site.api.gate import project_api
from daner_site.api.serializers import AgreementSerializer
from quality.selectors.panel import quality_panel


@project_api(Permission.VIEW_LAYERS, responses=AgreementSerializer)
def agreement(request: Request, ctx: ProjectContext) -> Response:
    """The newest agreement figures; `measured_at` is null while no document has two annotators."""
    return Response(AgreementSerializer(quality_panel(ctx.project)).data)
