"""Reading the guideline log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from annotation.models import Project
from quality.domain.conflicts import Kind
from quality.models import AdjudicationCase, Review, Ruling

Status = AdjudicationCase.Status


@dataclass(frozen=True)
class RulingRow:
    ruling: Ruling
    kind: str
    """In words."""
    cases: int
    """How many documents asked."""
    same_string: int
    same_kind: int
    """Decided documents with such a place, which could be decided again."""


def rulings_of(project: Project) -> QuerySet[Ruling]:
    """Newest first."""
    return Ruling.objects.filter(project=project).select_related("asked_by", "ruled_by")


def ruling_rows(project: Project, rulings: Sequence[Ruling]) -> list[RulingRow]:
    """The log as shown; what is open counts how much a ruling would bear on."""
    return [
        RulingRow(
            ruling=ruling,
            kind=Kind(ruling.kind).words if ruling.kind else "",
            cases=len(ruling.cases),
            same_string=0 if ruling.ruled_at else len(places_like(project, ruling, "string")),
            same_kind=0 if ruling.ruled_at else len(places_like(project, ruling, "kind")),
        )
        for ruling in rulings
    ]


def places_like(project: Project, ruling: Ruling, how: str) -> dict[int, list[str]]:
    """Decided cases without another open one on their document → the groups the ruling bears on.

    `how`: "string" for the same words, whatever their case, "kind" for the same kind of conflict.
    """
    wanted = ruling.string.casefold() if how == "string" else ruling.kind
    if not wanted:
        return {}
    opened = AdjudicationCase.objects.filter(project=project, status=Status.OPEN).values("document")
    reviews = Review.objects.filter(project=project, case__status=Status.RESOLVED, gold__current=True)
    found: dict[int, list[str]] = {}
    for case, places in reviews.exclude(document__in=opened).order_by("pk").values_list("case", "places"):
        groups = [
            place["group"]
            for place in places
            if (place["text"].casefold() if how == "string" else place["kind"]) == wanted
        ]
        if groups:
            found[case] = groups
    return found
