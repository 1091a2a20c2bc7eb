"""One person's spans against the right ones: counts, and what kind each difference is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from annotation.domain.spans import LabelledSpan
from daner_site.core.sentences import Sentence


class Mistake(StrEnum):
    MISSED = "missed"
    EXTRA = "extra"
    LABEL = "label"
    BOUNDS = "bounds"
    BOTH = "both"

    @property
    def words(self) -> str:
        """For the annotator."""
        return _WORDS[self]


_WORDS = {
    Mistake.MISSED: Sentence("not marked"),
    Mistake.EXTRA: Sentence("marked, but nothing there"),
    Mistake.LABEL: Sentence("right words, another label"),
    Mistake.BOUNDS: Sentence("right label, other words"),
    Mistake.BOTH: Sentence("other words and another label"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    kind: Mistake
    own: LabelledSpan | None
    right: LabelledSpan | None

    @property
    def start(self) -> int:
        return min(span.start for span in (self.own, self.right) if span is not None)

    @property
    def end(self) -> int:
        return max(span.end for span in (self.own, self.right) if span is not None)


@dataclass(frozen=True, slots=True)
class Counts:
    """Additive: own spans, right spans, and how many are the same."""

    own: int = 0
    right: int = 0
    same: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.own + other.own, self.right + other.right, self.same + other.same)

    @property
    def precision(self) -> float | None:
        return self.same / self.own if self.own else None

    @property
    def recall(self) -> float | None:
        return self.same / self.right if self.right else None

    @property
    def f1(self) -> float | None:
        """None where neither side has a span."""
        return 2 * self.same / (self.own + self.right) if self.own + self.right else None


@dataclass(slots=True)
class Record:
    """Somebody's work against gold, summed over documents."""

    documents: int = 0
    total: Counts = Counts()
    labels: dict[str, Counts] = field(default_factory=dict)
    kinds: Counter[Mistake] = field(default_factory=Counter)

    def add(self, own: Iterable[LabelledSpan], right: Iterable[LabelledSpan]) -> list[Difference]:
        """Count one document in; returns its differences."""
        mine, theirs = set(own), set(right)
        self.documents += 1
        self.total += _counts(mine, theirs)
        for label in {span.label for span in mine | theirs}:
            row = _counts({s for s in mine if s.label == label}, {s for s in theirs if s.label == label})
            self.labels[label] = self.labels.get(label, Counts()) + row
        found = differences(mine, theirs)
        self.kinds.update(item.kind for item in found)
        return found


def differences(own: Iterable[LabelledSpan], right: Iterable[LabelledSpan]) -> list[Difference]:
    """What sets `own` apart from `right`, in reading order.

    A wrong span is explained by the right one it shares most characters with, each right span by
    one wrong span at most; what is left over is missed or extra.
    """
    mine, theirs = set(own), set(right)
    wrong, open_right = sorted(mine - theirs), sorted(theirs - mine)
    found: list[Difference] = []
    pairs = sorted(
        ((a, b) for a in wrong for b in open_right if a.touches(b)),
        key=lambda pair: (-_shared(*pair), pair),
    )
    for a, b in pairs:
        if a in wrong and b in open_right:
            wrong.remove(a)
            open_right.remove(b)
            found.append(Difference(_kind(a, b), a, b))
    found += [Difference(Mistake.EXTRA, span, None) for span in wrong]
    found += [Difference(Mistake.MISSED, None, span) for span in open_right]
    return sorted(found, key=lambda item: (item.start, item.end, item.kind))


def _kind(own: LabelledSpan, right: LabelledSpan) -> Mistake:
    if (own.start, own.end) == (right.start, right.end):
        return Mistake.LABEL
    return Mistake.BOUNDS if own.label == right.label else Mistake.BOTH


def _shared(a: LabelledSpan, b: LabelledSpan) -> int:
    return min(a.end, b.end) - max(a.start, b.start)


def _counts(own: set[LabelledSpan], right: set[LabelledSpan]) -> Counts:
    return Counts(len(own), len(right), len(own & right))


def document_f1(own: Sequence[LabelledSpan], right: Sequence[LabelledSpan]) -> float | None:
    """Exact F1 on one document; None where both are empty."""
    return _counts(set(own), set(right)).f1
