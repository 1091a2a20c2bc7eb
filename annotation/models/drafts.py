"""Unfinished work, as the page saves it by itself."""

from __future__ import annotations

from django.db import models

from annotation.models.work import Assignment
from daner_site.accounts.models import TenantModel


class Draft(TenantModel):
    """What somebody has marked so far in a document; gone once the work is in.

    `revision` only grows. Whoever saves says which one they know, so that two tabs or two machines
    never write over each other unseen.
    """

    assignment = models.OneToOneField(Assignment, on_delete=models.CASCADE, related_name="draft")
    revision = models.PositiveIntegerField(default=1)
    spans = models.JSONField(default=list)
    """`[{start, end, label, origin}]`, as the page posts them."""
    refused = models.JSONField(default=list)
    """`[{start, end, label}]`: suggestions turned down."""
    seconds = models.FloatField(null=True)
    saved_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"draft {self.revision} of {self.assignment}"
