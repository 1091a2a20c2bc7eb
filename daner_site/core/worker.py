"""What dramatiq's workers import: Django and every app's actors."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "daner_site.settings")
# Before numpy is there. Its small matrix products only wait for one another on several cores, and a worker has
# other jobs for those.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
django.setup()

from django.utils.module_loading import autodiscover_modules

autodiscover_modules("actors")
