"""Application configuration."""

from __future__ import annotations

from django.apps import AppConfig


class AnnotationConfig(AppConfig):
    name = "annotation"
    verbose_name = "Annotation"

    def ready(self) -> None:
        # Web processes must know the actors' names to be able to enqueue them.
        from annotation import actors, receivers  # noqa: F401
        from annotation.services.imports import imports_sweep
        from annotation.services.work import assignments_expire
        from daner_site.core.sweeper import register_sweep

        register_sweep(assignments_expire)
        register_sweep(imports_sweep)
