"""The base of every row that belongs to a project."""

from __future__ import annotations

import uuid as uuid_lib

from django.db import models

from daner_site.accounts.models import TenantModel


class PublicModel(TenantModel):
    """A tenant row with the identifier that leaves the database: URLs, jobs, model artefacts."""

    uuid = models.UUIDField(default=uuid_lib.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True
