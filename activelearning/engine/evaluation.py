"""Quality of a trained model on labelled texts, and how far chance may have moved it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from activelearning.domain.metrics import Counts, DocumentCounts, Evaluation, document_counts, total
from activelearning.engine.reading import Model
from activelearning.engine.scorer import score
from activelearning.engine.types import Example, OnProgress, Progress, ShouldStop
from annotation.domain.shares import f1_interval, share_interval
from annotation.domain.spans import LabelledSpan
from annotation.domain.tags import bio_to_spans, spans_to_bio

MIN_DOCUMENTS = 5
"""With fewer documents that say anything there is next to nothing to say."""


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

    `interval` is {"precision": [low, high], "recall": …, "f1": …}, 95 %; None where fewer than
    `MIN_DOCUMENTS` say anything.
    """
    evaluation = total(documents)
    found = evaluation.as_dict()
    for name, quality in found["labels"].items():
        quality["interval"] = _intervals([document[name] for document in documents if name in document])
    return found | {"interval": _intervals([_together(document) for document in documents])}


def _intervals(documents: Sequence[Counts]) -> dict[str, list[float]] | None:
    if sum(any(counts) for counts in documents) < MIN_DOCUMENTS:
        return None
    gold, predicted, correct = zip(*documents, strict=True)
    found = {
        "precision": share_interval(correct, predicted),
        "recall": share_interval(correct, gold),
        "f1": f1_interval(correct, gold, predicted),
    }
    return {measure: [low, high] for measure, (low, high) in found.items()}


def _together(document: DocumentCounts) -> Counts:
    """All labels of one document."""
    return Counts(*(sum(column) for column in zip((0, 0, 0), *document.values(), strict=True)))


def _as_trained(example: Example, labels: Collection[str]) -> list[LabelledSpan]:
    known = [span for span in example.spans if span.label in labels]
    return bio_to_spans(example.tokens, spans_to_bio(example.tokens, known))
