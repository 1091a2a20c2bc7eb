"""Entity-level precision, recall and F1, as conlleval counts: right only if borders and label are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from annotation.domain.spans import LabelledSpan


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


def evaluate(pairs: Iterable[tuple[Iterable[LabelledSpan], Iterable[LabelledSpan]]]) -> Evaluation:
    """Compare (gold, predicted) spans document by document; micro-averaged overall, and per label.

    A span is correct if the same start, end and label stands on both sides. Labels are those
    that occur on either side, sorted.
    """
    gold: Counter[str] = Counter()
    predicted: Counter[str] = Counter()
    correct: Counter[str] = Counter()
    documents = 0
    for gold_spans, predicted_spans in pairs:
        documents += 1
        truth, guess = set(gold_spans), set(predicted_spans)
        gold.update(span.label for span in truth)
        predicted.update(span.label for span in guess)
        correct.update(span.label for span in truth & guess)
    labels = {name: Quality(gold[name], predicted[name], correct[name]) for name in sorted(gold | predicted)}
    return Evaluation(documents, Quality(gold.total(), predicted.total(), correct.total()), labels)
