"""AdamW (Loshchilov and Hutter 2019) over a schedule, without the library's optimiser object.

Making one of those imports torch's compiler, 1.3 CPU seconds that a training of two seconds does
not have. The update itself is the library's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.optim.adamw import adamw

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class AdamW:
    def __init__(
        self,
        parameters: Iterable[Tensor],
        *,
        rate: float,
        factor: Callable[[int], float],
        weight_decay: float,
        largest_gradient: float,
    ) -> None:
        """Args:
        rate: learning rate, times `factor` of the step counted from 0.
        largest_gradient: norm to which the gradient of all parameters together is cut down.
        """
        self.parameters = list(parameters)
        self.rate, self.factor, self.weight_decay = rate, factor, weight_decay
        self.largest_gradient = largest_gradient
        self.steps = 0
        self.means = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.squares = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.counts = [torch.zeros((), dtype=torch.float32) for _ in self.parameters]

    @torch.no_grad()
    def step(self) -> None:
        """One update by the gradients there are, which are then gone."""
        torch.nn.utils.clip_grad_norm_(self.parameters, self.largest_gradient)
        adamw(
            self.parameters,
            [parameter.grad for parameter in self.parameters if parameter.grad is not None],
            self.means,
            self.squares,
            [],
            self.counts,
            fused=True,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=self.rate * self.factor(self.steps),
            weight_decay=self.weight_decay,
            eps=EPSILON,
            maximize=False,
        )
        self.steps += 1
        for parameter in self.parameters:
            parameter.grad = None


def linear_schedule(steps: int, warm_up: float) -> Callable[[int], float]:
    """Factor on the learning rate: linearly up over a share of the steps, then linearly to 0."""
    warm = max(1, int(warm_up * steps))
    return lambda step: min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))
