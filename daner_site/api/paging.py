"""Lists come in pages: `{count, next, previous, results}`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response

PAGE_PARAMETERS = ("limit", "offset")


class Pages(LimitOffsetPagination):
    default_limit = 100
    max_limit = 500


def allow_only(request: Request, names: Collection[str] = ()) -> None:
    """Raises ValidationError for a query parameter that is not in the list.

    The list is what keeps look-ups such as `project__organization__…` out.
    """
    unknown = sorted(set(request.query_params) - {*names, *PAGE_PARAMETERS})
    if unknown:
        raise ValidationError({name: ["There is no such parameter."] for name in unknown})


def page_of(request: Request, rows: QuerySet[Any, Any], serializer: type[serializers.BaseSerializer[Any]]) -> Response:
    pages = Pages()
    page = pages.paginate_queryset(rows, request)
    return pages.get_paginated_response(serializer(page, many=True).data)


def page_schema(name: str, serializer: type[serializers.BaseSerializer[Any]]) -> serializers.Serializer[Any]:
    """The shape of a page, for the schema."""
    shape: serializers.Serializer[Any] = inline_serializer(
        name=f"{name}Page",
        fields={
            "count": serializers.IntegerField(),
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": serializer(many=True),
        },
    )
    return shape


def page_parameters(*more: OpenApiParameter) -> list[OpenApiParameter]:
    return [OpenApiParameter("limit", int), OpenApiParameter("offset", int), *more]
