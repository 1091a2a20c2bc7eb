"""All routes. Each app owns its own prefix inside its `urls` module."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

from daner_site.core.health import healthz
from daner_site.core.language import words

urlpatterns = [
    path("healthz/", healthz, name="healthz"),
    path("language/", set_language, name="language"),
    path("words.js", words, name="words"),
    path("", include("daner_site.accounts.urls")),  # before the dashboards: /o/new/ is no organisation
    path("", include("daner_site.dashboards")),
    path("", include("annotation.urls")),
    path("", include("activelearning.urls")),
    path("", include("quality.urls")),
    path("api/", include("daner_site.api")),
]
