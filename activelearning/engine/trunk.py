"""The encoder's frozen lower layers: run once for each window, not once for each step.

What they make of a window is kept, and a step starts with the first layer that learns. The
library's own code still runs around them, so masks, relative positions and whatever else a family
of encoders prepares stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from activelearning.engine.devices import half_precision, half_type
from activelearning.engine.encoding import Window, WordEncoder
from activelearning.engine.model import Tagger
from activelearning.engine.types import ShouldStop, Stopped

LARGEST = 1 << 30
"""Bytes of states that are kept; with more to learn from, every step runs all layers."""
WINDOWS_AT_ONCE = 32
LARGEST_DIFFERENCE = 0.05
"""Between the two ways, relative; half precision makes a hundredth, a misread encoder makes more than 1."""


@torch.no_grad()
def run_once(
    tagger: Tagger, words: WordEncoder, windows: Sequence[Window], device: torch.device, should_stop: ShouldStop
) -> list[Tensor] | None:
    """What enters the tagger's upper layers for each window, (its sub-words, H), on the device.

    None where that is too much to keep, or where this encoder's layers cannot be left out.
    Raises Stopped when `should_stop` says so between two batches.
    """
    kind = half_type(device)
    size = sum(len(window.pieces) for window in windows) * int(tagger.encoder.config.hidden_size) * kind.itemsize
    if not tagger.lower or size > LARGEST:
        return None
    found: dict[int, Tensor] = {}
    order = sorted(range(len(windows)), key=lambda index: len(windows[index].pieces))
    for start in range(0, len(order), WINDOWS_AT_ONCE):
        if should_stop():
            raise Stopped
        part = order[start : start + WINDOWS_AT_ONCE]
        batch = words.collate([windows[index] for index in part]).to(device)
        with half_precision(device):
            entering = tagger.entering(batch)
        if entering.shape[:2] != batch.pieces.shape:
            return None
        for index, row in zip(part, entering.to(kind), strict=True):
            found[index] = row[: len(windows[index].pieces)].clone()
    states = [found[index] for index in range(len(windows))]
    return states if _same(tagger, words, windows[:1], states[:1], device) else None


def _same(
    tagger: Tagger, words: WordEncoder, windows: Sequence[Window], states: Sequence[Tensor], device: torch.device
) -> bool:
    batch = words.collate(windows).to(device)
    whole, short = tagger.hidden(batch), tagger.hidden(batch, padded(states))
    return bool((whole - short).norm() <= LARGEST_DIFFERENCE * whole.norm())


def padded(states: Sequence[Tensor]) -> Tensor:
    """(B, P, H) with zeros after the end of each."""
    return nn.utils.rnn.pad_sequence(list(states), batch_first=True)
