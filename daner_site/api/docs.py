"""The page that shows the schema, without a line of inline script or style."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI from the installed package; the schema holds no data of anybody."""
    return render(request, "api/docs.html")
