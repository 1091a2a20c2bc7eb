"""Agreement over the API."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiResponse
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.access import ProjectContext
from annotation.domain.permissions import Permission
from daner_site.api.gate import project_api
from daner_site.api.serializers import AgreementSerializer
from quality.selectors.panel import quality_panel


@project_api(
    Permission.VIEW_LAYERS,
    responses={200: AgreementSerializer, 204: OpenApiResponse(description="No document has two annotators yet.")},
)
def agreement(request: Request, ctx: ProjectContext) -> Response:
    """The newest agreement figures: overall, by label and by pair of annotators."""
    panel = quality_panel(ctx.project)
    if panel is None:
        return Response(status=status.HTTP_204_NO_CONTENT)
    return Response(AgreementSerializer(panel).data)
