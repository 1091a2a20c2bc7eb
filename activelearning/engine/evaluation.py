"""Quality of a trained model on labelled texts, and how far chance may have moved it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from activelearning.domain.metrics import Counts, DocumentCounts, Evaluation, document_counts, total
from activelearning.engine.intervals import Floats, corrected
from activelearning.engine.reading import Model
from activelearning.engine.scorer import score
from activelearning.engine.types import Example, OnProgress, Progress, ShouldStop
from annotation.domain.spans import LabelledSpan
from annotation.domain.tags import bio_to_spans, spans_to_bio

DRAWS = 1000
SEED = 0
MIN_DOCUMENTS = 5
"""Fewer documents that say anything give an interval that only looks like one."""
CELLS_AT_ONCE = 2_000_000
"""Bounds the memory of the resampling: draws × documents held together."""
MEASURES = ("precision", "recall", "f1")

Interval = dict[str, list[float]]
"""`{"precision": [low, high], "recall": …, "f1": …}`"""


def evaluate_model(
    model: Model,
    examples: Sequence[Example],
    *,
    should_stop: ShouldStop = lambda: False,
    on_progress: OnProgress = lambda progress: None,
) -> Evaluation:
    """Entity-level quality on the labels the model knows."""
    return total(count_entities(model, examples, should_stop=should_stop, on_progress=on_progress).values())


def count_entities(
    model: Model,
    examples: Sequence[Example],
    *,
    labels: Collection[str] | None = None,
    should_stop: ShouldStop = lambda: False,
    on_progress: OnProgress = lambda progress: None,
) -> dict[str, dict[str, Counts]]:
    """Document id → counts per label, in the order of `examples`.

    Gold is that of `labels`, None: those the model knows. Its spans are widened to whole words first, as training
    saw them.
    """
    known = model.labels if labels is None else labels
    gold = {example.document_id: _as_trained(example, known) for example in examples}
    predicted = score(
        model,
        examples,
        should_stop=should_stop,
        on_progress=lambda progress: on_progress(Progress("evaluate", progress.done, progress.total)),
    )
    spans = {found.document_id: [LabelledSpan(s.start, s.end, s.label) for s in found.spans] for found in predicted}
    return {name: document_counts(truth, spans[name]) for name, truth in gold.items()}


def measured(documents: Sequence[DocumentCounts]) -> dict[str, Any]:
    """What `metrics.json` holds: `Evaluation.as_dict` with an `interval` for all and for each label.

    `interval` is None where too few documents say anything.
    """
    evaluation = total(documents)
    found = evaluation.as_dict()
    intervals = bootstrap(documents, sorted(evaluation.labels))
    for name, quality in found["labels"].items():
        quality["interval"] = intervals[name]
    return found | {"interval": intervals[""]}


def bootstrap(
    documents: Sequence[DocumentCounts], labels: Sequence[str], *, draws: int = DRAWS, seed: int = SEED
) -> dict[str, Interval | None]:
    """95 % intervals over documents drawn again with replacement; "" is all labels together.

    Draws in which a share is undefined are left out of its interval.
    """
    if not documents:
        return dict.fromkeys(["", *labels])
    rows = np.array([[document.get(name, (0, 0, 0)) for name in labels] for document in documents], dtype=np.float64)
    rows = rows.reshape(len(documents), len(labels), 3)
    rows = np.concatenate([rows.sum(axis=1, keepdims=True), rows], axis=1)
    enough = (rows.any(axis=2).sum(axis=0) >= MIN_DOCUMENTS).tolist()
    sums = _resampled(rows, draws, seed)
    return {
        name: _intervals(sums[:, column], rows[:, column]) if enough[column] else None
        for column, name in enumerate(["", *labels])
    }


def _resampled(rows: Floats, draws: int, seed: int) -> Floats:
    """Sums of `rows` (documents, columns, 3) over `draws` samples of as many documents."""
    generator = np.random.default_rng(seed)
    number, at_once = len(rows), max(1, CELLS_AT_ONCE // len(rows))
    parts = []
    for start in range(0, draws, at_once):
        times = generator.multinomial(number, np.full(number, 1 / number), min(at_once, draws - start))
        parts.append(np.tensordot(times.astype(np.float64), rows, axes=1))
    return np.concatenate(parts)


def _intervals(sums: Floats, rows: Floats) -> Interval:
    """`sums`: draws × (gold, predicted, correct); `rows`: the same of each document."""
    whole = rows.sum(axis=0)
    drawn, value, without = _shares(sums), _shares(whole[None]), _shares(whole - rows)
    return {
        measure: list(corrected(drawn[measure], float(value[measure][0]), without[measure]))
        if np.isfinite(drawn[measure]).any() and np.isfinite(value[measure][0])
        else [0.0, 1.0]
        for measure in MEASURES
    }


def _shares(sums: Floats) -> dict[str, Floats]:
    """Precision, recall and F1 of each row, NaN where undefined."""
    gold, predicted, correct = sums.T
    parts = ((correct, predicted), (correct, gold), (2 * correct, gold + predicted))
    return {
        measure: np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
        for measure, (part, whole) in zip(MEASURES, parts, strict=True)
    }


def _as_trained(example: Example, labels: Collection[str]) -> list[LabelledSpan]:
    known = [span for span in example.spans if span.label in labels]
    return bio_to_spans(example.tokens, spans_to_bio(example.tokens, known))
