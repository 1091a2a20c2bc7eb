"""Training from the pretrained checkpoint to convergence."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence

import torch

from activelearning.engine.checkpoints import resolve
from activelearning.engine.crf import tag_names
from activelearning.engine.encoding import Window, WordEncoder
from activelearning.engine.model import Tagger, best_device, half_precision, load_encoder, plain_attention
from activelearning.engine.trained import TrainedModel
from activelearning.engine.types import (
    EngineError,
    Example,
    OnProgress,
    Progress,
    ShouldStop,
    Stopped,
    TrainConfig,
)
from annotation.domain.tags import spans_to_bio

LEAST_STEPS = 150
"""Fewer leave the tagger undertrained however small the data, and then its uncertainty means nothing."""
FULL_PASSES_UP_TO = 800
"""Examples that get 8 passes; those beyond get 4."""
WARM_UP = 0.1
WEIGHT_DECAY = 0.01
LARGEST_GRADIENT = 1.0
BUCKET = 8
"""Batches that are cut from one length-sorted stretch of the shuffled examples."""
REFERENCE_WIDTH = 384
"""Hidden size that the default learning rate was measured with; wider encoders want less, in proportion."""


def planned_steps(examples: int, batch_size: int, max_steps: int | None = None) -> int:
    """Optimiser steps for this many training sequences."""
    passes = 8 * min(examples, FULL_PASSES_UP_TO) + 4 * max(0, examples - FULL_PASSES_UP_TO)
    steps = max(LEAST_STEPS, math.ceil(passes / batch_size))
    return steps if max_steps is None else min(steps, max_steps)


def schedule(steps: int) -> Callable[[int], float]:
    """Factor on the learning rate at each step: linear warm-up over a tenth, then linearly to 0."""
    warm = max(1, int(WARM_UP * steps))
    return lambda step: min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))


def fit(
    examples: Sequence[Example],
    config: TrainConfig,
    *,
    should_stop: ShouldStop = lambda: False,
    on_progress: OnProgress = lambda progress: None,
    device: torch.device | None = None,
) -> TrainedModel:
    """Train a new tagger from the checkpoint's weights, with a schedule of its own.

    The same examples in the same order, config and hardware give the same weights.

    Raises EngineError when there is nothing to learn from, CheckpointError for an unusable
    checkpoint, Stopped when `should_stop` says so between two steps.
    """
    device = device or best_device()
    checkpoint = resolve(config.checkpoint)
    torch.manual_seed(config.seed)
    encoder, words = load_encoder(checkpoint)
    windows = training_windows(examples, config.labels, words)
    tagger = Tagger(encoder, config.labels).to(device)
    steps = planned_steps(len(windows), config.batch_size, config.max_steps)
    optimizer = _optimizer(tagger, config)
    factors = torch.optim.lr_scheduler.LambdaLR(optimizer, schedule(steps))
    batches = _batches(windows, config.batch_size, random.Random(config.seed))  # noqa: S311  reproducible order
    tagger.train()
    with plain_attention(tagger.encoder, device):
        for step in range(1, steps + 1):
            if should_stop():
                raise Stopped
            batch = words.collate(next(batches)).to(device)
            with half_precision(device):
                loss = tagger.loss(batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(tagger.learned().values(), LARGEST_GRADIENT)
            optimizer.step()
            factors.step()
            on_progress(Progress("fit", step, steps, loss.item()))
    return TrainedModel(tagger.eval(), words, checkpoint, config.labels, device)


def training_windows(examples: Sequence[Example], labels: Sequence[str], words: WordEncoder) -> list[Window]:
    """Windows with tags; documents without words are left out."""
    if not labels:
        raise EngineError("There is no label to learn.")
    index = {tag: number for number, tag in enumerate(tag_names(labels))}
    known = set(labels)
    tags = [
        [index[tag] for tag in spans_to_bio(example.tokens, [span for span in example.spans if span.label in known])]
        for example in examples
    ]
    windows = words.windows(examples, tags)
    if not any(any(window.tags or ()) for window in windows):
        raise EngineError("None of the labelled documents has an entity with a label in use.")
    return windows


def _optimizer(tagger: Tagger, config: TrainConfig) -> torch.optim.Optimizer:
    learned = tagger.learned()
    scale = min(1.0, REFERENCE_WIDTH / int(tagger.encoder.config.hidden_size))
    groups = [
        {"params": [p for n, p in learned.items() if n.startswith("encoder.")], "lr": config.learning_rate * scale},
        {"params": [p for n, p in learned.items() if not n.startswith("encoder.")], "lr": config.head_learning_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY, fused=True)


def _batches(windows: list[Window], size: int, order: random.Random) -> Iterator[list[Window]]:
    """Endless shuffled batches of windows of similar length."""
    while True:
        shuffled = order.sample(windows, len(windows))
        for start in range(0, len(shuffled), size * BUCKET):
            stretch = sorted(shuffled[start : start + size * BUCKET], key=lambda window: len(window.pieces))
            batches = [stretch[begin : begin + size] for begin in range(0, len(stretch), size)]
            order.shuffle(batches)
            yield from batches
