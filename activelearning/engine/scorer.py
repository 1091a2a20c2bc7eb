"""Reading texts with a trained model: uncertainty and entities in one pass."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch

from activelearning.domain import scoring
from activelearning.engine.crf import tag_names
from activelearning.engine.encoding import Window
from activelearning.engine.trained import TrainedModel
from activelearning.engine.types import (
    OnProgress,
    PredictedSpan,
    Progress,
    ScoredDocument,
    ShouldStop,
    Stopped,
    Text,
)
from annotation.domain.tags import bio_to_spans

PIECES_PER_BATCH = 2048
TEXTS_AT_ONCE = 4096
"""Texts whose windows are held and sorted together."""


@dataclass(slots=True)
class _Reading:
    """What is known about one document so far; windows arrive in any order."""

    windows: int
    log_probability: float = 0.0
    words: dict[int, tuple[int, list[float]]] = field(default_factory=dict)
    """Word index → best tag, log-probability of every tag."""


def score(
    model: TrainedModel,
    texts: Sequence[Text],
    *,
    should_stop: ShouldStop = lambda: False,
    on_progress: OnProgress = lambda progress: None,
    pieces_per_batch: int = PIECES_PER_BATCH,
) -> Iterator[ScoredDocument]:
    """Each text once, in an order of the scorer's own; a document is known by its id.

    In full precision, so that a document's numbers do not depend on what it is batched with.
    Raises Stopped when `should_stop` says so between two batches.
    """
    model.tagger.eval()
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        part = texts[start : start + TEXTS_AT_ONCE]
        for done, document in enumerate(_score_part(model, part, should_stop, pieces_per_batch), start=start + 1):
            on_progress(Progress("score", done, len(texts)))
            yield document


def _score_part(
    model: TrainedModel, texts: Sequence[Text], should_stop: ShouldStop, pieces_per_batch: int
) -> Iterator[ScoredDocument]:
    windows = model.words.windows(texts)
    readings = [_Reading(0) for _ in texts]
    for window in windows:
        readings[window.document].windows += 1
    for text, reading in zip(texts, readings, strict=True):
        if not reading.windows:
            yield _scored(model, text, reading)
    for batch in _batches(windows, pieces_per_batch):
        if should_stop():
            raise Stopped
        _read(model, batch, readings)
        for window in batch:
            reading = readings[window.document]
            reading.windows -= 1
            if not reading.windows:
                yield _scored(model, texts[window.document], reading)
                reading.words.clear()


def _batches(windows: Sequence[Window], pieces_per_batch: int) -> Iterator[list[Window]]:
    """Windows of similar length, at most `pieces_per_batch` sub-words with padding, shortest first."""
    batch: list[Window] = []
    for window in sorted(windows, key=lambda window: len(window.pieces)):
        if batch and len(window.pieces) * (len(batch) + 1) > pieces_per_batch:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


@torch.inference_mode()
def _read(model: TrainedModel, windows: Sequence[Window], readings: Sequence[_Reading]) -> None:
    batch = model.words.collate(windows).to(model.device)
    emissions = model.tagger.emissions(batch)
    path_scores, paths = model.tagger.crf.decode(emissions, batch.mask)
    marginals, log_partitions = model.tagger.crf.log_marginals(emissions, batch.mask)
    log_probabilities = (path_scores - log_partitions).clamp(max=0.0).tolist()
    for window, log_probability, path, words in zip(
        windows, log_probabilities, paths.tolist(), marginals.tolist(), strict=True
    ):
        reading = readings[window.document]
        reading.log_probability += log_probability
        for word in range(len(window.heads)):
            reading.words[window.first_word + word] = path[word], words[word]


def _scored(model: TrainedModel, text: Text, reading: _Reading) -> ScoredDocument:
    words = [reading.words[index] for index in range(len(text.tokens))]
    distributions = [distribution for _, distribution in words]
    return ScoredDocument(
        document_id=text.document_id,
        n_words=len(words),
        scores={
            "mnlp": scoring.sequence_mnlp(reading.log_probability, len(words)),
            "least_confidence": scoring.least_confidence(reading.log_probability),
            "margin": scoring.margin(distributions),
            "entropy": scoring.entropy(distributions),
        },
        spans=tuple(_spans(text, words, tag_names(model.labels))),
    )


def _spans(text: Text, words: Sequence[tuple[int, Sequence[float]]], names: Sequence[str]) -> Iterator[PredictedSpan]:
    sure = {start: math.exp(row[tag]) for (start, _), (tag, row) in zip(text.tokens, words, strict=True)}
    for span in bio_to_spans(text.tokens, [names[tag] for tag, _ in words]):
        confidence = min(value for start, value in sure.items() if span.start <= start < span.end)
        yield PredictedSpan(span.start, span.end, span.label, confidence)
