"""The JSON API: the same contexts, services and selectors as the pages."""

from __future__ import annotations

from daner_site.api.urls import urlpatterns

__all__ = ["app_name", "urlpatterns"]

app_name = "api"
