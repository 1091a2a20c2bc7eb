"""The fast tier: a small sequence head with a CRF on cached features of the frozen encoder.

Always on the CPU: a chain of small products waits longer for a GPU than it takes here.

Shen et al. 2018 retrain a light tagger each round; FAMIE (Nguyen et al. 2022) keeps a small proxy
beside the large model for the same reason. Ours never runs the encoder twice for a text.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from activelearning.engine.cache import WordFeatures
from activelearning.engine.checkpoints import Checkpoint, resolve
from activelearning.engine.crf import Crf
from activelearning.engine.devices import CPU, half_precision
from activelearning.engine.features import FeatureStore, shared_store
from activelearning.engine.head import Head
from activelearning.engine.labels import begun, longer, shares, tag_indices
from activelearning.engine.optimizer import AdamW, linear_schedule
from activelearning.engine.reading import Emitted, segments
from activelearning.engine.types import Example, OnProgress, Progress, ShouldStop, Stopped, Text, Tier, TrainConfig

LONGEST = 128
"""Words decoded together; longer texts are cut after a sentence."""

BATCH = 16
LEAST_STEPS, MOST_STEPS = 250, 3000
EIGHT_PASSES_UP_TO = 1600
"""Sequences that a training from scratch reads eight times; those beyond are read four times."""
WARM_STEPS = 100
LEARNING_RATE, WARM_LEARNING_RATE = 2e-3, 1e-3
WARM_UP = 0.1
WEIGHT_DECAY = 0.01
LARGEST_GRADIENT = 5.0
BUCKET = 8
WORDS_PER_BATCH = 4096


@dataclass(frozen=True, slots=True)
class FastModel:
    """A head in evaluation mode with the features it reads."""

    head: Head
    features: FeatureStore
    labels: tuple[str, ...]

    tier = Tier.FAST

    @property
    def checkpoint(self) -> Checkpoint:
        return self.features.checkpoint

    @property
    def device(self) -> torch.device:
        return CPU

    @property
    def crf(self) -> Crf:
        return self.head.crf

    @torch.inference_mode()
    def read(self, texts: Sequence[Text], *, should_stop: ShouldStop = lambda: False) -> Iterator[Emitted]:
        """As `reading.Model`."""
        found = self.features.of(texts, should_stop=should_stop)
        pieces = [
            Piece(index, start, end - start)
            for index, text in enumerate(texts)
            for start, end in (segments(text.words, LONGEST) if len(text.tokens) > LONGEST else _whole(text))
        ]
        for batch in _sorted_batches(pieces):
            if should_stop():
                raise Stopped
            with half_precision(CPU):
                emissions, hidden = self.emitted(found, batch)
            yield Emitted(
                [piece.document for piece in batch],
                [piece.first_word for piece in batch],
                [piece.length for piece in batch],
                emissions,
                _mask(batch),
                hidden,
            )

    def emitted(self, found: Sequence[WordFeatures], pieces: Sequence[Piece]) -> tuple[Tensor, Tensor]:
        """Tag scores of pieces of documents with these features, (B, W, T) float32, and what they are made from, (B, W, H)."""
        states, codes, mask = _collate(found, pieces)
        hidden = self.head.hidden(states, codes, mask)
        return self.head.emissions(hidden), hidden

    def save(self, folder: Path) -> None:
        """As `reading.Model`."""
        from activelearning.engine.trained import write

        write(folder, self, dict(self.head.named_parameters()))


def restore(checkpoint: Checkpoint, labels: tuple[str, ...], features: FeatureStore | None) -> FastModel:
    """An untrained head of the right shape for `trained.load` to fill."""
    store = features if features is not None else shared_store(checkpoint)
    return FastModel(Head(store.width, labels).eval(), store, labels)


def planned_steps(sequences: int, labels: int, *, warm: bool, max_steps: int | None = None) -> int:
    """Optimiser steps: never few, however small the data; an undertrained tagger's uncertainty means nothing.

    Nor few for much data, for then each label added takes the place of one that would have been read again, and F1
    falls with more labels. With `max_steps` every sequence is read eight times, as far as that bound goes.
    """
    beyond = max(0, sequences - EIGHT_PASSES_UP_TO) if max_steps is None else 0
    steps = WARM_STEPS if warm else max(LEAST_STEPS, math.ceil((8 * sequences - 4 * beyond) / BATCH))
    most = round(longer(labels) * MOST_STEPS) if max_steps is None else max_steps
    return min(round(longer(labels) * steps), most)


def fit(
    examples: Sequence[Example],
    config: TrainConfig,
    *,
    features: FeatureStore | None = None,
    warm_start: FastModel | None = None,
    should_stop: ShouldStop = lambda: False,
    on_progress: OnProgress = lambda progress: None,
    device: torch.device | None = None,
) -> FastModel:
    """Train a head, from new weights or going on from those of `warm_start` (same labels and checkpoint).

    The same examples in the same order, features and config give the same weights.

    Raises EngineError when there is nothing to learn from, CheckpointError for an unusable
    checkpoint, Stopped when `should_stop` says so between two steps. `device` is without effect.
    """
    store = features if features is not None else FeatureStore(resolve(config.checkpoint))
    tags = tag_indices(examples, config.labels)
    torch.manual_seed(config.seed)
    head = Head(store.width, config.labels)
    warm = warm_start is not None and warm_start.labels == config.labels
    if warm_start is not None and warm:
        head.load_state_dict(warm_start.head.state_dict())
    data = TrainingWords(store.of(examples, should_stop=should_stop), examples, tags)
    steps = planned_steps(len(data.pieces), len(config.labels), warm=warm, max_steps=config.max_steps)
    rate = WARM_LEARNING_RATE if warm else LEARNING_RATE
    learn(head, data, steps, rate, config.seed, should_stop=should_stop, on_progress=on_progress)
    return FastModel(head.eval(), store, config.labels)


def learn(
    head: Head,
    data: TrainingWords,
    steps: int,
    rate: float,
    seed: int,
    *,
    should_stop: ShouldStop = lambda: False,
    on_progress: OnProgress = lambda progress: None,
) -> None:
    """Change the head's weights by `steps` batches, with a learning rate that rises to `rate` and falls to 0."""
    optimizer = AdamW(
        [(rate, [parameter for parameter in head.parameters() if parameter.requires_grad])],
        factor=linear_schedule(steps, WARM_UP),
        weight_decay=WEIGHT_DECAY,
        largest_gradient=LARGEST_GRADIENT,
    )
    batches = _shuffled_batches(data.pieces, random.Random(seed))  # noqa: S311  reproducible order
    head.train()
    for step in range(1, steps + 1):
        if should_stop():
            raise Stopped
        batch = next(batches)
        states, codes, mask, gold = data.collate(batch)
        with half_precision(CPU):
            emissions = head.emissions(head.hidden(states, codes, mask))
        loss = head.crf.loss(emissions, gold, mask, data.weights(batch))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step(step - 1)
        on_progress(Progress("fit", step, steps, loss.item()))


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a document that is decoded by itself."""

    document: int
    first_word: int
    length: int


class TrainingWords:
    """All words of the labelled documents in three flat tensors; the last row is padding."""

    def __init__(
        self, found: Sequence[WordFeatures], examples: Sequence[Example], tags: Sequence[Sequence[int]]
    ) -> None:
        self.states = torch.cat(
            [*(item.states for item in found), found[0].states.new_zeros(1, found[0].states.shape[1])]
        )
        self.states = self.states.float()
        self.codes = torch.cat([*(item.codes for item in found), found[0].codes.new_zeros(1, 4)]).long()
        self.pieces: list[Piece] = []
        gold: list[int] = []
        for number, (example, row) in enumerate(zip(examples, tags, strict=True)):
            for first, end in segments(example.words, LONGEST):
                self.pieces.append(Piece(number, len(gold), end - first))
                gold += begun(row[first:end])
        self.tags = torch.tensor([*gold, 0])
        self._shares = shares([example.weight for example in examples], [len(row) for row in tags])

    def collate(self, batch: Sequence[Piece]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """States (B, W, H), codes (B, W, 4), mask (B, W), tags (B, W)."""
        starts = torch.tensor([piece.first_word for piece in batch]).unsqueeze(1)
        mask = _mask(batch)
        words = torch.where(mask, starts + torch.arange(mask.shape[1]), len(self.tags) - 1)
        return self.states[words], self.codes[words], mask, self.tags[words]

    def weights(self, batch: Sequence[Piece]) -> Tensor | None:
        """What each piece counts, (B,); None where all count the same."""
        return None if self._shares is None else torch.tensor([self._shares[piece.document] for piece in batch])


def _whole(text: Text) -> list[tuple[int, int]]:
    return [(0, len(text.tokens))] if text.tokens else []


def _mask(batch: Sequence[Piece]) -> Tensor:
    lengths = torch.tensor([piece.length for piece in batch])
    return torch.arange(int(lengths.max())) < lengths.unsqueeze(1)


def _collate(found: Sequence[WordFeatures], batch: Sequence[Piece]) -> tuple[Tensor, Tensor, Tensor]:
    """States (B, W, H) as they are kept, codes (B, W, 4) and mask (B, W)."""
    cuts = [(found[piece.document], piece.first_word, piece.first_word + piece.length) for piece in batch]
    states = nn.utils.rnn.pad_sequence([item.states[start:end] for item, start, end in cuts], batch_first=True)
    codes = nn.utils.rnn.pad_sequence([item.codes[start:end] for item, start, end in cuts], batch_first=True)
    return states, codes.long(), _mask(batch)


def _sorted_batches(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Pieces of similar length, at most `WORDS_PER_BATCH` words with padding, shortest first."""
    batch: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.length):
        if batch and piece.length * (len(batch) + 1) > WORDS_PER_BATCH:
            yield batch
            batch = []
        batch.append(piece)
    if batch:
        yield batch


def _shuffled_batches(pieces: Sequence[Piece], order: random.Random) -> Iterator[list[Piece]]:
    """Endless shuffled batches of pieces of similar length."""
    while True:
        shuffled = order.sample(pieces, len(pieces))
        for start in range(0, len(shuffled), BATCH * BUCKET):
            stretch = sorted(shuffled[start : start + BATCH * BUCKET], key=lambda piece: piece.length)
            batches = [stretch[begin : begin + BATCH] for begin in range(0, len(stretch), BATCH)]
            order.shuffle(batches)
            yield from batches
