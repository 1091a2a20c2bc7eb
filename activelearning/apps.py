"""Application configuration."""

from __future__ import annotations

from django.apps import AppConfig


class ActiveLearningConfig(AppConfig):
    name = "activelearning"
    verbose_name = "Active learning"

    def ready(self) -> None:
        # Web processes must know the actors' names to be able to enqueue them.
        from activelearning import actors, receivers  # noqa: F401
        from activelearning.services.blind import blind_sweep
        from activelearning.services.inference import inference_sweep
        from activelearning.services.runs import training_sweep
        from daner_site.core.sweeper import register_sweep

        register_sweep(training_sweep)
        register_sweep(inference_sweep)
        register_sweep(blind_sweep)
