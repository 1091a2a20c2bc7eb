"""Reading texts with a trained model: uncertainty and entities in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from activelearning.domain import scoring
from activelearning.engine.reading import Emitted, Model
from activelearning.engine.types import (
    OnProgress,
    PredictedSpan,
    Progress,
    ScoredDocument,
    ShouldStop,
    Text,
)

TEXTS_AT_ONCE = 4096
"""Texts whose windows are held and sorted together."""


@dataclass(slots=True)
class _Reading:
    """What is known about one document so far; its windows arrive in any order."""

    words_left: int
    log_probability: float = 0.0
    margin: float = 1.0
    entropy: float = 0.0
    entities: float = 0.0
    spans: list[PredictedSpan] = field(default_factory=list)
    vector: Tensor | None = None


@dataclass(frozen=True, slots=True)
class _Batch:
    """The numbers of a batch of windows, on the CPU: (B,) each but `vectors` (B, H), and spans by words."""

    log_probabilities: list[float]
    margins: list[float]
    entropies: list[float]
    entities: list[float]
    spans: list[list[tuple[int, int, int, float]]]
    """(first word, end, label, confidence) within the window"""
    vectors: Tensor | None


def score(
    model: Model,
    texts: Sequence[Text],
    *,
    vectors: bool = False,
    should_stop: ShouldStop = lambda: False,
    on_progress: OnProgress = lambda progress: None,
) -> Iterator[ScoredDocument]:
    """Each text once, in an order of the scorer's own; a document is known by its id.

    Args:
        vectors: also give each document its `vector`.

    Raises Stopped when `should_stop` says so between two batches.
    """
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        part = texts[start : start + TEXTS_AT_ONCE]
        for done, document in enumerate(_score_part(model, part, vectors, should_stop), start=start + 1):
            on_progress(Progress("score", done, len(texts)))
            yield document


def _score_part(
    model: Model, texts: Sequence[Text], vectors: bool, should_stop: ShouldStop
) -> Iterator[ScoredDocument]:
    readings = [_Reading(len(text.tokens)) for text in texts]
    for text, reading in zip(texts, readings, strict=True):
        if not reading.words_left:
            yield _scored(text, reading)
    for emitted in model.read(texts, should_stop=should_stop):
        batch = _numbers(model, emitted, vectors)
        for row, document in enumerate(emitted.documents):
            reading = readings[document]
            _add(reading, batch, row, emitted.first_words[row], texts[document], model.labels)
            reading.words_left -= emitted.lengths[row]
            if not reading.words_left:
                yield _scored(texts[document], reading)
                reading.vector = None


@torch.inference_mode()
def _numbers(model: Model, emitted: Emitted, vectors: bool) -> _Batch:
    mask = emitted.mask
    _, paths = model.crf.decode(emitted.emissions, mask)
    marginals, log_partitions = model.crf.marginals(emitted.emissions, mask)
    # In float64: what a sure model leaves to doubt is far below the weight of a whole sequence.
    path_scores = model.crf.path_score(emitted.emissions.double(), paths, mask)
    best, second = marginals.topk(2, dim=2).values.unbind(2)
    unsure = (1 - best) * mask
    entropies = -torch.xlogy(marginals, marginals).sum(2) * mask
    return _Batch(
        log_probabilities=(path_scores - log_partitions).clamp(max=0.0).tolist(),
        margins=(best - second).masked_fill(~mask, 1.0).amin(1).tolist(),
        entropies=entropies.sum(1).tolist(),
        entities=(marginals[..., 1::2].sum(2) * mask).sum(1).tolist(),
        spans=_spans(paths * mask, marginals.gather(2, paths.unsqueeze(2)).squeeze(2)),
        vectors=torch.einsum("bw,bwh->bh", unsure.to(emitted.hidden.dtype), emitted.hidden).float().cpu()
        if vectors
        else None,
    )


def _spans(paths: Tensor, confidences: Tensor) -> list[list[tuple[int, int, int, float]]]:
    """The entities of each window: (first word, end, index of the label, smallest marginal)."""
    found: list[list[tuple[int, int, int, float]]] = [[] for _ in range(len(paths))]
    for row in paths.any(1).nonzero().squeeze(1).tolist():
        tags, sure = paths[row].tolist(), confidences[row].tolist()
        for start, tag in enumerate(tags):
            if tag % 2:  # B; I of the same label is the next number
                end = next((w for w in range(start + 1, len(tags)) if tags[w] != tag + 1), len(tags))
                found[row].append((start, end, tag // 2, min(sure[start:end])))
    return found


def _add(reading: _Reading, batch: _Batch, row: int, first_word: int, text: Text, labels: Sequence[str]) -> None:
    reading.log_probability += batch.log_probabilities[row]
    reading.margin = min(reading.margin, batch.margins[row])
    reading.entropy += batch.entropies[row]
    reading.entities += batch.entities[row]
    for start, end, label, confidence in batch.spans[row]:
        first, last = text.tokens[first_word + start], text.tokens[first_word + end - 1]
        reading.spans.append(PredictedSpan(first[0], last[1], labels[label], min(confidence, 1.0)))
    if batch.vectors is not None:
        vector = batch.vectors[row]
        reading.vector = vector if reading.vector is None else reading.vector + vector


def _scored(text: Text, reading: _Reading) -> ScoredDocument:
    words = len(text.tokens)
    return ScoredDocument(
        document_id=text.document_id,
        n_words=words,
        scores={
            "mnlp": scoring.sequence_mnlp(reading.log_probability, words),
            "mnlp_length": scoring.mnlp_length(reading.log_probability, words),
            "least_confidence": scoring.least_confidence(reading.log_probability),
            "margin": reading.margin,
            "entropy": reading.entropy / words if words else 0.0,
            "entities": reading.entities,
        },
        spans=tuple(sorted(reading.spans, key=lambda span: span.start)),
        vector=None if reading.vector is None else reading.vector.numpy(),
    )
