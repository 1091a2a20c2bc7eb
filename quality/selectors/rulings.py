"""Reading the guideline log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from annotation.models import Project
from quality.domain.conflicts import Kind
from quality.models import AdjudicationCase, Review, Ruling

Status = AdjudicationCase.Status

COUNTED = 5_000
"""So many of the newest decisions are counted for the page; a ruling bears on all of them."""
BATCH = 500


@dataclass(frozen=True)
class RulingRow:
    ruling: Ruling
    kind: str
    """In words."""
    cases: int
    """How many documents asked."""
    same_string: int
    same_kind: int
    """Decided documents with such a place, among the newest `COUNTED`, which could be decided again."""


def rulings_of(project: Project) -> QuerySet[Ruling]:
    """Newest first."""
    return Ruling.objects.filter(project=project).select_related("asked_by", "ruled_by")


def ruling_rows(project: Project, rulings: Sequence[Ruling], *, counted: bool = True) -> list[RulingRow]:
    """The log as shown; with `counted`, what is open says how much a ruling would bear on."""
    counts = _counts(project, [ruling for ruling in rulings if ruling.ruled_at is None]) if counted else {}
    return [
        RulingRow(
            ruling=ruling,
            kind=Kind(ruling.kind).words if ruling.kind else "",
            cases=len(ruling.cases),
            same_string=counts.get(("string", ruling.string.casefold()), 0),
            same_kind=counts.get(("kind", ruling.kind), 0),
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
    found: dict[int, list[str]] = {}
    for case, places in _decided(project).order_by("pk").values_list("case", "places").iterator(BATCH):
        groups = [place["group"] for place in places if _traits(place)[how] == wanted]
        if groups:
            found[case] = groups
    return found


def _counts(project: Project, rulings: Sequence[Ruling]) -> Counter[tuple[str, str]]:
    """(how, what) → decided cases with such a place, for what the rulings are about, in one pass over the
    newest."""
    wanted = {("string", ruling.string.casefold()) for ruling in rulings if ruling.string}
    wanted |= {("kind", ruling.kind) for ruling in rulings if ruling.kind}
    cases: dict[tuple[str, str], set[int]] = defaultdict(set)
    if wanted:
        newest = _decided(project).order_by("-pk").values_list("case", "places")[:COUNTED]
        for case, places in newest.iterator(BATCH):
            for trait in {item for place in places for item in _traits(place).items()} & wanted:
                cases[trait].add(case)
    return Counter({trait: len(found) for trait, found in cases.items()})


def _decided(project: Project) -> QuerySet[Review]:
    """Decisions that stand, on documents without an open case."""
    opened = AdjudicationCase.objects.filter(project=project, status=Status.OPEN).values("document")
    reviews = Review.objects.filter(project=project, case__status=Status.RESOLVED, gold__current=True)
    return reviews.exclude(document__in=opened)


def _traits(place: Mapping[str, str]) -> dict[str, str]:
    return {"string": place["text"].casefold(), "kind": place["kind"]}
