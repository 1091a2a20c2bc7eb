"""One batch of documents that differ from each other, out of more candidates than it needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from activelearning.domain.selection import BADGE, SelectionConfig, is_chance
from activelearning.engine.acquisition.likeness import Points

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]
"""One a candidate."""
Pick = tuple[int, bool]
"""What was taken, and whether chance drew it."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a batch is chosen from, known by row; the least sure first."""

    points: Points
    doubt: Numbers
    """How far the score is from that of a document nobody doubts."""
    own: Mask
    """What the strategy may take; the others are there for chance alone."""
    drawn: list[int]
    """Rows in the order in which chance takes them."""


class Batch:
    """Takes one candidate after the other and knows what that leaves of the others' worth."""

    def __init__(self, candidates: Candidates, config: SelectionConfig, *, first: int, near: float) -> None:
        """Args:
        first: the batch's first place in the order.
        near: cosine above which two candidates are near-duplicates.
        """
        self._config, self._near = config, near
        self._places = range(first, first + config.batch)
        self._random = np.random.default_rng([config.seed, first])
        self._own, self._drawn, self._points = candidates.own, candidates.drawn, candidates.points
        self._free = np.ones(len(self._own), bool)
        self._alone = np.ones(len(self._own), bool)
        self._worth = candidates.doubt ** (1 - config.mix) * self._points.density**config.mix
        # Squared, to the nearest document taken; at first as if one without any doubt had been, which lies at 0.
        # Where only directions count, unlike documents are √2 apart.
        self._distance = self._points.lengths**2 * (1 if config.strategy == BADGE else 2)

    def keep_away_from(self, taken: Points) -> None:
        """Documents taken before: far from them is better, near-duplicates are allowed."""
        for unit, length in zip(taken.units, taken.lengths, strict=True):
            self._come_closer(self._points.units @ unit, length)

    def picks(self) -> tuple[list[Pick], bool]:
        """Rows of the batch in order, and whether it came together without near-duplicates."""
        found: list[Pick] = []
        is_enough = True
        for place in self._places:
            row = self._draw() if is_chance(place, self._config.random_share) else None
            by_chance = row is not None
            if row is None:
                allowed = self._own & self._free & self._alone
                if not allowed.any():
                    is_enough, allowed = False, self._own & self._free
                if not allowed.any():
                    break
                row = self._choose(allowed)
            self._take(row)
            found.append((row, by_chance))
        return found, is_enough

    def _draw(self) -> int | None:
        return next((row for row in self._drawn if self._free[row] and self._alone[row]), None)

    def _choose(self, allowed: Mask) -> int:
        if self._config.strategy != BADGE:
            return int(np.where(allowed, self._worth * self._distance**self._config.mix, -1.0).argmax())
        chances = np.where(allowed, self._distance, 0.0)
        total = chances.sum()
        return int(self._random.choice(len(chances), p=chances / total)) if total > 0 else int(allowed.argmax())

    def _take(self, row: int) -> None:
        self._free[row] = False
        cosines = self._points.units @ self._points.units[row]
        self._alone &= cosines <= self._near
        self._come_closer(cosines, self._points.lengths[row])

    def _come_closer(self, cosines: NDArray[np.float32], length: float) -> None:
        lengths = self._points.lengths
        squared = lengths**2 + length**2 - 2 * lengths * length * cosines
        np.minimum(self._distance, np.maximum(squared, 0), out=self._distance)
