"""The full tier: layers of the encoder learn, from the checkpoint's weights to convergence.

The model has a fast one beside it, of the same documents: what both think of a text is pooled
(Smith, Cohn and Osborne 2005). It takes a tenth of the time and the pool is better than either.
"""

from __future__ import annotations

import hashlib
import math
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from activelearning.engine import fast, trunk
from activelearning.engine.checkpoints import resolve
from activelearning.engine.devices import best_device, half_type
from activelearning.engine.encoding import Window
from activelearning.engine.features import FeatureStore
from activelearning.engine.labels import longer, shares, tag_indices
from activelearning.engine.model import Tagger, load_encoder, plain_attention
from activelearning.engine.optimizer import AdamW, linear_schedule
from activelearning.engine.trained import TrainedModel
from activelearning.engine.types import Example, OnProgress, Progress, ShouldStop, Stopped, Tier, TrainConfig
from activelearning.engine.weights import ENCODER, Weights

LEAST_STEPS = 150
"""Fewer leave the tagger undertrained however small the data, and then its uncertainty means nothing."""
FULL_PASSES_UP_TO = 800
"""Examples that get 8 passes; those beyond get 4."""
LEARNED = 0.001
"""Mean loss per word, each window's last, at which nothing is left to learn: each word's tag is 99.9 % sure."""
WARM_UP = 0.1
WEIGHT_DECAY = 0.01
LARGEST_GRADIENT = 1.0
BUCKET = 8
"""Batches that are cut from one length-sorted stretch of the shuffled examples; 16 pad less and learned worse."""
REFERENCE_WIDTH = 384
"""Hidden size that the default learning rate was measured with; wider encoders want less, in proportion."""
LAYER_DECAY = 0.9
"""Factor on the learning rate from each layer to the one below it (Howard and Ruder 2018, section 3.2)."""
SAVE_INTERVAL_S = 30.0
STATE = "state.pt"
FORMAT = 3
"""Of that file; one of another number is ignored."""


def planned_steps(examples: int, batch_size: int, labels: int, max_steps: int | None = None) -> int:
    """Optimiser steps for this many training sequences and labels."""
    passes = 8 * min(examples, FULL_PASSES_UP_TO) + 4 * max(0, examples - FULL_PASSES_UP_TO)
    steps = round(longer(labels) * max(LEAST_STEPS, math.ceil(passes / batch_size)))
    return steps if max_steps is None else min(steps, max_steps)


def fit(
    examples: Sequence[Example],
    config: TrainConfig,
    *,
    features: FeatureStore | None = None,
    partial: Path | None = None,
    should_stop: ShouldStop = lambda: False,
    on_progress: OnProgress = lambda progress: None,
    device: torch.device | None = None,
) -> TrainedModel:
    """Train a tagger from the checkpoint's weights, with a schedule of its own, and a fast model beside it.

    The same examples in the same order, config and hardware give the same weights, on a CPU also
    when the training was stopped and went on.

    Args:
        features: where the fast model finds and keeps the encoder's output.
        partial: folder with what is needed to go on after a stop; written every half minute and when
            stopped, and left for the caller to remove once the model is saved. One of another training
            is ignored.

    Raises EngineError when there is nothing to learn from, CheckpointError for an unusable
    checkpoint, Stopped when `should_stop` says so between two steps.
    """
    beside = fast.fit(examples, replace(config, tier=Tier.FAST), features=features, should_stop=should_stop)
    alone = fit_tagger(
        examples, config, partial=partial, should_stop=should_stop, on_progress=on_progress, device=device
    )
    return replace(alone, beside=beside)


def fit_tagger(
    examples: Sequence[Example],
    config: TrainConfig,
    *,
    partial: Path | None = None,
    should_stop: ShouldStop = lambda: False,
    on_progress: OnProgress = lambda progress: None,
    device: torch.device | None = None,
) -> TrainedModel:
    """As `fit`, without a fast model beside it."""
    device = device or best_device()
    checkpoint = resolve(config.checkpoint)
    tags = tag_indices(examples, config.labels)
    torch.manual_seed(config.seed)
    encoder, words = load_encoder(checkpoint)
    windows = words.windows(examples, tags)
    tagger = Tagger(encoder, config.labels).to(device).eval()
    states = trunk.run_once(tagger, words, windows, device, should_stop)
    counts = shares([examples[window.document].weight for window in windows], [len(window.heads) for window in windows])
    training = _Training(tagger, windows, counts, config, device)
    if partial is not None:
        training.resume(partial)
    saved = time.monotonic()
    with plain_attention(encoder, device):
        for batch in training.batches():
            stopping = should_stop()
            if partial is not None and (stopping or time.monotonic() > saved + SAVE_INTERVAL_S):
                training.save(partial)
                saved = time.monotonic()
            if stopping:
                raise Stopped
            collated = words.collate([windows[index] for index in batch]).to(device)
            entering = None if states is None else trunk.padded([states[index] for index in batch])
            loss = training.learn(batch, tagger.losses(collated, entering))
            on_progress(Progress("fit", training.step, training.steps, loss))
    training.weights.restore()
    return TrainedModel(tagger.eval(), words, checkpoint, config.labels, device)


class _Training:
    """What changes from step to step; it can be put down in a file and taken up again."""

    def __init__(
        self,
        tagger: Tagger,
        windows: Sequence[Window],
        counts: Sequence[float] | None,
        config: TrainConfig,
        device: torch.device,
    ) -> None:
        self.steps = planned_steps(len(windows), config.batch_size, len(config.labels), config.max_steps)
        self.step = 0
        self.weights = Weights(tagger.train(), half_type(device))
        self._config = config
        self._lengths = [len(window.pieces) for window in windows]
        self._words = torch.tensor([len(window.heads) for window in windows])
        self._optimizer = AdamW(
            _groups(tagger, self.weights, config),
            factor=linear_schedule(self.steps, WARM_UP),
            weight_decay=WEIGHT_DECAY,
            largest_gradient=LARGEST_GRADIENT,
        )
        self._counts = None if counts is None else torch.tensor(counts, device=device)
        self._lost = torch.full((len(windows),), math.inf)
        """Each window's loss when it was last read."""
        taught = repr((FORMAT, self.steps, config, [(window.pieces, window.tags) for window in windows], counts))
        self._taught = hashlib.sha256(taught.encode()).hexdigest()

    def batches(self) -> Iterator[list[int]]:
        """Indices of the windows of each step that is left, until all are done or nothing is left to learn."""
        order = random.Random(self._config.seed)  # noqa: S311  reproducible order
        for windows in islice(_shuffled(self._lengths, self._config.batch_size, order), self.step, self.steps):
            if self._learned():
                return
            yield windows

    def learn(self, windows: Sequence[int], losses: Tensor) -> float:
        """One step of the optimiser, from the windows' losses (B,); returns the batch's per word."""
        words = int(self._words[windows].sum())
        counted = losses if self._counts is None else losses * self._counts[windows]
        (counted.sum() / words).backward()  # type: ignore[no-untyped-call]
        self.weights.take_gradients()
        self._optimizer.step(self.step)
        self.weights.hand_out()
        self._lost[windows] = losses.detach().float().cpu()
        self.step += 1
        return float(self._lost[windows].sum()) / words

    def save(self, folder: Path) -> None:
        """All of it or nothing, into `folder`, which is made."""
        state = {
            "taught": self._taught,
            "step": self.step,
            "lost": self._lost,
            "weights": {name: parameter.data for name, parameter in self.weights.full.items()},
            "optimizer": self._optimizer.state(),
            "chance": torch.get_rng_state(),
        }
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(state, folder / f"{STATE}.new")
        (folder / f"{STATE}.new").replace(folder / STATE)

    def resume(self, folder: Path) -> None:
        """Go on from what `save` wrote; a state that is not there, is damaged or belongs to another training is ignored."""
        try:
            state = torch.load(folder / STATE, map_location="cpu", weights_only=True)
        except Exception:  # noqa: BLE001  a power cut leaves anything behind, and torch has no one error for it
            return
        if state["taught"] != self._taught:
            return
        with torch.no_grad():
            for name, parameter in self.weights.full.items():
                parameter.copy_(state["weights"][name])
        self.weights.hand_out()
        self._optimizer.restore(state["optimizer"])
        self._lost = state["lost"]
        self.step = state["step"]
        torch.set_rng_state(state["chance"])

    def _learned(self) -> bool:
        return float(self._lost.sum()) < LEARNED * int(self._words.sum())


def _groups(tagger: Tagger, weights: Weights, config: TrainConfig) -> Iterable[tuple[float, list[Tensor]]]:
    """Parameters with their highest learning rate: the head's, and the encoder's from the top layer down."""
    highest = config.learning_rate * min(1.0, REFERENCE_WIDTH / int(tagger.encoder.config.hidden_size))
    below: dict[Tensor, int] = {
        parameter: depth for depth, layer in enumerate(reversed(tagger.upper)) for parameter in layer.parameters()
    }
    groups: dict[float, list[Tensor]] = {}
    for name, parameter in tagger.learned().items():
        inside = name.startswith(ENCODER)
        rate = highest * LAYER_DECAY ** below.get(parameter, 0) if inside else config.head_learning_rate
        groups.setdefault(rate, []).append(weights.full[name])
    return groups.items()


def _shuffled(lengths: Sequence[int], size: int, order: random.Random) -> Iterator[list[int]]:
    """Endless shuffled batches of windows of similar length, by index."""
    while True:
        shuffled = order.sample(range(len(lengths)), len(lengths))
        for start in range(0, len(shuffled), size * BUCKET):
            stretch = sorted(shuffled[start : start + size * BUCKET], key=lengths.__getitem__)
            batches = [stretch[begin : begin + size] for begin in range(0, len(stretch), size)]
            order.shuffle(batches)
            yield from batches
