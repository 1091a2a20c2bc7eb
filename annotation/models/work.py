"""Who works on what, what they wrote, and in which order the documents come."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from annotation.models.base import PublicModel
from annotation.models.documents import Document
from annotation.models.projects import Label, Project, Strategy
from daner_site.accounts.models import TenantModel


class Assignment(PublicModel):
    """One person's turn at one document.

    The constraints are the queue's safety: a live assignment holds its slot (0 ≤ slot < the
    document's overlap target), and nobody holds two of one document. Skipped and expired ones
    give the slot back; a rejected one keeps it and counts as a vote against the text. A reserved one
    is the claim after the present one, made early; given back it leaves no row behind. Checks stand
    outside of this: nobody gets one document twice as a check, and they take no slot. A repetition
    is a check by the person's own earlier work, so it alone may be their second turn at a document.
    """

    class Status(models.TextChoices):
        RESERVED = "reserved", _("Next")
        ACTIVE = "active", _("In work")
        SUBMITTED = "submitted", _("Submitted")
        REJECTED = "rejected", _("Rejected")
        SKIPPED = "skipped", _("Skipped")
        EXPIRED = "expired", _("Expired")

    LIVE: ClassVar[tuple[str, ...]] = (Status.RESERVED, Status.ACTIVE, Status.SUBMITTED, Status.REJECTED)
    HELD: ClassVar[tuple[str, ...]] = (Status.RESERVED, Status.ACTIVE)
    """The text is before the person's eyes, or about to be: what others wrote there is not for them yet."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="assignments")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="assignments")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assignments")
    slot = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.ACTIVE)
    lease_until = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    # Why this document came: read from the queue entry that brought it.
    strategy = models.CharField(max_length=20, choices=Strategy.choices)
    model_uuid = models.UUIDField(null=True)
    generation = models.PositiveIntegerField()
    rank = models.PositiveIntegerField()
    score = models.FloatField(null=True)
    suggested = models.JSONField(default=dict)
    """What the page proposes, fixed at the claim: `{model, model_uuid, spans}`, or empty."""

    is_check = models.BooleanField(default=False)
    """A document whose answer is known, by gold or by `repeats`, given to see how its annotator does. Holds no slot."""
    repeats = models.ForeignKey("Annotation", null=True, on_delete=models.CASCADE, related_name="+")
    """Of a check: the person's own work on the document that it is held against; None: the gold."""
    answer = models.JSONField(null=True)
    """Of a check, once submitted: `[{start, end, label}]`. It is no annotation: nothing learns from it."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["document", "slot"],
                condition=Q(status__in=["reserved", "active", "submitted", "rejected"], is_check=False),
                name="one_live_assignment_per_slot",
            ),
            models.UniqueConstraint(
                fields=["document", "annotator"],
                condition=Q(status__in=["reserved", "active", "submitted", "rejected"], repeats=None),
                name="one_live_assignment_per_person_and_document",
            ),
            models.UniqueConstraint(
                fields=["document", "annotator"], condition=Q(is_check=True), name="one_check_per_person_and_document"
            ),
            models.CheckConstraint(condition=Q(repeats=None) | Q(is_check=True), name="repetitions_are_checks"),
            models.UniqueConstraint(
                fields=["project", "annotator"],
                condition=Q(status="active"),
                name="one_document_in_work_per_person",
            ),
            models.UniqueConstraint(
                fields=["project", "annotator"],
                condition=Q(status="reserved"),
                name="one_document_reserved_per_person",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["lease_until"], condition=Q(status__in=["reserved", "active"]), name="assignment_leases"
            ),
            # What everybody and one person have done is counted after each submission: from the index alone.
            models.Index(fields=["project", "status", "annotator"], name="assignment_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.annotator} on {self.document} ({self.status})"


class Annotation(PublicModel):
    """What one author says about one document. Append-only: a change is a new revision."""

    class Kind(models.TextChoices):
        HUMAN = "human", _("Annotator")
        GOLD = "gold", _("Gold")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="annotations")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="annotations")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="annotations")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    revision = models.PositiveIntegerField(default=1)
    current = models.BooleanField(default=True)
    assignment = models.ForeignKey(Assignment, null=True, on_delete=models.SET_NULL, related_name="annotations")
    guideline_version = models.PositiveIntegerField(null=True)
    seconds = models.FloatField(null=True)
    """Active time on the page, as measured by the page."""
    asked = models.JSONField(null=True)
    """Ids of the labels the author was asked about; None: all that were in the project by then."""
    provenance = models.JSONField(default=dict)
    """Where it came from: import, interface, adjudication with its decisions."""
    suggestions = models.JSONField(default=dict)
    """`{model, shown: […], refused: […]}`: what the model had proposed and what became of it."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["document", "author", "kind"],
                condition=Q(current=True, kind="human"),
                name="one_current_annotation_per_author",
            ),
            models.UniqueConstraint(
                fields=["document"],
                condition=Q(current=True, kind="gold"),
                name="one_current_gold_per_document",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "kind", "current"], name="annotation_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} annotation {self.uuid}"


class Span(TenantModel):
    class Origin(models.TextChoices):
        HUMAN = "human", _("Made by hand")
        ACCEPTED = "accepted", _("Accepted suggestion")
        EDITED = "edited", _("Changed suggestion")
        IMPORTED = "imported", _("Imported")

    annotation = models.ForeignKey(Annotation, on_delete=models.CASCADE, related_name="spans")
    # RESTRICT, not PROTECT: a whole project, spans and labels together, may go.
    label = models.ForeignKey(Label, on_delete=models.RESTRICT, related_name="spans")
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.HUMAN)

    class Meta:
        ordering: ClassVar[list[str]] = ["start", "end", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(start__lt=F("end")), name="span_is_not_empty"),
            models.UniqueConstraint(fields=["annotation", "start", "end", "label"], name="span_unique_in_annotation"),
        ]

    def __str__(self) -> str:
        return f"{self.label}[{self.start},{self.end})"


class QueueEntry(TenantModel):
    """One document's place in one published generation of the queue."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="queue")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="queue_entries")
    generation = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    strategy = models.CharField(max_length=20, choices=Strategy.choices)
    model_uuid = models.UUIDField(null=True)
    score = models.FloatField(null=True)
    probe = models.BooleanField(default=False)
    """Whether chance drew this place to measure on."""

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["project", "generation", "document"], name="document_once_per_generation"),
            models.UniqueConstraint(fields=["project", "generation", "position"], name="position_once_per_generation"),
        ]

    def __str__(self) -> str:
        return f"#{self.position} in generation {self.generation}"


class Suggestion(TenantModel):
    """The newest model's proposal for one document."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="suggestions")
    document = models.OneToOneField(Document, on_delete=models.CASCADE, related_name="suggestion")
    model_uuid = models.UUIDField()
    model_name = models.CharField(max_length=60)
    spans = models.JSONField()
    """`[{start, end, label, confidence}, …]`"""
    created_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"suggestion of {self.model_name}"
