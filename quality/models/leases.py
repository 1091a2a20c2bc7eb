"""Who has a document open for review."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from annotation.models.documents import Document
from annotation.models.projects import Project
from daner_site.accounts.models import TenantModel
from daner_site.core.clock import now


class ReviewLease(TenantModel):
    """A document in front of one reviewer; worth nothing once `lease_until` has passed.

    It keeps two people from doing the same work, no more: a decision made on an older version of
    the case is refused whoever holds the lease.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    lease_until = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["document"], name="one_reviewer_per_document"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "lease_until"], name="review_leases"),
        ]

    @property
    def minutes(self) -> int:
        """For how long, in whole minutes."""
        return int((now() - self.since).total_seconds() // 60)

    def __str__(self) -> str:
        return f"{self.reviewer} reviews {self.document}"
