"""Sums of the rows of many documents, so that figures of a large project are quick.

They say nothing the documents' rows do not say, and follow them: see `quality.services.agreement_totals`.
Of labels and people they keep the bare ids, 0 for none: a key cannot hold a missing one. All sums are
floating point numbers, exact for whole ones.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from quality.domain.agreement_totals import CONFUSIONS, DOCUMENTS, LABELS, PAIRS, Table
from quality.models.agreement import Sliced


class Total(Sliced):
    """What the rows of documents add up to, that are alike in what they are sliced by."""

    grain = models.PositiveSmallIntegerField()
    """`quality.domain.agreement_totals.Grain`; `day` is the first of the stretch of time."""
    documents = models.FloatField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.documents:.0f} documents from {self.day}"


class WithSquares(Total):
    """For the interval of exact F1."""

    with_spans = models.FloatField()
    aa = models.FloatField()
    ab = models.FloatField()
    bb = models.FloatField()

    class Meta:
        abstract = True


def _one_each(table: Table, name: str) -> list[models.UniqueConstraint]:
    # Where a slice of time is looked up, too.
    return [models.UniqueConstraint(fields=["project", *table.key], name=name)]


class DocumentTotal(WithSquares):
    """Of `DocumentAgreement`."""

    words = models.FloatField()
    spans = models.FloatField()
    left_out = models.FloatField()
    agreed = models.FloatField()
    missing = models.FloatField()
    label = models.FloatField()
    boundary = models.FloatField()
    boundary_label = models.FloatField()
    split_merge = models.FloatField()
    nested = models.FloatField(default=0)
    plain_words = models.FloatField()
    plain_votes = models.FloatField()
    bio_words = models.FloatField()
    bio_votes = models.FloatField()
    bio_apart = models.FloatField()
    type_apart = models.FloatField()
    detect_apart = models.FloatField()
    named_words = models.FloatField()
    named_votes = models.FloatField()
    named_apart = models.FloatField()
    both_empty = models.FloatField()
    pair_spans = models.FloatField()
    exact = models.FloatField()
    overlap = models.FloatField()
    same_bounds = models.FloatField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [*_one_each(DOCUMENTS, "document_total")]


class LabelTotal(WithSquares):
    """Of `LabelAgreement`."""

    label = models.PositiveBigIntegerField()
    begin = models.FloatField()
    inside = models.FloatField()
    named = models.FloatField()
    marked = models.FloatField()
    apart = models.FloatField()
    words = models.FloatField()
    votes = models.FloatField()
    spans = models.FloatField()
    exact = models.FloatField()
    overlap = models.FloatField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [*_one_each(LABELS, "label_total")]


class PairTotal(WithSquares):
    """Of `PairAgreement`; the squares of all labels together stand in the row without a label."""

    first = models.PositiveBigIntegerField()
    second = models.PositiveBigIntegerField()
    label = models.PositiveBigIntegerField()
    asked = models.FloatField(default=0)
    both_empty = models.FloatField()
    same_bounds = models.FloatField()
    bio_words = models.FloatField()
    bio_votes = models.FloatField()
    bio_apart = models.FloatField()
    begin = models.FloatField()
    inside = models.FloatField()
    first_spans = models.FloatField()
    second_spans = models.FloatField()
    both = models.FloatField()
    overlap = models.FloatField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [*_one_each(PAIRS, "pair_total")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["project", "grain", "first", "second"], name="pair_total_people"),
        ]


class ConfusionTotal(Total):
    """Of `Confusion`."""

    label = models.PositiveBigIntegerField()
    other = models.PositiveBigIntegerField()
    spans = models.FloatField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [*_one_each(CONFUSIONS, "confusion_total")]
