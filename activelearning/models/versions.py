"""What runs leave behind: model versions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from activelearning.domain import succession
from activelearning.models.runs import Tier, TrainingRun
from annotation.models import Project
from annotation.models.base import PublicModel


class ModelVersion(PublicModel):
    """A trained model, numbered from 1 in its project. The active one orders the queue."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    run = models.OneToOneField(TrainingRun, on_delete=models.CASCADE, related_name="version")
    number = models.PositiveIntegerField()
    tier = models.CharField(max_length=4, choices=Tier.choices)
    active = models.BooleanField(default=False)
    withheld = models.BooleanField(default=False)
    """Never put into use: measured clearly worse than the fast version that was, which has stayed."""
    artefact = models.CharField(max_length=200)
    """Folder of the model below the artefact root."""
    artefact_sha256 = models.CharField(max_length=64)
    checkpoint = models.CharField(max_length=300)
    labels = models.JSONField()
    strategy = models.CharField(max_length=20)
    metrics = models.JSONField()
    """As `activelearning.domain.metrics.Evaluation.as_dict` writes it, with intervals. `against`: as
    `activelearning.domain.succession.against`, with the former version's `uuid` and `name`."""
    train_documents = models.PositiveIntegerField()
    train_words = models.PositiveIntegerField(default=0)
    test_documents = models.PositiveIntegerField()
    seconds = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["project", "number"], name="version_number_unique"),
            models.UniqueConstraint(
                fields=["project"], condition=Q(active=True), name="one_active_version_per_project"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"v{self.number}"

    @property
    def measured(self) -> bool:
        """Whether there were test texts with entities to measure on."""
        return bool(self.metrics["overall"]["gold"])

    @property
    def verdict(self) -> str:
        """Why it was withheld, for people; "" if it was not."""
        return succession.verdict(self.name, self.metrics["against"]) if self.withheld else ""
