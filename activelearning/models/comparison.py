"""Two versions judged by people who do not know which is which."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from activelearning.models.versions import ModelVersion
from annotation.models import Document, Project
from annotation.models.base import PublicModel
from daner_site.accounts.models import TenantModel


class BlindComparison(PublicModel):
    """Texts that neither version learned from, read by both, shown side by side without names."""

    class Status(models.TextChoices):
        READING = "reading", _("Both versions are reading")
        OPEN = "open", _("Open for judging")
        CLOSED = "closed", _("Closed")
        FAILED = "failed", _("Failed")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    first = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="+")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.READING)
    wanted = models.PositiveSmallIntegerField()
    """How many texts are to be judged."""
    candidates = models.PositiveIntegerField()
    """Texts of the project that neither version learned from."""
    read = models.PositiveIntegerField(default=0)
    """Texts that both have read, in the order of the draw."""
    differing = models.PositiveIntegerField(default=0)
    """Those of them that the two read differently."""
    attempts = models.PositiveSmallIntegerField(default=0)
    """How often a worker was told again since something was last read."""
    sent_at = models.DateTimeField(auto_now_add=True)
    error = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return f"blind comparison {self.uuid} ({self.status})"


class BlindText(PublicModel):
    """A drawn text; once it is read it stays only if the two versions differ on it and it is to be judged."""

    comparison = models.ForeignKey(BlindComparison, on_delete=models.CASCADE, related_name="texts")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    swapped = models.BooleanField()
    """Whether A is the second version."""
    is_read = models.BooleanField(default=False)
    first_spans = models.JSONField(default=list)
    """`[[start, end, label], …]`, code points"""
    second_spans = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["comparison", "document"], name="blind_text_once_a_comparison"),
        ]

    def __str__(self) -> str:
        return f"text {self.position} of {self.comparison}"


class BlindJudgement(TenantModel):
    """What one reviewer says about one text."""

    class Choice(models.TextChoices):
        FIRST = "first", _("The first version is better")
        SECOND = "second", _("The second version is better")
        BOTH = "both", _("Both are right")
        NEITHER = "neither", _("Both are wrong")

    text = models.ForeignKey(BlindText, on_delete=models.CASCADE, related_name="judgements")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    choice = models.CharField(max_length=7, choices=Choice.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["text", "reviewer"], name="one_judgement_per_reviewer_and_text"),
        ]

    def __str__(self) -> str:
        return f"{self.choice} on {self.text}"
