"""The ends of an interval from resampled documents."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from annotation.domain import resampling

Floats = npt.NDArray[np.float64]


def corrected(drawn: Floats, value: float, without: Floats) -> tuple[float, float]:
    """95 % interval by the percentiles that `resampling.levels` names.

    Args:
        drawn: the figure of each sample; NaN where it is undefined.
        value: the figure of all documents.
        without: the figure with each document left out; NaN where it is undefined.
    """
    drawn, without = drawn[np.isfinite(drawn)], without[np.isfinite(without)]
    # Draws equal to the value, but for rounding, lie on both sides.
    near = 1e-12 * max(1.0, abs(value))
    below = ((drawn < value - near).sum() + 0.5 * (np.abs(drawn - value) <= near).sum()) / len(drawn)
    influence = without.mean() - without if len(without) else without
    spread = float((influence**2).sum())
    acceleration = float((influence**3).sum()) / (6 * spread**1.5) if spread > near**2 else 0.0
    low, high = np.quantile(drawn, resampling.levels(float(below), acceleration, len(without), len(drawn)))
    return float(low), float(high)
