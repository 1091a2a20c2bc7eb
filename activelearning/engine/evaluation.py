"""Quality of a trained model on labelled texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from activelearning.domain.metrics import Evaluation, evaluate
from activelearning.engine.scorer import score
from activelearning.engine.trained import TrainedModel
from activelearning.engine.types import Example, OnProgress, Progress, ShouldStop
from annotation.domain.spans import LabelledSpan
from annotation.domain.tags import bio_to_spans, spans_to_bio


def evaluate_model(
    model: TrainedModel,
    examples: Sequence[Example],
    *,
    should_stop: ShouldStop = lambda: False,
    on_progress: OnProgress = lambda progress: None,
) -> Evaluation:
    """Entity-level quality on the labels the model knows.

    Gold spans are widened to whole words first, as training saw them.
    """
    gold = {example.document_id: _as_trained(example, model.labels) for example in examples}
    predicted = score(
        model,
        examples,
        should_stop=should_stop,
        on_progress=lambda progress: on_progress(Progress("evaluate", progress.done, progress.total)),
    )
    return evaluate(
        (gold[document.document_id], [LabelledSpan(s.start, s.end, s.label) for s in document.spans])
        for document in predicted
    )


def _as_trained(example: Example, labels: Collection[str]) -> list[LabelledSpan]:
    known = [span for span in example.spans if span.label in labels]
    return bio_to_spans(example.tokens, spans_to_bio(example.tokens, known))
