"""Application configuration."""

from __future__ import annotations

from django.apps import AppConfig


class AnnotationConfig(AppConfig):
    name = "annotation"
    verbose_name = "Annotation"

    def ready(self) -> None:
        # Web processes must know the actors' names to be able to enqueue them.
        from annotation import actors  # noqa: F401, PLC0415
        from annotation.services.work import assignments_expire  # noqa: PLC0415
        from daner_site.core.sweeper import register_sweep  # noqa: PLC0415

        register_sweep(assignments_expire)
