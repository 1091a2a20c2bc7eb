"""The product's routes and a few that leak, to prove that the tenancy test sees leaks."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.models import Document, Project
from daner_site.urls import urlpatterns as product


def leak_view(request: HttpRequest, org: str, project: UUID, document: UUID) -> HttpResponse:
    return HttpResponse(get_object_or_404(Document, uuid=document).text)


def leak_list(request: HttpRequest, org: str) -> HttpResponse:
    return HttpResponse("".join(Document.objects.values_list("text", flat=True)), status=404)


def leak_write(request: HttpRequest, org: str, project: UUID) -> HttpResponse:
    Project.objects.filter(uuid=project).update(description="changed")
    return HttpResponse(status=404)


@project_view(Permission.VIEW)
def leak_child(request: HttpRequest, ctx: ProjectContext, document: UUID) -> HttpResponse:
    return HttpResponse(get_object_or_404(Document, uuid=document).text)


@project_view(Permission.VIEW)
def leak_body(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    found = Document.objects.filter(uuid=request.POST.get("document") or None).first()
    return HttpResponse(found.text if found else "")


def leak_argument(request: HttpRequest, mystery: int) -> HttpResponse:
    return HttpResponse(mystery)


PLACE = "o/<slug:org>/p/<uuid:project>/leak"

urlpatterns = [
    *product,
    path(f"{PLACE}/<uuid:document>/", leak_view, name="leak_view"),
    path("o/<slug:org>/leak/", leak_list, name="leak_list"),
    path(f"{PLACE}-write/", leak_write, name="leak_write"),
    path(f"{PLACE}-child/<uuid:document>/", leak_child, name="leak_child"),
    path(f"{PLACE}-body/", leak_body, name="leak_body"),
    path("mystery/<int:mystery>/", leak_argument, name="leak_argument"),
    path("unnamed/", leak_argument),
]
