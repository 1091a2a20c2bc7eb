"""What review found: people against gold, reviewers against each other, gold that nobody decided on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from math import sqrt

from annotation.domain.spans import LabelledSpan, SpanOverlap
from quality.domain.conflicts import Kind, conflict_groups

Z = 1.96
"""Normal quantile of a two-sided 95 % interval."""


@dataclass
class Score:
    """Spans of somebody against gold, added up over documents."""

    documents: int = 0
    gold: int = 0
    made: int = 0
    right: int = 0
    mistakes: Counter[str] = field(default_factory=Counter)
    """missed, extra, label, boundary, boundary_label, split_merge, nested"""
    allowed: SpanOverlap = SpanOverlap.NONE
    """Which spans may share characters in the project."""

    def add(self, spans: Collection[LabelledSpan], gold: Collection[LabelledSpan]) -> None:
        """One more document."""
        self.documents += 1
        self.gold += len(set(gold))
        self.made += len(set(spans))
        self.right += len(set(spans) & set(gold))
        self.mistakes.update(mistakes(spans, gold, self.allowed))

    @property
    def precision(self) -> float | None:
        return self.right / self.made if self.made else None

    @property
    def recall(self) -> float | None:
        return self.right / self.gold if self.gold else None

    @property
    def f1(self) -> float | None:
        total = self.made + self.gold
        return 2 * self.right / total if total else None


def mistakes(
    spans: Collection[LabelledSpan], gold: Collection[LabelledSpan], allowed: SpanOverlap = SpanOverlap.NONE
) -> Counter[str]:
    """`{kind: places}` where they differ from gold; `missing` is told apart into missed and extra."""
    found: Counter[str] = Counter()
    for group in conflict_groups({"gold": gold, "own": spans}, allowed=allowed):
        if group.kind is Kind.MISSING:
            found["missed" if group.silent == ("own",) else "extra"] += 1
        elif group.open:
            found[group.kind.value] += 1
    return found


def wilson(right: int, total: int) -> tuple[float, float] | None:
    """95 % interval of a share (Wilson 1927); None for none of none."""
    if not total:
        return None
    share, z2 = right / total, Z * Z
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    reach = Z * sqrt(share * (1 - share) / total + z2 / (4 * total * total)) / (1 + z2 / total)
    return max(0.0, middle - reach), min(1.0, middle + reach)
