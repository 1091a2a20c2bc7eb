"""What labelling several times has cost, counted from what was labelled."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q

from annotation.models import Annotation, Assignment, OverlapReason, Project, Split
from quality.domain.overlap import EVENLY


@dataclass(frozen=True)
class Spread:
    people: int
    documents: int
    percent: int


@dataclass(frozen=True)
class OverlapCost:
    """Of the documents that have all the labels they are to get; imported ones cost nothing here."""

    targeted: bool
    cap: int
    documents: int
    made: int
    """Submitted annotations."""
    spread: tuple[Spread, ...]
    reasons: tuple[tuple[str, int], ...]
    """(why several people, documents)"""
    left: int
    """Documents of the pool that are not finished yet, and so not counted."""

    @property
    def uniform(self) -> int:
        """What as many people for every one of these documents would have made."""
        return self.documents * self.cap

    @property
    def saved(self) -> int:
        return self.uniform - self.made

    @property
    def evenly(self) -> tuple[int, int]:
        """Labels that spreading evenly needs beyond these for as good a consensus: from and to."""
        fewest, most = (round((ratio - 1) * self.made) for ratio in EVENLY)
        return fewest, most

    @property
    def percent(self) -> int:
        return round(100 * self.saved / self.uniform) if self.uniform else 0

    @property
    def mean(self) -> float:
        return self.made / self.documents if self.documents else 0.0


def overlap_cost(project: Project) -> OverlapCost:
    """One pass over the pool's turns."""
    turns = Assignment.objects.filter(document=OuterRef("pk"))
    gold = Annotation.objects.filter(document=OuterRef("pk"), kind=Annotation.Kind.GOLD, current=True)
    pool = project.documents.filter(~Exists(turns.filter(annotator__imported=True)), split=Split.POOL)
    turn = Q(assignments__is_check=False)
    counted = pool.annotate(
        made=Count("assignments", filter=turn & Q(assignments__status=Assignment.Status.SUBMITTED)),
        refused=Count("assignments", filter=turn & Q(assignments__status=Assignment.Status.REJECTED)),
    )
    finished = counted.filter(Q(made__gte=F("overlap_target")) | Exists(gold), made__gte=1, refused=0)
    rows = list(finished.values_list("made", "overlap_reason"))
    people = Counter(made for made, _ in rows)
    reasons = Counter(reason for _, reason in rows if reason)
    return OverlapCost(
        targeted=project.overlap_targeted,
        cap=project.overlap_cap if project.overlap_targeted else project.overlap,
        documents=len(rows),
        made=sum(made for made, _ in rows),
        spread=tuple(Spread(n, people[n], round(100 * people[n] / len(rows))) for n in sorted(people)),
        reasons=tuple((str(label), reasons[value]) for value, label in OverlapReason.choices if reasons[value]),
        left=pool.count() - len(rows),
    )
