"""AdamW (Loshchilov and Hutter 2019) over a schedule, without the library's optimiser object.

Making one of those imports torch's compiler, 1.3 CPU seconds that a training of two seconds does
not have. The update itself is the library's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor
from torch.nn import utils
from torch.optim.adamw import adamw

BETAS = (0.9, 0.999)
EPSILON = 1e-8


class AdamW:
    def __init__(
        self,
        groups: Iterable[tuple[float, Sequence[Tensor]]],
        *,
        factor: Callable[[int], float],
        weight_decay: float,
        largest_gradient: float,
    ) -> None:
        """Args:
        groups: parameters with their learning rate, which is times `factor` of a step's number.
        largest_gradient: norm to which the gradient of all parameters together is cut down.
        """
        self._groups = [(rate, [_Moments(parameter) for parameter in parameters]) for rate, parameters in groups]
        self._all = [moments for _, group in self._groups for moments in group]
        self._factor, self._weight_decay, self._largest_gradient = factor, weight_decay, largest_gradient

    @torch.no_grad()
    def step(self, number: int) -> None:
        """One update by the gradients there are, which are then gone; `number` is its place in the schedule, from 0."""
        self._cut_down()
        for rate, group in self._groups:
            moved = [moments for moments in group if moments.parameter.grad is not None]
            adamw(
                [moments.parameter for moments in moved],
                [moments.parameter.grad for moments in moved],  # type: ignore[misc]
                [moments.mean for moments in moved],
                [moments.square for moments in moved],
                [],
                [moments.count for moments in moved],
                fused=True,
                amsgrad=False,
                beta1=BETAS[0],
                beta2=BETAS[1],
                lr=rate * self._factor(number),
                weight_decay=self._weight_decay,
                eps=EPSILON,
                maximize=False,
            )
        for moments in self._all:
            moments.parameter.grad = None

    def state(self) -> list[tuple[Tensor, Tensor, Tensor]]:
        """What `restore` takes, without the parameters themselves."""
        return [(moments.mean, moments.square, moments.count) for moments in self._all]

    def restore(self, state: Sequence[tuple[Tensor, Tensor, Tensor]]) -> None:
        """Go on from a `state` of an optimiser of the same groups."""
        for moments, (mean, square, count) in zip(self._all, state, strict=True):
            moments.mean.copy_(mean)
            moments.square.copy_(square)
            moments.count.copy_(count)

    def _cut_down(self) -> None:
        gradients = [moments.parameter.grad for moments in self._all if moments.parameter.grad is not None]
        norm = utils.get_total_norm(gradients)
        if norm > self._largest_gradient:  # else to multiply all of them by 1 would take as long as the norm
            utils.clip_grads_with_norm_([moments.parameter for moments in self._all], self._largest_gradient, norm)


class _Moments:
    """A parameter with the running means of its gradient and of the gradient's square."""

    def __init__(self, parameter: Tensor) -> None:
        self.parameter = parameter
        self.mean, self.square = torch.zeros_like(parameter), torch.zeros_like(parameter)
        self.count = torch.zeros((), dtype=torch.float32, device=parameter.device)


def linear_schedule(steps: int, warm_up: float) -> Callable[[int], float]:
    """Factor on the learning rate: linearly up over a share of the steps, then linearly to 0."""
    warm = max(1, int(warm_up * steps))
    return lambda step: min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))
