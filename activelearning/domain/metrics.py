"""Entity-level precision, recall and F1, as conlleval counts: right only if borders and label are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from annotation.domain.spans import LabelledSpan


class Counts(NamedTuple):
    """Entities of one label in one document, or in many; in JSON a list of the three."""

    gold: int
    predicted: int
    correct: int


DocumentCounts = Mapping[str, Counts]
"""Label → counts of one document; labels that do not occur are left out."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts of entities and the three shares made from them, each in [0, 1]; 0 where undefined."""

    gold: int
    predicted: int
    correct: int

    @property
    def precision(self) -> float:
        return self.correct / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        total = self.gold + self.predicted
        return 2 * self.correct / total if total else 0.0

    def as_dict(self) -> dict[str, float]:
        return asdict(self) | {"precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass(frozen=True, slots=True)
class Evaluation:
    documents: int
    overall: Quality
    labels: dict[str, Quality]

    def as_dict(self) -> dict[str, Any]:
        """`{documents, overall: {gold, predicted, correct, precision, recall, f1}, labels: {name: …}}`."""
        return {
            "documents": self.documents,
            "overall": self.overall.as_dict(),
            "labels": {name: quality.as_dict() for name, quality in self.labels.items()},
        }


def document_counts(gold: Iterable[LabelledSpan], predicted: Iterable[LabelledSpan]) -> dict[str, Counts]:
    """Compare the spans of one document; a span is correct if the same start, end and label stands on both sides."""
    truth, guess = set(gold), set(predicted)
    of_gold, of_guess, of_both = (Counter(span.label for span in spans) for spans in (truth, guess, truth & guess))
    return {name: Counts(of_gold[name], of_guess[name], of_both[name]) for name in sorted(of_gold | of_guess)}


def total(documents: Iterable[DocumentCounts]) -> Evaluation:
    """Micro-averaged overall, and per label; labels are those that occur on either side, sorted."""
    sums: dict[str, list[int]] = {}
    number = 0
    for document in documents:
        number += 1
        for name, counts in document.items():
            sums[name] = [old + new for old, new in zip(sums.get(name, (0, 0, 0)), counts, strict=True)]
    labels = {name: Quality(*sums[name]) for name in sorted(sums)}
    return Evaluation(number, Quality(*map(sum, zip((0, 0, 0), *sums.values(), strict=True))), labels)


def evaluate(pairs: Iterable[tuple[Iterable[LabelledSpan], Iterable[LabelledSpan]]]) -> Evaluation:
    """Compare (gold, predicted) spans document by document."""
    return total(document_counts(gold, predicted) for gold, predicted in pairs)
