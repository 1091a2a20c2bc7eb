"""Who submits faster than they can have read? A flag to look at, never a verdict."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FAST = -3.0
"""Robust standard scores of log seconds per word below which a document was done too fast."""
IN_A_ROW = 3
"""So many too fast documents one after the other; a single one may be an empty text."""
LEAST_DOCUMENTS = 20
"""Timed documents of the whole project before anybody is compared with what is usual."""
MAD_TO_SD = 1.4826
"""Turns a median absolute deviation into a standard deviation where values are normal."""
LEAST_SPREAD = 0.1
"""On the log scale; without it, a project of even pace would flag a 20 % faster document."""


@dataclass(frozen=True, slots=True)
class Timing:
    """One submitted document, in the order the person worked."""

    words: int
    seconds: float
    """Active time: away and idle time are cut."""

    @property
    def per_word(self) -> float:
        return self.seconds / self.words


@dataclass(frozen=True, slots=True)
class Pace:
    """One person's speed."""

    documents: int
    seconds_per_word: float
    """Median over their documents."""
    longest_run: int
    """Most too fast documents one after the other."""

    @property
    def too_fast(self) -> bool:
        return self.longest_run >= IN_A_ROW


def paces(timings: Mapping[str, Sequence[Timing]]) -> dict[str, Pace]:
    """person → pace; people without a timed document are left out.

    What is usual comes from everybody's documents, so it takes `LEAST_DOCUMENTS` of them before
    anything counts as too fast.
    """
    usable = {
        person: [item for item in rows if item.words > 0 and item.seconds > 0] for person, rows in timings.items()
    }
    logs = [math.log(item.per_word) for rows in usable.values() for item in rows]
    usual = statistics.median(logs) if logs else 0.0
    spread = max(MAD_TO_SD * statistics.median(abs(value - usual) for value in logs), LEAST_SPREAD) if logs else 1.0
    enough = len(logs) >= LEAST_DOCUMENTS
    return {
        person: Pace(
            documents=len(rows),
            seconds_per_word=statistics.median(item.per_word for item in rows),
            longest_run=_longest_run([enough and (math.log(item.per_word) - usual) / spread < FAST for item in rows]),
        )
        for person, rows in usable.items()
        if rows
    }


def _longest_run(flags: Sequence[bool]) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest
