"""Does somebody's work get worse? An EWMA chart (Roberts 1959, Technometrics 1:239-250).

Each document gives a residual: the person's F1 there less the mean F1 of the others there, so
that hard documents count against nobody. The chart follows the exponentially weighted mean of the
residuals and compares it with the person's own first documents under the same guideline version.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

WEIGHT = 0.2
"""Of the newest residual; the mean remembers about the last ten documents."""
LIMIT = 3.0
"""Standard errors from the first documents that raise the alarm."""
BASELINE = 10
"""The first documents of a guideline version, which say what is usual for the person."""
LEAST_SD = 0.05
"""Ten documents that happen to be alike do not make the eleventh a surprise."""

Direction = Literal["worse", "better"]


@dataclass(frozen=True, slots=True)
class Residual:
    """One document of one person, in the order they worked."""

    value: float
    """F1 less the mean F1 of the others on the document, −1 to 1."""
    guideline_version: int | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """An alarm."""

    direction: Direction
    guideline_version: int | None
    document: int
    """Which of the documents under this version raised it, from 1."""
    usual: float
    """Mean residual of the first documents."""
    now: float
    """Weighted mean at the alarm."""


def drift(residuals: Sequence[Residual]) -> Drift | None:
    """The alarm that stands at the newest document, or None.

    Only documents under the newest guideline version count: a new version changes what is right.
    An alarm that has passed by itself is none.
    """
    if not residuals:
        return None
    *_, (version, group) = (
        (key, list(rows)) for key, rows in groupby(residuals, key=lambda row: row.guideline_version)
    )
    return _of_version([row.value for row in group], version)


def _of_version(values: Sequence[float], version: int | None) -> Drift | None:
    first, later = values[:BASELINE], values[BASELINE:]
    if not later:
        return None
    usual = statistics.fmean(first)
    sd = max(statistics.stdev(first), LEAST_SD)
    mean, since = usual, 0
    for number, value in enumerate(later, 1):
        mean = WEIGHT * value + (1 - WEIGHT) * mean
        # What is usual is itself a mean of few documents, and its error belongs into the limit.
        error = sd * math.sqrt(WEIGHT / (2 - WEIGHT) * (1 - (1 - WEIGHT) ** (2 * number)) + 1 / BASELINE)
        out = abs(mean - usual) > LIMIT * error
        since = (since or BASELINE + number) if out else 0
    if not since:
        return None
    return Drift("worse" if mean < usual else "better", version, since, usual, mean)
