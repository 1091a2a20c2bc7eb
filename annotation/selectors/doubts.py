"""Labels that a model trained on the other texts would not expect, and what came of asking again."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from annotation.domain.spans import of_labels
from annotation.models import Annotation, Assignment, Document, Doubt, OverlapReason, Project, Split
from annotation.selectors.layers import layers_of

LOOKED_AT = 500
"""Texts that the comparison with chance reads at most; more would not change what it says."""


@dataclass(frozen=True)
class SecondLooks:
    """What second people said where a model had doubted the first one, beside what they say anywhere."""

    asked: int
    seen: int
    """Texts asked for that at least two people have labelled by now."""
    different: int
    """Of those, where they marked not the same."""
    usual_seen: int
    """Texts that chance gave to several people."""
    usual_different: int

    @property
    def percent(self) -> int:
        return round(100 * self.different / self.seen) if self.seen else 0

    @property
    def usual_percent(self) -> int:
        return round(100 * self.usual_different / self.usual_seen) if self.usual_seen else 0


def single_labels(project: Project) -> QuerySet[Annotation]:
    """Annotations that are all there is of a pool document: no second person's, no gold, and nobody rejected it."""
    current = Annotation.objects.filter(document=OuterRef("document"), current=True)
    refused = Assignment.objects.filter(document=OuterRef("document"), status=Assignment.Status.REJECTED)
    human = project.annotations.filter(
        kind=Annotation.Kind.HUMAN, current=True, asked__isnull=True, document__split=Split.POOL
    )
    return human.filter(~Exists(current.exclude(pk=OuterRef("pk"))), ~Exists(refused))


def doubt_of(document: Document) -> Doubt | None:
    """The doubt about the labels that are there now, or the one that brought a second person."""
    doubt = Doubt.objects.select_related("annotation__author").filter(document=document).first()
    if doubt is None or not (doubt.asked_at or doubt.annotation.current):
        return None
    return doubt


def second_look(document_id: int) -> bool:
    """Whether somebody is asked about the document because a model doubted the labels it has."""
    return Doubt.objects.filter(document=document_id, asked_at__isnull=False).exists()


def second_looks(project: Project) -> SecondLooks | None:
    """None where nobody was asked because of a doubt."""
    asked = list(project.doubts.filter(asked_at__isnull=False).values_list("document_id", flat=True))
    if not asked:
        return None
    chance = project.documents.filter(split=Split.POOL, overlap_reason=OverlapReason.RANDOM)
    seen, different = _differing(project, asked)
    usual_seen, usual_different = _differing(project, list(chance.values_list("pk", flat=True)[:LOOKED_AT]))
    return SecondLooks(len(asked), seen, different, usual_seen, usual_different)


def _differing(project: Project, document_ids: list[int]) -> tuple[int, int]:
    """(documents several people labelled, those of them where they marked not the same)"""
    seen = different = 0
    for item in layers_of(project, document_ids=document_ids):
        seen += 1
        shared = frozenset.intersection(*(layer.asked for layer in item.layers))
        different += len({frozenset(of_labels(layer.spans, shared)) for layer in item.layers}) > 1
    return seen, different
