"""What other apps know of the labels before a model learns from them.

Upper apps write these rows through services; the training set and the overlap read them. Each row says
which annotations it was made from, so that one that has been overtaken is simply not used.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.documents import Document
from annotation.models.projects import Project
from annotation.models.work import Annotation
from daner_site.accounts.models import TenantModel


class ResolvedLabels(TenantModel):
    """What the layers of a document come to, by a method that weighs people; learned in place of their vote."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="resolved_labels")
    document = models.OneToOneField(Document, on_delete=models.CASCADE, related_name="resolved_labels")
    method = models.CharField(max_length=10)
    run_uuid = models.UUIDField()
    """Which computation it is of."""
    annotations = models.JSONField()
    """The uuids of the annotations it was made from, sorted: exactly these must be the document's layers."""
    spans = models.JSONField()
    """`[[start, end, label], …]`"""
    weight = models.FloatField()
    """How likely its labels are right, in (0, 1]."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(weight__gt=0) & Q(weight__lte=1), name="resolved_weight_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"{self.method} labels of {self.document}"


class AnnotatorTrust(TenantModel):
    """How much a person's labels count where nobody else has labelled the document."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="trust")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    weight = models.FloatField()
    """In (0, 1]."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["project", "annotator"], name="one_trust_per_project_and_annotator"),
            models.CheckConstraint(condition=Q(weight__gt=0) & Q(weight__lte=1), name="trust_weight_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"{self.annotator} counts {self.weight:g}"


class Doubt(TenantModel):
    """A model that was trained on the other texts does not expect what one person marked."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="doubts")
    document = models.OneToOneField(Document, on_delete=models.CASCADE, related_name="doubt")
    annotation = models.ForeignKey(Annotation, on_delete=models.CASCADE, related_name="+")
    """Whose labels it is about; a later revision is not meant."""
    wrong_words = models.FloatField()
    """Expected number of words with another tag."""
    spans = models.JSONField()
    """What the model reads there: `[{start, end, label, confidence}, …]`."""
    model_uuid = models.UUIDField()
    model_name = models.CharField(max_length=60)
    """The version whose training it came with."""
    created_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    """When a second person was asked for because of it."""

    class Meta:
        ordering: ClassVar[list[str]] = ["-wrong_words", "document_id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "-wrong_words"], name="doubts_worst_first"),
        ]

    def __str__(self) -> str:
        return f"doubt about {self.document}"
