"""What a learning curve says: its area, where it reaches a goal, and what chance alone explains.

Counts of entities are arrays (D documents, 3): in the gold, predicted, correct. F1 is in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from annotation.domain import shares

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

RESAMPLES = 1000
PROBES = 100
CONFIDENCE = 0.95


def f1(counts: Counts) -> float:
    """Micro-averaged over the documents; 0 where there is neither gold nor prediction."""
    return float(_f1(counts.sum(0)))


def f1_interval(counts: Counts, others: int | None = None) -> tuple[float, float]:
    """95 % interval of F1 in `others` more documents of the same kind; None: in all there could be."""
    gold, predicted, correct = counts.T
    return shares.f1_interval(correct.tolist(), gold.tolist(), predicted.tolist(), others=others)


def coverage(counts: Counts, size: int) -> float:
    """How often the interval of `size` documents holds F1 of the others, of `PROBES` draws without replacement."""
    order, whole = np.random.default_rng(size), counts.sum(0)
    held = 0
    for _ in range(PROBES):
        probe = counts[order.choice(len(counts), size, replace=False)]
        low, high = f1_interval(probe, len(counts) - size)
        held += bool(low <= _f1(whole - probe.sum(0)) <= high)
    return held / PROBES


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
    found: Floats = 2 * correct / np.maximum(gold + predicted, 1.0)
    return found


@lru_cache(maxsize=4)
def _weights(documents: int) -> Floats:
    """How often each document is drawn, (RESAMPLES, D); the same draws for every curve."""
    draws = np.random.default_rng(documents)
    return draws.multinomial(documents, np.full(documents, 1 / documents), RESAMPLES).astype(np.float64)


def _percentiles(values: Floats) -> tuple[float, float]:
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
