"""Routes of texts in and out; included below a project by `annotation.urls`."""

from __future__ import annotations

from django.urls import path

from annotation import import_views as views

urlpatterns = [
    path("import/", views.import_new, name="import"),
    path("imports/<uuid:job>/", views.import_job, name="import_job"),
    path("documents/", views.documents, name="documents"),
    path("documents/<uuid:document>/", views.document, name="document"),
    path("export/", views.export, name="export"),
    path("export/<str:layer>.<str:fmt>", views.export_file, name="export_file"),
]
