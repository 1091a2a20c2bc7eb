"""Routes of agreement, conflicts and review."""

from __future__ import annotations

from django.urls import include, path

from quality import views

app_name = "quality"

project_routes = [
    path("quality/", views.quality, name="quality"),
    path("quality/panel/", views.agreement_panel, name="agreement_panel"),
    path("quality/summary/", views.summary_panel, name="summary_panel"),
    path("conflicts/", views.conflicts, name="conflicts"),
    path("review/", views.review, name="review"),
    path("review/<uuid:case>/", views.case, name="case"),
    path("review/<uuid:case>/reopen/", views.reopen, name="case_reopen"),
]

urlpatterns = [path("o/<slug:org>/p/<uuid:project>/", include(project_routes))]
