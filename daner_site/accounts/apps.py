"""Application configuration."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "daner_site.accounts"
    label = "accounts"
    verbose_name = "Accounts"
