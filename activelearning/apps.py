"""Application configuration."""

from __future__ import annotations

from django.apps import AppConfig


class ActiveLearningConfig(AppConfig):
    name = "activelearning"
