"""From confidences that only put spans in order to probabilities: isotonic regression.

Pool adjacent violators (Ayer and others 1955, Annals of Mathematical Statistics 26:641-647):
neighbouring confidences whose shares of right spans fall are pooled until the shares only rise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

LEAST_SPANS = 200
"""Spans a person has settled; below, the pools are too small to call their shares probabilities."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising line through (confidence, share of right spans), flat beyond its ends."""

    confidences: tuple[float, ...]
    shares: tuple[float, ...]
    spans: int
    """How many it was fitted on."""

    def probability(self, confidence: float) -> float:
        """That a span of this confidence is right."""
        return float(np.interp(confidence, self.confidences, self.shares))

    def as_json(self) -> dict[str, Any]:
        return {"confidences": list(self.confidences), "shares": list(self.shares), "spans": self.spans}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Calibration:
        return cls(tuple(data["confidences"]), tuple(data["shares"]), data["spans"])


def fit(confidences: Sequence[float], correct: Sequence[bool]) -> Calibration | None:
    """None below `LEAST_SPANS` spans."""
    if len(confidences) < LEAST_SPANS:
        return None
    pools: list[tuple[float, int, int]] = []  # sum of confidences, right, all
    rows = sorted(zip(confidences, correct, strict=True))
    for confidence, group in groupby(rows, key=lambda row: row[0]):
        found = [right for _, right in group]
        pool = (confidence * len(found), sum(found), len(found))
        while pools and pools[-1][1] * pool[2] >= pool[1] * pools[-1][2]:
            last = pools.pop()
            pool = (last[0] + pool[0], last[1] + pool[1], last[2] + pool[2])
        pools.append(pool)
    return Calibration(
        tuple(total / count for total, _, count in pools),
        tuple(right / count for _, right, count in pools),
        len(confidences),
    )
