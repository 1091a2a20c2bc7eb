"""Socket routes."""

from __future__ import annotations

from django.urls import path

from annotation.consumers import OrganizationConsumer, ProjectConsumer

websocket_urlpatterns = [
    path("ws/o/<slug:org>/", OrganizationConsumer.as_asgi(), name="ws_organization"),
    path("ws/o/<slug:org>/p/<uuid:project>/", ProjectConsumer.as_asgi(), name="ws_project"),
]
