"""Routes of models, runs and questions."""

from __future__ import annotations

from django.urls import include, path

from activelearning import views

app_name = "activelearning"

project_routes = [
    path("models/", views.models, name="models"),
    path("models/panel/", views.curve_panel, name="curve_panel"),
    path("models/<uuid:model>/", views.model, name="model"),
    path("runs/panel/", views.run_panel, name="run_panel"),
    path("runs/start/", views.run_start, name="run_start"),
    path("runs/<uuid:run>/cancel/", views.run_cancel, name="run_cancel"),
    path("infer/", views.infer, name="infer"),
]

urlpatterns = [path("o/<slug:org>/p/<uuid:project>/", include(project_routes))]
