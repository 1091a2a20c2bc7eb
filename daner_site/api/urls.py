"""Routes of the API."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from daner_site.api import docs, projects

project_routes = [
    path("", projects.project, name="project"),
]

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", docs.docs, name="docs"),
    path("o/<slug:org>/projects/", projects.projects, name="projects"),
    path("o/<slug:org>/p/<uuid:project>/", include(project_routes)),
]
