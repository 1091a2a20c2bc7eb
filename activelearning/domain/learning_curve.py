"""The curve through a project's measured versions: F1(n) = a − b·n^(−c) over labelled documents.

Every a and c of a grid is weighed by how well it fits, b follows in closed form, and the curve is the
mean over all of them. Its error holds what the versions leave open, how they scatter, that neighbours
scatter alike, and that no real curve is a power law.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Z80, Z95 = 1.2816, 1.96

ASYMPTOTES = tuple(step / 50 for step in range(1, 51))
EXPONENTS = tuple(0.12 * 1.3**step for step in range(11))
USUAL_EXPONENT, EXPONENT_SPREAD = 0.5, 0.5
"""Prior on c: log-normal, median and standard deviation of the logarithm."""
USUAL_SCATTER, SCATTER_WEIGHT = 0.008, 4
"""Prior on the scatter of one version's F1 about the curve, worth so many versions."""
MISFIT, DRIFT = 0.25, 0.025
"""Standard errors from the curve's shape: a share of the gain forecast, and so much F1 for documents grown e-fold,
counted from the centre of the points."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A version's F1 on the test texts; `error` is its standard error, None where unknown."""

    documents: int
    f1: float
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    documents: int
    f1: float
    error: float
    """Standard error of the F1 that will be measured."""

    def interval(self, z: float = Z95) -> tuple[float, float]:
        return max(0.0, self.f1 - z * self.error), min(1.0, self.f1 + z * self.error)


@dataclass(frozen=True, slots=True)
class _Curve:
    """One curve of the grid with the b that fits it best, n counted in units of the newest point's."""

    a: float
    b: float
    c: float
    square: float
    """Weighted sum of squared residuals."""
    precision: float
    """Σ w·x², what b is known by."""

    def at(self, n: float) -> float:
        return self.a - self.b * math.pow(n, -self.c)


def curve_at(points: Sequence[Measured], documents: int) -> Prediction:
    """The curve through the points (at least two, in order of their documents) at so many documents."""
    weights = _weights(points)
    curves = list(_grid(points, weights))
    kept = _independence(points, weights, min(curves, key=lambda curve: curve.square))
    freedom = SCATTER_WEIGHT + kept * len(points)
    prior = SCATTER_WEIGHT * USUAL_SCATTER**2
    logs = [
        -0.5 * (math.log(curve.c / USUAL_EXPONENT) / EXPONENT_SPREAD) ** 2
        - 0.5 * math.log(curve.precision)
        - 0.5 * (freedom - 1) * math.log(prior + kept * curve.square)
        for curve in curves
    ]
    best = max(logs)
    n = documents / points[-1].documents
    centre = sum(w * math.log(p.documents) for w, p in zip(weights, points, strict=True)) / sum(weights)
    drift = DRIFT**2 * max(0.0, math.log(documents) - centre)
    total = mean = square = 0.0
    for log, curve in zip(logs, curves, strict=True):
        share = math.exp(log - best)
        scatter = (prior + kept * curve.square) / (freedom - 3)
        f1 = curve.at(n)
        variance = scatter * (1 + n ** (-2 * curve.c) / (kept * curve.precision)) + (MISFIT * (f1 - curve.at(1))) ** 2
        total += share
        mean += share * f1
        square += share * (f1 * f1 + variance)
    mean /= total
    return Prediction(documents, min(1.0, max(0.0, mean)), math.sqrt(square / total - mean * mean + drift))


def _weights(points: Sequence[Measured]) -> list[float]:
    """The newer and the surer a point, the more it says about what comes."""
    last = points[-1]

    def surer(point: Measured) -> float:
        if not last.error or not point.error:
            return 1.0
        return min(4.0, max(0.25, (last.error / point.error) ** 2))

    return [surer(point) * point.documents / last.documents for point in points]


def _grid(points: Sequence[Measured], weights: Sequence[float]) -> Iterator[_Curve]:
    """Rising curves; where none rises, the flat ones."""
    last = points[-1].documents
    weight = sum(weights)
    y = sum(w * p.f1 for w, p in zip(weights, points, strict=True))
    yy = sum(w * p.f1**2 for w, p in zip(weights, points, strict=True))
    for c in EXPONENTS:
        xs = [(p.documents / last) ** -c for p in points]
        x = sum(w * x for w, x in zip(weights, xs, strict=True))
        xx = sum(w * x * x for w, x in zip(weights, xs, strict=True))
        xy = sum(w * x * p.f1 for w, x, p in zip(weights, xs, points, strict=True))
        for a in ASYMPTOTES:
            slope = a * x - xy
            b = max(0.0, slope / xx)
            square = a * a * weight - 2 * a * y + yy - b * (2 * slope - b * xx)
            yield _Curve(a, b, c, max(0.0, square), xx)


def _independence(points: Sequence[Measured], weights: Sequence[float], curve: _Curve) -> float:
    """Share of the points that count: residuals that resemble their neighbours' say less than as many free ones."""
    last = points[-1].documents
    residuals = [(p.f1 - curve.at(p.documents / last)) * math.sqrt(w) for w, p in zip(weights, points, strict=True)]
    square = sum(r * r for r in residuals)
    if not square:
        return 1.0
    likeness = sum(r * s for r, s in pairwise(residuals)) / square * len(points) / (len(points) + 4)
    likeness = min(0.9, max(0.0, likeness))
    return (1 - likeness) / (1 + likeness)
