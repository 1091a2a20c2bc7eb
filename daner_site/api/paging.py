"""Lists come in pages: `{count, page, pages, results}`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

PAGE_SIZE = 100

Shape = type[serializers.BaseSerializer[Any]]


def allow_only(request: Request, names: Collection[str] = ()) -> None:
    """Raises ValidationError for a query parameter that is not in the list.

    The list is what keeps look-ups such as `project__organization__…` out.
    """
    unknown = sorted(set(request.query_params) - {*names, "page"})
    if unknown:
        raise ValidationError({name: ["There is no such parameter."] for name in unknown})


def page_number(request: Request) -> int:
    """The number asked for, from 1. Raises ValidationError."""
    text = request.query_params.get("page", "1")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ValidationError({"page": ["Give the number of a page."]})
    return int(text)


def paged(request: Request, rows: QuerySet[Any, Any], shape: Shape) -> Response:
    return page_response(request, Paginator(rows, PAGE_SIZE).get_page(page_number(request)), shape)


def page_response(request: Request, page: Page[Any], shape: Shape) -> Response:
    """Raises ValidationError where the page asked for is beyond the last: a loop must end."""
    if page.number != page_number(request):
        raise ValidationError({"page": [f"There are {page.paginator.num_pages} pages."]})
    return Response(
        {
            "count": page.paginator.count,
            "page": page.number,
            "pages": page.paginator.num_pages,
            "results": shape(page.object_list, many=True).data,
        }
    )


def page_schema(name: str, shape: Shape) -> serializers.Serializer[Any]:
    """The shape of a page, for the schema."""
    page: serializers.Serializer[Any] = inline_serializer(
        name=f"{name}Page",
        fields={
            "count": serializers.IntegerField(),
            "page": serializers.IntegerField(),
            "pages": serializers.IntegerField(),
            "results": shape(many=True),
        },
    )
    return page


PAGE_PARAMETER = OpenApiParameter("page", int, description="From 1.")
