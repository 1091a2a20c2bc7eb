"""How far a project's annotators agree, as measured."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from annotation.models.base import PublicModel
from annotation.models.projects import Project


class AgreementReport(PublicModel):
    """Agreement over all multiply annotated documents at one moment. The newest one is shown."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    measures = models.JSONField()
    """As `quality.numeric.measures.measure` returns it."""
    data_sha = models.CharField(max_length=64)
    """SHA-256 over the annotations and labels measured; equal data are not measured twice."""
    watermark = models.PositiveBigIntegerField()
    """The newest annotation that was there; the one field that moves, when it changed nothing."""
    seconds = models.FloatField()
    """How long measuring took."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "-id"], name="agreement_newest"),
        ]

    def __str__(self) -> str:
        return f"agreement of {self.created_at:%F %T}"
