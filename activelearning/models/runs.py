"""Training runs. The row is the job; a message to a worker only says that it is there."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.models import Project
from annotation.models.base import PublicModel


class Tier(models.TextChoices):
    """How much of the model learns; the values are the engine's."""

    FAST = "fast", _("fast")
    FULL = "full", _("full")


class TrainingRun(PublicModel):
    """One pass of the learning loop: learn, measure, score the open pool, publish the order.

    At most one per project is running and one is waiting behind it; the constraints say so. A
    running one belongs to `owner` until `lease_until`; whoever finds the lease lapsed takes over.
    """

    class Kind(models.TextChoices):
        FIT = "fit", _("Train a new version")
        SCORE = "score", _("Score the open documents")
        PREPARE = "prepare", _("Read new documents")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Stage(models.TextChoices):
        PREPARE = "prepare", _("Collecting labels")
        LOAD = "load", _("Starting")
        FEATURES = "features", _("Reading the texts")
        FIT = "fit", _("Training")
        EVALUATE = "evaluate", _("Measuring on the test texts")
        SCORE = "score", _("Scoring the open documents")
        SUSPECT = "suspect", _("Looking for labels to check")
        PUBLISH = "publish", _("Publishing the queue")

    LIVE: ClassVar[tuple[str, ...]] = (Status.QUEUED, Status.RUNNING)

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.FIT)
    tier = models.CharField(max_length=4, choices=Tier.choices, default=Tier.FAST)
    warm = models.BooleanField(default=False)
    """Whether it goes on from the newest fast version instead of from scratch."""
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.QUEUED)
    stage = models.CharField(max_length=8, choices=Stage.choices, blank=True)
    reason = models.CharField(max_length=200)
    """Why it was opened, for people."""
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    """None: the project's policy."""

    owner = models.CharField(max_length=60, blank=True)
    lease_until = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    sent_at = models.DateTimeField(auto_now_add=True)
    """When a worker was last told of it."""

    progress = models.JSONField(default=dict)
    """`{done, total, loss}` of the stage."""
    watermark = models.PositiveBigIntegerField(default=0)
    """Highest annotation id the snapshot could contain; labels above it are new."""
    words = models.PositiveIntegerField(default=0)
    """Labelled words there were to learn from."""
    snapshot = models.JSONField(default=dict)
    """`{documents: {document uuid: [annotation uuids]}, sha256}`: exactly what it learned from."""
    parameters = models.JSONField(default=dict)
    seed = models.PositiveIntegerField(default=0)
    seconds = models.JSONField(default=dict)
    """Stage → seconds."""
    error = models.CharField(max_length=1000, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(status="running"), name="one_running_run_per_project"
            ),
            models.UniqueConstraint(
                fields=["project"], condition=Q(status="queued"), name="one_queued_run_per_project"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status"], condition=Q(status__in=["queued", "running"]), name="run_live"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} run {self.uuid} ({self.status})"

    @property
    def live(self) -> bool:
        return self.status in self.LIVE
