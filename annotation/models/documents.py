"""Texts and the jobs that bring them in."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.models.base import PublicModel
from annotation.models.projects import Project


class Split(models.TextChoices):
    POOL = "pool", _("Pool: to be labelled and learned from")
    TEST = "test", _("Test: labelled, only measured on")


class OverlapReason(models.TextChoices):
    """Why several people are to label a document. Agreement is measured on `random` ones: they alone
    stand for the whole project."""

    RANDOM = "random", _("Drawn at random")
    START = "start", _("Among the first of a guideline version")
    TARGETED = "targeted", _("People disagreed or the labels were uncertain")


class Document(PublicModel):
    """An immutable text with its tokens; offsets are Unicode code points, end exclusive."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="documents")
    external_id = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    tokens = models.JSONField()
    """`[[start, end], …]` in reading order; the words that scores and tags are about."""
    split = models.CharField(max_length=4, choices=Split.choices, default=Split.POOL)
    probe = models.BooleanField(default=False)
    """Whether chance picked it from the pool to be measured on: labelled blind, never learned from."""
    position = models.PositiveIntegerField()
    """Import order within the project, from 0."""
    overlap_target = models.PositiveSmallIntegerField(default=1)
    """How many people are to label it."""
    overlap_reason = models.CharField(max_length=8, choices=OverlapReason.choices, blank=True, default="")
    """Empty where one person is enough."""
    meta = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["project", "sha256"], name="document_text_unique"),
            models.CheckConstraint(condition=Q(overlap_target__gte=1), name="overlap_target_at_least_one"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "split", "position"], name="document_by_position"),
            # The labels wanted are summed after each submission: from the index alone, without the texts.
            models.Index(fields=["project", "split", "probe", "overlap_target"], name="document_wanted"),
            models.Index(
                fields=["project", "overlap_reason"], condition=~Q(overlap_reason=""), name="document_overlap"
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class ImportJob(PublicModel):
    """An upload on its way into the project: checked (dry run), then, if confirmed, run."""

    class Status(models.TextChoices):
        CHECKED = "checked", _("Waiting for confirmation")
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.CHECKED)
    format = models.CharField(max_length=10)
    split = models.CharField(max_length=4, choices=Split.choices)
    filename = models.CharField(max_length=255, blank=True)
    content = models.TextField()
    """The upload as text; emptied when the job is done."""
    options = models.JSONField(default=dict)
    """`with_labels`: keep the labels of the file; `label_map`: name in the file → label name."""
    preview = models.JSONField(default=dict)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict)
    """Counts and row-numbered messages of the finished job."""
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.format} import {self.uuid}"
