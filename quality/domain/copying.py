"""Which two people agree more than independent work explains?

Two good annotators agree often because both are right. Copied work shows in the *mistakes*: two
people who worked apart rarely make the same wrong span. So a pair is named only when both figures
stand out, its exact F1 and the F1 of its wrong spans.

What is wrong is decided by the document's gold; without gold, by the other annotators of the
document: a span that nobody else marked. The consensus would not do, as the two have made it.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from annotation.domain.spans import LabelledSpan

OUTLIER = 3.0
"""Median absolute deviations above the median of the other pairs."""
LEAST_DEVIATION = 0.02
LEAST_DOCUMENTS = 3
"""Shared documents of a pair."""
LEAST_WRONG = 10
"""Wrong spans of the two together; fewer are alike by chance."""
LEAST_PAIRS = 3
"""Other pairs to compare with."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """One document with everybody's spans."""

    layers: Mapping[str, Sequence[LabelledSpan]]
    gold: Sequence[LabelledSpan] | None = None
    asked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Annotator → the labels they were asked about, of those who were not asked about all."""

    def asks(self, name: str, label: str) -> bool:
        return name not in self.asked or label in self.asked[name]

    def comparable(self, pair: Pair) -> bool:
        """Whether both were asked about some label."""
        first, second = (self.asked.get(name) for name in pair)
        return first is None or second is None or not first.isdisjoint(second)


@dataclass(slots=True)
class PairSums:
    """Counts of a pair over its documents."""

    documents: int = 0
    spans: int = 0
    same: int = 0
    wrong: int = 0
    same_wrong: int = 0

    @property
    def f1(self) -> float | None:
        return 2 * self.same / self.spans if self.spans else None

    @property
    def wrong_f1(self) -> float | None:
        """How far their wrong spans are the same ones."""
        return 2 * self.same_wrong / self.wrong if self.wrong >= LEAST_WRONG else None


@dataclass(frozen=True, slots=True)
class Alike:
    """A pair that stands out."""

    pair: Pair
    documents: int
    f1: float
    usual_f1: float
    """Median of the other pairs."""
    same_wrong: int
    wrong: int
    """Wrong spans of both together."""


def copied(documents: Iterable[Compared]) -> list[Alike]:
    """The pairs that stand out in agreement and in shared mistakes, most shared mistakes first."""
    sums = pair_sums(documents)
    usable = {pair: item for pair, item in sums.items() if item.documents >= LEAST_DOCUMENTS and item.f1 is not None}
    found = []
    for pair, item in usable.items():
        others = [other for name, other in usable.items() if name != pair]
        agreement = [other.f1 for other in others if other.f1 is not None]
        mistakes = [other.wrong_f1 for other in others if other.wrong_f1 is not None]
        if _stands_out(item.f1, agreement) and _stands_out(item.wrong_f1, mistakes):
            assert item.f1 is not None
            usual = statistics.median(agreement)
            found.append(Alike(pair, item.documents, item.f1, usual, item.same_wrong, item.wrong))
    return sorted(found, key=lambda alike: (-alike.same_wrong, alike.pair))


def pair_sums(documents: Iterable[Compared]) -> dict[Pair, PairSums]:
    sums: dict[Pair, PairSums] = defaultdict(PairSums)
    for document in documents:
        for pair in filter(document.comparable, combinations(sorted(document.layers), 2)):
            first, second = (
                {span for span in document.layers[name] if document.asks(other, span.label)}
                for name, other in (pair, pair[::-1])
            )
            row = sums[pair]
            row.documents += 1
            row.spans += len(first) + len(second)
            row.same += len(first & second)
            wrong = _wrong(document, first | second, pair)
            row.wrong += len(first & wrong) + len(second & wrong)
            row.same_wrong += len(first & second & wrong)
    return dict(sums)


def _wrong(document: Compared, spans: set[LabelledSpan], pair: Pair) -> set[LabelledSpan]:
    if document.gold is not None:
        return spans - set(document.gold)
    others = [name for name in document.layers if name not in pair]
    right = {span for name in others for span in document.layers[name]}
    return {span for span in spans - right if any(document.asks(name, span.label) for name in others)}


def _stands_out(value: float | None, others: Sequence[float]) -> bool:
    if value is None or len(others) < LEAST_PAIRS:
        return False
    usual = statistics.median(others)
    deviation = max(statistics.median(abs(other - usual) for other in others), LEAST_DEVIATION)
    return value > usual + OUTLIER * deviation
