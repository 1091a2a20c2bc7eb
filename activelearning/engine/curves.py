"""What a learning curve says: its area, where it reaches a goal, and what chance alone explains.

Counts of entities are arrays (D documents, 3): in the gold, predicted, correct. F1 is in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from activelearning.engine.intervals import corrected

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

RESAMPLES = 1000
CONFIDENCE = 0.95


def f1(counts: Counts) -> float:
    """Micro-averaged over the documents; 0 where there is neither gold nor prediction."""
    return float(_f1(counts.sum(0)))


def f1_interval(counts: Counts) -> tuple[float, float]:
    """95 % interval of F1 over samples of documents."""
    return corrected(_f1(_weights(len(counts)) @ counts), f1(counts), _f1(counts.sum(0) - counts))


def difference_interval(ours: Counts, theirs: Counts) -> tuple[float, float]:
    """95 % interval of F1(ours) − F1(theirs): both are counted on the same resampled documents."""
    weights = _weights(len(ours))
    return _percentiles(_f1(weights @ ours) - _f1(weights @ theirs))


def aulc(tokens: Sequence[float], scores: Sequence[float]) -> float:
    """Mean of the scores over the logarithm of the tokens, by the trapezoid rule."""
    x = np.log(np.asarray(tokens, dtype=np.float64))
    if len(x) < 2:
        return float(scores[0])
    return float(np.trapezoid(scores, x) / (x[-1] - x[0]))


def reach(costs: Sequence[float], scores: Sequence[float], goal: float) -> float | None:
    """Cost at which the scores first reach `goal`, interpolated; None if they never do."""
    for index, score in enumerate(scores):
        if score < goal:
            continue
        if index == 0:
            return float(costs[0])
        before = scores[index - 1]
        return float(costs[index - 1] + (costs[index] - costs[index - 1]) * (goal - before) / (score - before))
    return None


def _f1(sums: npt.NDArray[np.generic]) -> Floats:
    """(…, 3) sums of counts → (…) F1."""
    gold, predicted, correct = np.moveaxis(np.asarray(sums, dtype=np.float64), -1, 0)
    shares: Floats = 2 * correct / np.maximum(gold + predicted, 1.0)
    return shares


@lru_cache(maxsize=4)
def _weights(documents: int) -> Floats:
    """How often each document is drawn, (RESAMPLES, D); the same draws for every curve."""
    draws = np.random.default_rng(documents)
    return draws.multinomial(documents, np.full(documents, 1 / documents), RESAMPLES).astype(np.float64)


def _percentiles(values: Floats) -> tuple[float, float]:
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
