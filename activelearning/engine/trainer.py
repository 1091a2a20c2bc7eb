"""Training a model of either tier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from activelearning.engine import fast
from activelearning.engine.features import FeatureStore
from activelearning.engine.reading import Model
from activelearning.engine.types import Example, OnProgress, ShouldStop, Tier, TrainConfig


def fit(
    examples: Sequence[Example],
    config: TrainConfig,
    *,
    features: FeatureStore | None = None,
    warm_start: fast.FastModel | None = None,
    partial: Path | None = None,
    should_stop: ShouldStop = lambda: False,
    on_progress: OnProgress = lambda progress: None,
    device: torch.device | None = None,
) -> Model:
    """Train a model of the tier that `config` names.

    Args:
        examples: the labelled documents.
        config: what to train.
        features: where a fast model finds and keeps the encoder's output; one of the full tier has one beside it.
        warm_start: a fast model of the same labels and checkpoint to go on from; the full tier starts anew.
        partial: folder where the full tier keeps what it needs to go on after a stop, as `full.fit`; the fast
            tier is over too soon to need one.
        should_stop: asked between two steps.
        on_progress: told after each step.
        device: the best there is if None.

    Raises EngineError when there is nothing to learn from, CheckpointError for an unusable
    checkpoint, Stopped when `should_stop` says so.
    """
    if config.tier == Tier.FAST:
        return fast.fit(
            examples,
            config,
            features=features,
            warm_start=warm_start,
            should_stop=should_stop,
            on_progress=on_progress,
            device=device,
        )
    # Not at the top: it brings a library that takes seconds to import.
    from activelearning.engine import full

    return full.fit(
        examples,
        config,
        features=features,
        partial=partial,
        should_stop=should_stop,
        on_progress=on_progress,
        device=device,
    )
