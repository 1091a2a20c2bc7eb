"""Routes of models, runs, questions and comparisons."""

from __future__ import annotations

from django.urls import include, path

from activelearning import comparison_views, views

app_name = "activelearning"

project_routes = [
    path("models/", views.models, name="models"),
    path("models/panel/", views.curve_panel, name="curve_panel"),
    path("models/compare/", comparison_views.compare, name="compare"),
    path("models/<uuid:model>/", views.model, name="model"),
    path("models/<uuid:model>/file/", comparison_views.model_file, name="model_file"),
    path("comparisons/open/", comparison_views.blind_start, name="blind_open"),
    path("comparisons/<uuid:comparison>/", comparison_views.blind, name="blind"),
    path("comparisons/<uuid:comparison>/judge/", comparison_views.judge, name="blind_judge"),
    path("comparisons/<uuid:comparison>/undo/", comparison_views.judge_undo, name="blind_undo"),
    path("comparisons/<uuid:comparison>/close/", comparison_views.blind_end, name="blind_close"),
    path("runs/panel/", views.run_panel, name="run_panel"),
    path("runs/start/", views.run_start, name="run_start"),
    path("runs/<uuid:run>/cancel/", views.run_cancel, name="run_cancel"),
    path("infer/", views.infer, name="infer"),
]

urlpatterns = [path("o/<slug:org>/p/<uuid:project>/", include(project_routes))]
