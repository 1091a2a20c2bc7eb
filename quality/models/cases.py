"""The cases reviewers settle."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.base import PublicModel
from annotation.models.documents import Document
from annotation.models.projects import Project
from annotation.models.work import Annotation


class AdjudicationCase(PublicModel):
    """A document two people labelled differently, on its way to gold."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        RESOLVED = "resolved", "Decided"
        OBSOLETE = "obsolete", "No longer in dispute"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    version = models.PositiveIntegerField(default=1)
    """Rises with every change; a decision made on an older one is refused."""
    layers_sha = models.CharField(max_length=64)
    """Which annotations the case is about."""
    kinds = models.JSONField(default=dict)
    """`{kind: number of groups}`, kinds that occur only."""
    n_groups = models.PositiveIntegerField()
    priority = models.FloatField()
    """Expected corrections: over the groups, the share of people the majority contradicts."""
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    gold_annotation = models.ForeignKey(Annotation, null=True, on_delete=models.SET_NULL, related_name="+")
    decisions = models.JSONField(default=dict)
    """`{decisions: [{group, choice, spans}], added: [span], comment}` of the last decision."""

    class Meta:
        ordering: ClassVar[list[str]] = ["-priority", "opened_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["document"], condition=Q(status="open"), name="one_open_case_per_document"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "status", "-priority"], name="case_queue"),
        ]

    def __str__(self) -> str:
        return f"case {self.uuid} ({self.status})"
