"""Learning with an encoder that computes in half precision."""

from __future__ import annotations

import torch
from torch import nn

from activelearning.engine.model import Tagger

ENCODER = "encoder."


class Weights:
    """The encoder computes with halved weights; behind them are the full ones that an optimiser changes.

    Autocast would convert all weights and most activations anew at each step: a quarter of its time.
    Buffers keep their precision (angles of rotary positions need it).
    """

    def __init__(self, tagger: Tagger, kind: torch.dtype) -> None:
        self._original = {parameter: parameter.data for parameter in tagger.encoder.parameters()}
        learned = {name: p for name, p in tagger.named_parameters() if p.requires_grad}
        self._halved = {name: p for name, p in learned.items() if name.startswith(ENCODER)}
        self.full = {name: nn.Parameter(p.data) if name in self._halved else p for name, p in learned.items()}
        """What the optimiser changes, by the names in the tagger."""
        for parameter, data in self._original.items():
            parameter.data = data.to(kind)

    def take_gradients(self) -> None:
        """From the halved weights to the full ones."""
        for name, parameter in self._halved.items():
            self.full[name].grad = None if parameter.grad is None else parameter.grad.float()
            parameter.grad = None

    @torch.no_grad()
    def hand_out(self) -> None:
        """Give the changed weights to the encoder."""
        torch._foreach_copy_(list(self._halved.values()), [self.full[name] for name in self._halved])

    def restore(self) -> None:
        """Let the encoder compute with the full weights again."""
        for parameter, data in self._original.items():
            parameter.data = data
