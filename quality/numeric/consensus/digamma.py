"""The digamma function: the expected logarithm of a probability under a Dirichlet needs it."""

from __future__ import annotations

import numpy as np

from quality.numeric.consensus.chain import Floats

_SHIFT = 6


def digamma(x: Floats) -> Floats:
    """ψ(x) for x > 0 to nine digits: ψ(x) = ψ(x + 6) - Σ 1/(x + i), the former by its series.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 6.3.5 and 6.3.18.
    """
    below = np.zeros_like(x)
    for step in range(_SHIFT):
        below += 1 / (x + step)
    far = x + _SHIFT
    square = 1 / (far * far)
    series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132))))
    result: Floats = np.log(far) - 0.5 / far - series - below
    return result
