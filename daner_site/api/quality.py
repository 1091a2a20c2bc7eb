"""Agreement and people over the API."""

from __future__ import annotations

from django.core.paginator import Paginator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.access import ProjectContext
from annotation.domain.permissions import Permission
from daner_site.api.gate import project_api
from daner_site.api.paging import PAGE_PARAMETER, PAGE_SIZE, allow_only, page_number, page_response, page_schema
from daner_site.api.serializers import AgreementSerializer, PersonSerializer
from quality.selectors.panel import quality_panel
from quality.selectors.people import people_page
from quality.selectors.slices import PARAMETERS, slice_of

PARAMETERS_SCHEMA = [
    OpenApiParameter("overlap", str, description="random, start, targeted or all; else everything but targeted."),
    OpenApiParameter("suggestions", str, description="with or without."),
    OpenApiParameter("guideline", str, description="A version, none or mixed; else all that people shared."),
    OpenApiParameter("since", OpenApiTypes.DATE, description="Newest submission on this day or later, UTC."),
    OpenApiParameter("until", OpenApiTypes.DATE, description="… or earlier."),
    OpenApiParameter("label", str, description="Figures of this label alone."),
    OpenApiParameter("pair", str, description="Two usernames with a comma between them."),
]


@project_api(
    Permission.VIEW_LAYERS,
    responses={200: AgreementSerializer, 204: OpenApiResponse(description="No document has two annotators yet.")},
    parameters=PARAMETERS_SCHEMA,
)
def agreement(request: Request, ctx: ProjectContext) -> Response:
    """The newest agreement figures: overall, by label and by pair of annotators; or those of a slice."""
    allow_only(request, PARAMETERS)
    chosen = slice_of(ctx.project, request.query_params)
    if unclear := [name for name, value in chosen.values.items() if request.query_params.get(name) and not value]:
        raise ValidationError({name: ["There is nothing of this name here."] for name in unclear})
    panel = quality_panel(ctx.project, chosen)
    if panel is None:
        return Response(status=status.HTTP_204_NO_CONTENT)
    return Response(AgreementSerializer(panel, context={"slice": chosen}).data)


@project_api(Permission.MANAGE, responses=page_schema("People", PersonSerializer), parameters=[PAGE_PARAMETER])
def people(request: Request, ctx: ProjectContext) -> Response:
    """Everybody who has labelled, by name: against the others, on checks by gold, and against themselves."""
    allow_only(request)
    rows = Paginator(people_page(ctx.project).rows, PAGE_SIZE)
    return page_response(request, rows.get_page(page_number(request)), PersonSerializer)
