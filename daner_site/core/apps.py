from __future__ import annotations

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "daner_site.core"
    label = "core"

    def ready(self) -> None:
        from daner_site import checks  # noqa: F401  registers the system checks
