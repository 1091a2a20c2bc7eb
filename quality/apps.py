"""Application configuration."""

from __future__ import annotations

from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "quality"
    verbose_name = "Quality"

    def ready(self) -> None:
        # Web processes must know the actors' names to be able to enqueue them.
        from daner_site.core.sweeper import register_sweep
        from quality import actors, receivers  # noqa: F401
        from quality.services.agreement import agreement_sweep
        from quality.services.agreement_check import agreement_check_sweep
        from quality.services.consensus import consensus_sweep

        register_sweep(agreement_sweep)
        register_sweep(consensus_sweep)
        register_sweep(agreement_check_sweep)
