"""What runs leave behind: model versions and their scores."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from activelearning.models.runs import TrainingRun
from annotation.models import Document, Project
from annotation.models.base import PublicModel
from daner_site.accounts.models import TenantModel


class ModelVersion(PublicModel):
    """A trained model, numbered from 1 in its project. The active one orders the queue."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    run = models.OneToOneField(TrainingRun, on_delete=models.CASCADE, related_name="version")
    number = models.PositiveIntegerField()
    active = models.BooleanField(default=False)
    artefact = models.CharField(max_length=200)
    """Folder of the model below the artefact root."""
    artefact_sha256 = models.CharField(max_length=64)
    checkpoint = models.CharField(max_length=300)
    labels = models.JSONField()
    strategy = models.CharField(max_length=20)
    metrics = models.JSONField()
    """As `activelearning.domain.metrics.Evaluation.as_dict` writes it."""
    train_documents = models.PositiveIntegerField()
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


class Score(TenantModel):
    """How unsure one version is about one document."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="scores")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    n_words = models.PositiveIntegerField()
    values = models.JSONField()
    """Strategy → value."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["version", "document"], name="one_score_per_version_and_document"),
        ]

    def __str__(self) -> str:
        return f"score of {self.document} by {self.version}"
