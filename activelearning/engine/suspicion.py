"""Labels that a model trained on the other documents would not expect.

Cross-fitting as in Northcutt, Jiang and Chuang 2021 (Journal of Artificial Intelligence Research
70:1373-1411): nobody's labels are judged by a model that has learned them. The score is a document's
expected number of wrong words; the least sure word, the mean word and the likelihood put documents
with errors first no better (docs/benchmarks.md).
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import torch

from activelearning.engine import fast, scorer
from activelearning.engine.features import FeatureStore
from activelearning.engine.labels import begun, tag_indices
from activelearning.engine.types import (
    EngineError,
    Example,
    OnProgress,
    Progress,
    ShouldStop,
    Suspicion,
    Tier,
    TrainConfig,
)

FOLDS = 5
LEAST_DOCUMENTS = 50
"""Documents to judge; from fewer, a model of the others knows too little to doubt anybody."""


def suspicions(
    examples: Sequence[Example],
    judged: Collection[str],
    config: TrainConfig,
    *,
    features: FeatureStore | None = None,
    should_stop: ShouldStop = lambda: False,
    on_progress: OnProgress = lambda progress: None,
) -> list[Suspicion]:
    """The documents whose ids are in `judged`, the most suspicious first.

    Each is read by a fast model of all examples but those of its fold; documents that are not
    judged are in every training. Nothing below `LEAST_DOCUMENTS`. The same for the same examples in
    the same order, config and features.

    Raises CheckpointError for an unusable checkpoint, Stopped when `should_stop` says so.
    """
    own = [example for example in examples if example.document_id in judged]
    if len(own) < LEAST_DOCUMENTS:
        return []
    config = replace(config, tier=Tier.FAST)
    order = random.Random(config.seed).sample(own, len(own))  # noqa: S311  reproducible folds
    found: list[Suspicion] = []
    for fold in range(FOLDS):
        held = order[fold::FOLDS]
        without = {example.document_id for example in held}
        try:
            model = fast.fit(
                [example for example in examples if example.document_id not in without],
                config,
                features=features,
                should_stop=should_stop,
            )
        except EngineError:  # too little is labelled for a model without this fold
            return []
        found += _judged(model, held, should_stop)
        on_progress(Progress("suspect", fold + 1, FOLDS))
    return sorted(found, key=lambda item: (-item.wrong_words, item.document_id))


def _judged(model: fast.FastModel, held: Sequence[Example], should_stop: ShouldStop) -> Iterator[Suspicion]:
    spans = {document.document_id: document.spans for document in scorer.score(model, held, should_stop=should_stop)}
    for example, wrong in zip(held, wrong_words(model, held, should_stop=should_stop), strict=True):
        yield Suspicion(example.document_id, wrong, spans[example.document_id])


@torch.inference_mode()
def wrong_words(
    model: fast.FastModel, examples: Sequence[Example], *, should_stop: ShouldStop = lambda: False
) -> list[float]:
    """For each document the number of its words that `model` expects to be tagged otherwise."""
    tags = tag_indices(examples, model.labels, may_be_empty=True)
    wrong = [0.0] * len(examples)
    for emitted in model.read(examples, should_stop=should_stop):
        marginals, _ = model.crf.marginals(emitted.emissions, emitted.mask)
        for row, document in enumerate(emitted.documents):
            first, words = emitted.first_words[row], emitted.lengths[row]
            given = torch.tensor(begun(tags[document][first : first + words]))
            right = marginals[row, :words].gather(1, given.unsqueeze(1))
            wrong[document] += float((1 - right).sum())
    return wrong
