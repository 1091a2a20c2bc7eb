"""Application configuration."""

from __future__ import annotations

from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    name = "daner_site.experiments"
    label = "experiments"
