"""How far each annotator's work can be relied on, as one consensus run saw it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from daner_site.accounts.models import TenantModel
from quality.models.consensus import ConsensusRun


class AnnotatorReliability(TenantModel):
    """One person against the consensus of the others."""

    run = models.ForeignKey(ConsensusRun, on_delete=models.CASCADE, related_name="people")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    documents = models.PositiveIntegerField()
    """Documents somebody else has labelled as well."""
    reference_spans = models.PositiveIntegerField()
    """Spans of the others' consensus in them."""
    precision = models.FloatField(null=True)
    recall = models.FloatField(null=True)
    f1 = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    """95 % interval of the F1."""
    enough = models.BooleanField()
    """Whether there is enough shared work to show the figures."""
    per_label = models.JSONField(default=dict)
    """`{label: {f1, n, right, made}}`"""
    speed = models.JSONField(null=True)
    """`{documents, seconds_per_word, longest_run, too_fast}`, null where nothing was timed."""
    drift = models.JSONField(null=True)
    """`{direction, guideline_version, document, usual, now}`, null without an alarm."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["run", "annotator"], name="annotator_once_per_consensus"),
        ]

    def __str__(self) -> str:
        return f"{self.annotator} in {self.run}"
