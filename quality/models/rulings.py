"""The guideline log: what the guideline did not say, and what was decided about it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from annotation.models.base import PublicModel
from annotation.models.projects import Project


class Ruling(PublicModel):
    """A question the guideline left open; with a ruling, its answer."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    question = models.CharField(max_length=500)
    example = models.TextField(max_length=2_000, blank=True)
    """The place it came up at, with the words around it."""
    string = models.CharField(max_length=200, blank=True)
    """The words in question, as they stand in the text."""
    kind = models.CharField(max_length=14, blank=True)
    """Kind of the conflict, as `quality.domain.conflicts.Kind`."""
    cases = models.JSONField(default=list)
    """UUIDs of the cases that asked."""
    ruling = models.TextField(max_length=5_000, blank=True)
    guideline_version = models.PositiveIntegerField(null=True)
    """The version that was in force when it was ruled on."""
    requeued = models.PositiveIntegerField(default=0)
    """How many decided documents went back to the reviewers because of it."""
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    ruled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ruled_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["project", "number"], name="ruling_number_unique"),
        ]

    def __str__(self) -> str:
        return f"ruling {self.number}"
