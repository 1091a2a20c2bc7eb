"""Routes of the API."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from daner_site.api import docs, documents, learning, projects, quality

project_routes = [
    path("", projects.project, name="project"),
    path("documents/", documents.documents, name="documents"),
    path("comments/", documents.comments, name="comments"),
    path("comments/<uuid:thread>/", documents.comment, name="comment"),
    path("imports/", documents.imports, name="imports"),
    path("imports/<uuid:job>/", documents.import_job, name="import_job"),
    path("export/<str:layer>.<str:fmt>", documents.export, name="export"),
    path("models/", learning.models, name="models"),
    path("models/<uuid:model>/", learning.model, name="model"),
    path("models/<uuid:model>/compare/<uuid:other>/", learning.model_comparison, name="model_comparison"),
    path("models/<uuid:model>/file/", learning.model_file, name="model_file"),
    path("runs/", learning.runs, name="runs"),
    path("runs/<uuid:run>/", learning.run, name="run"),
    path("infer/", learning.infer, name="infer"),
    path("infer/<uuid:question>/", learning.inference, name="inference"),
    path("agreement/", quality.agreement, name="agreement"),
    path("people/", quality.people, name="people"),
]

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", docs.docs, name="docs"),
    path("o/<slug:org>/projects/", projects.projects, name="projects"),
    path("o/<slug:org>/p/<uuid:project>/", include(project_routes)),
]
