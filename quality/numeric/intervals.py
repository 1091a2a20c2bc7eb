"""Intervals by resampling documents.

Documents, not tokens or spans, are drawn: what two people do in one text hangs together, and
resampled tokens would give an interval several times too narrow.

Which percentiles are read, `resampling` says; the acceleration comes from leaving out each
document once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

from annotation.domain import resampling

FloatArray = npt.NDArray[np.float64]
Statistic = Callable[[FloatArray], FloatArray]
"""Sums of rows, one sum per line → the figure of each, NaN where it is undefined."""

DRAWS = 1_000
DRAWS_OF_MANY = 200
MANY = 10_000
"""With more documents than that, 200 draws: the interval is narrow, and its ends need no third digit."""
MIN_DOCUMENTS = 5
"""Fewer resampled documents give an interval that only looks like one."""
BATCH_CELLS = 2 * 10**6
KEPT_ROWS = 150
"""Draws of up to so many rows are kept for the next figure; 64 of them take 80 MB at most."""


@dataclass(frozen=True)
class Interval:
    """95 % interval over resampled documents."""

    low: float
    high: float
    documents: int


def interval(rows: FloatArray, statistic: Statistic, *, draws: int | None = None, seed: int = 0) -> Interval | None:
    """Of `statistic` over the sum of `rows` (documents × columns).

    A row of zeros says nothing on the figure: it is not drawn, lest the sample look larger than
    it is. None with fewer than MIN_DOCUMENTS other rows, or where the figure is undefined.
    """
    rows = rows[rows.any(axis=1)]
    if len(rows) < MIN_DOCUMENTS:
        return None
    whole = rows.sum(axis=0)
    value = float(statistic(whole[None])[0])
    drawn = statistic(_resampled_sums(rows, draws or (DRAWS if len(rows) <= MANY else DRAWS_OF_MANY), seed))
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn) or not np.isfinite(value):
        return None
    low, high = np.quantile(drawn, _levels(drawn, value, statistic(whole - rows)))
    return Interval(float(low), float(high), len(rows))


@dataclass(frozen=True)
class Coverage:
    """How intervals did."""

    share: float
    """Of the intervals that held the true figure; 0.95 would be what they say."""
    width: float
    """Mean width."""
    samples: int


def coverage(
    rows: FloatArray,
    statistic: Statistic,
    size: int,
    *,
    make: Callable[..., Interval | None] | None = None,
    groups: int | None = None,
    samples: int = 300,
    seed: int = 0,
) -> Coverage | None:
    """Takes these documents for all there are: how often does the interval of a few hold the figure of all?

    Args:
        rows: documents × columns.
        size: documents in a sample, drawn with replacement.
        make: the interval of a sample with this `seed`; None: `interval`.
        groups: make each interval of so many groups that chance puts the documents into, as the product
            does where documents are many.
    """
    rows = rows[rows.any(axis=1)]
    if not len(rows):
        return None
    make = make or partial(interval, statistic=statistic)
    generator = np.random.default_rng(seed)
    value = float(statistic(rows.sum(axis=0)[None])[0])
    found = []
    for number in range(samples):
        drawn = rows[generator.integers(0, len(rows), size)]
        if groups is not None:
            drawn = _grouped(drawn, generator.integers(0, groups, size), groups)
        if (each := make(drawn, seed=number)) is not None:
            found.append(each)
    if not found:
        return None
    return Coverage(
        float(np.mean([each.low <= value <= each.high for each in found])),
        float(np.mean([each.high - each.low for each in found])),
        len(found),
    )


def _grouped(rows: FloatArray, group: npt.NDArray[np.int64], groups: int) -> FloatArray:
    """The sum of each group's rows."""
    sums = np.zeros((groups, rows.shape[1]))
    np.add.at(sums, group, rows)
    return sums


def _resampled_sums(rows: FloatArray, draws: int, seed: int) -> FloatArray:
    """The sum of as many rows as there are, drawn with replacement: draws × columns."""
    count = len(rows)
    if count <= KEPT_ROWS:
        sums: FloatArray = _kept_weights(count, draws, seed) @ rows
        return sums
    generator = np.random.default_rng(seed)
    batch = max(1, BATCH_CELLS // count)
    parts = [_weights(generator, count, min(batch, draws - at)) @ rows for at in range(0, draws, batch)]
    return np.concatenate(parts)


@lru_cache(maxsize=64)
def _kept_weights(count: int, draws: int, seed: int) -> FloatArray:
    """All figures of the same documents use the same draws."""
    return _weights(np.random.default_rng(seed), count, draws)


def _weights(generator: np.random.Generator, count: int, draws: int) -> FloatArray:
    """How often each of `count` rows is drawn: draws × count."""
    chosen = generator.integers(0, count, (draws, count)) + count * np.arange(draws)[:, None]
    weights = np.bincount(chosen.ravel(), minlength=draws * count).reshape(draws, count)
    return weights.astype(np.float64)


def _levels(drawn: FloatArray, value: float, without: FloatArray) -> tuple[float, float]:
    """Which quantiles to read. `without`: the figure with each document left out."""
    without = without[np.isfinite(without)]
    count = len(without)
    # Draws equal to the value, but for rounding, lie on both sides.
    near = 1e-12 * max(1.0, abs(value))
    below = ((drawn < value - near).sum() + 0.5 * (np.abs(drawn - value) <= near).sum()) / len(drawn)
    influence = without.mean() - without if count else without
    spread = float((influence**2).sum())
    acceleration = float((influence**3).sum()) / (6 * spread**1.5) if spread > near**2 else 0.0
    return resampling.levels(float(below), acceleration, count, len(drawn))
