"""How far a project's annotators agree, as measured.

What is stored per document only ever adds up: the sum over any choice of documents is what that
choice's figures are made of, so a slice is one aggregate query of each table. Rows are written when
a document is submitted and replaced whole.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from annotation.domain.spans import SpanOverlap
from annotation.models.base import PublicModel
from annotation.models.documents import Document, OverlapReason
from annotation.models.projects import Label, Project
from daner_site.accounts.models import TenantModel


class AgreementReport(PublicModel):
    """Agreement over all multiply annotated documents at one moment. The newest one is shown."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    measures = models.JSONField()
    """As `quality.selectors.agreement.measures` returns it."""
    span_overlap = models.CharField(max_length=6, default=SpanOverlap.NONE.value)
    """Of the project: under another setting the same work holds other conflicts."""
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


class Sliced(TenantModel):
    """What figures can be narrowed by; the same on every row of one document, so that no sum needs a join."""

    NO_GUIDELINE, MIXED_GUIDELINES = 0, -1
    BUCKETS = 64

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    overlap_reason = models.CharField(max_length=8, choices=OverlapReason.choices, blank=True)
    with_suggestions = models.BooleanField()
    """Somebody saw a model's suggestions on the document."""
    guideline_version = models.IntegerField()
    """The version everybody worked under; NO_GUIDELINE without one, MIXED_GUIDELINES where they differ."""
    day = models.DateField()
    """Of the newest submission, UTC."""
    bucket = models.PositiveSmallIntegerField()
    """Chance puts every document into one of `BUCKETS`; intervals of very many documents draw these instead."""

    class Meta:
        abstract = True


class DocumentAgreement(Sliced):
    """A document at least two people were asked the same about: what it adds to the figures of all labels together.

    Of alpha's sums, `…_words` are units, `…_votes` the ratings on them and `…_apart` their disagreement
    n·D_o; `type` and `detect` have the units and ratings of `bio`. Columns of F1 are over all its pairs.
    See `quality.domain.agreement_rows`.
    """

    document = models.OneToOneField(Document, on_delete=models.CASCADE, related_name="+")
    layers_sha = models.CharField(max_length=64)
    """Over the annotations counted and what the rows are sliced by; unchanged rows are not written again."""
    totalled = models.BooleanField(default=False)
    """Its rows are in the sums over many documents (`quality.models.totals`)."""
    people = models.PositiveSmallIntegerField()
    words = models.PositiveIntegerField()
    spans = models.PositiveIntegerField()
    left_out = models.PositiveSmallIntegerField()
    """People whose spans lie over each other or who were not asked about all: only `=label` can read them."""
    agreed = models.PositiveIntegerField()
    missing = models.PositiveIntegerField()
    label = models.PositiveIntegerField()
    boundary = models.PositiveIntegerField()
    boundary_label = models.PositiveIntegerField()
    split_merge = models.PositiveIntegerField()
    nested = models.PositiveIntegerField(default=0)
    """From `missing` on: places in conflict, by `quality.domain.conflicts.Kind`."""

    plain_words = models.PositiveIntegerField()
    plain_votes = models.PositiveIntegerField()
    bio_words = models.PositiveIntegerField()
    bio_votes = models.PositiveIntegerField()
    bio_apart = models.FloatField()
    type_apart = models.FloatField()
    detect_apart = models.FloatField()
    named_words = models.PositiveIntegerField()
    """Of the view `label`."""
    named_votes = models.PositiveIntegerField()
    named_apart = models.FloatField()

    both_empty = models.PositiveIntegerField()
    pair_spans = models.PositiveIntegerField()
    exact = models.PositiveIntegerField()
    overlap = models.PositiveIntegerField()
    same_bounds = models.PositiveIntegerField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "day"], name="agreement_documents"),
            models.Index(fields=["project"], condition=models.Q(totalled=False), name="agreement_waiting"),
        ]

    def __str__(self) -> str:
        return f"agreement on {self.document}"


class LabelAgreement(Sliced):
    """What a document adds to the figures of one label, where the label occurs."""

    entry = models.ForeignKey(DocumentAgreement, on_delete=models.CASCADE, related_name="labels")
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="+", db_index=False)
    begin = models.PositiveIntegerField(default=0)
    """Votes for its first words, in the view `bio`; `inside` those for its later words."""
    inside = models.PositiveIntegerField(default=0)
    named = models.PositiveIntegerField(default=0)
    """Votes in the view `label`."""
    marked = models.PositiveIntegerField(default=0)
    """Votes in the label's own view."""
    apart = models.FloatField(default=0)
    words = models.PositiveIntegerField(default=0)
    """Units and `votes` of its own view, where they are not among the document's plain ones."""
    votes = models.PositiveIntegerField(default=0)
    spans = models.PositiveIntegerField(default=0)
    exact = models.PositiveIntegerField(default=0)
    overlap = models.PositiveIntegerField(default=0)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["project", "label"], name="agreement_labels")]

    def __str__(self) -> str:
        return f"{self.label} in {self.entry}"


class PairAgreement(Sliced):
    """What a document adds to the figures of two of its people, as if nobody else had labelled it.

    One row without a label for what is of no label, and one for every label either used, or both were asked
    about where they were not asked about all.
    """

    entry = models.ForeignKey(DocumentAgreement, on_delete=models.CASCADE, related_name="pairs")
    label = models.ForeignKey(Label, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    first = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    second = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    asked = models.PositiveSmallIntegerField(default=0)
    """1 in the row without a label where both were asked about every label, in a label's where about that and
    not about all."""
    both_empty = models.PositiveIntegerField(default=0)
    same_bounds = models.PositiveIntegerField(default=0)
    bio_words = models.PositiveIntegerField(default=0)
    bio_votes = models.PositiveIntegerField(default=0)
    bio_apart = models.FloatField(default=0)
    begin = models.PositiveIntegerField(default=0)
    inside = models.PositiveIntegerField(default=0)
    first_spans = models.PositiveIntegerField(default=0)
    second_spans = models.PositiveIntegerField(default=0)
    both = models.PositiveIntegerField(default=0)
    overlap = models.PositiveIntegerField(default=0)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "first", "second"], name="agreement_pairs"),
        ]

    def __str__(self) -> str:
        return f"{self.first} and {self.second}, {self.label or 'all labels'}"


class Confusion(Sliced):
    """Spans of one label, by what the other person of a pair has in their place; none: nothing."""

    entry = models.ForeignKey(DocumentAgreement, on_delete=models.CASCADE, related_name="confusions")
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="+", db_index=False)
    other = models.ForeignKey(Label, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    spans = models.PositiveIntegerField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["project", "label"], name="agreement_confusions")]

    def __str__(self) -> str:
        return f"{self.label} against {self.other or 'nothing'}"


class AgreementCheck(PublicModel):
    """One full recomputation beside the stored rows; what differed was written anew."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    documents = models.PositiveIntegerField(default=0)
    """Compared."""
    differing = models.PositiveIntegerField(default=0)
    largest = models.FloatField(default=0)
    """Largest difference of a figure or a sum."""
    examples = models.JSONField(default=list)
    """Up to ten `[document uuid, what differed]`."""

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["project", "-id"], name="agreement_checks")]

    def __str__(self) -> str:
        return f"check of {self.created_at:%F %T}"
