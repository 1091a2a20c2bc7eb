"""The cases reviewers settle, and every decision that was made on one."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.models.base import PublicModel
from annotation.models.documents import Document
from annotation.models.projects import Project
from annotation.models.work import Annotation


class AdjudicationCase(PublicModel):
    """A document two people labelled differently, on its way to gold."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        RESOLVED = "resolved", _("Decided")
        OBSOLETE = "obsolete", _("No longer in dispute")

    class Origin(models.TextChoices):
        CONFLICT = "conflict", _("People differ")
        AUDIT = "audit", _("Check of what everybody marked the same")
        SECOND = "second", _("Second, independent decision")
        CHANGED = "changed", _("An annotator changed their work after the decision")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.CONFLICT)
    version = models.PositiveIntegerField(default=1)
    """Rises with every change; a decision made on an older one is refused."""
    layers_sha = models.CharField(max_length=64)
    """Which annotations the case is about."""
    kinds = models.JSONField(default=dict)
    """`{kind: number of groups}`, kinds that occur only."""
    labels = models.JSONField(default=dict)
    """`{label: number of groups in conflict it occurs in}`."""
    n_groups = models.PositiveIntegerField()
    priority = models.FloatField()
    """Expected corrections, summed over the groups: by the consensus, or else the share of people
    whom the best supported version contradicts."""
    stale = models.JSONField(default=list)
    """Ids of the groups to decide again although a decision is there."""
    before = models.JSONField(null=True)
    """The gold spans that stood when a check or a second decision was asked for; not shown."""
    barred = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    """Who decided it first and so cannot be the second."""
    escalated_at = models.DateTimeField(null=True)
    escalated_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    escalation = models.CharField(max_length=500, blank=True)
    """Why a manager is to decide."""
    suggested_to = models.JSONField(default=list)
    """Primary keys of the reviewers who asked for suggestions."""
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


class Review(PublicModel):
    """What one reviewer decided on one case; never changed afterwards."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(AdjudicationCase, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(max_length=8, choices=AdjudicationCase.Origin.choices)
    """Of the case at that time."""
    places = models.JSONField()
    """`[{group, kind, text, start, end, support, choice, reason}]`, one for every group in conflict;
    support: majority, minority or none, by who had written what was chosen."""
    spans = models.JSONField()
    """`[[start, end, label]]`: all spans of the document after the decision."""
    before = models.JSONField(null=True)
    """Likewise, of the gold that was checked; see `AdjudicationCase.before`."""
    seconds = models.FloatField(null=True)
    """Active time on the page."""
    with_suggestions = models.BooleanField(default=False)
    blind = models.BooleanField(default=False)
    """Whether the case was drawn to have no suggestions at all."""
    gold = models.ForeignKey(Annotation, null=True, on_delete=models.SET_NULL, related_name="+")
    """None where the decision did not become gold."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["project", "origin"], name="reviews_by_origin")]

    def __str__(self) -> str:
        return f"review of {self.case_id} by {self.reviewer}"
