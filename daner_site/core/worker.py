"""What dramatiq's workers import: Django and every app's actors."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "daner_site.settings")
django.setup()

from django.utils.module_loading import autodiscover_modules

autodiscover_modules("actors")
