"""The curve through a project's measured versions: F1(n) = a − b·n^(−c) over labelled words.

Words, since they are what teaches: a strategy that takes short texts first and longer ones later bends the curve over
documents as no power law bends. Of documents still to come as many words are expected as the newest ones had.

Every a and c of a grid is weighed by how well it fits, b follows in closed form, and the curve is the
mean over all of them. Its error holds what the versions leave open, how they scatter, that neighbours
scatter alike, and that no real curve is a power law.
"""

from __future__ import annotations

import math
from bisect import bisect_left
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
"""Standard errors from the curve's shape: a share of the gain forecast, and so much F1 for words grown e-fold,
counted from the centre of the points."""
NEWER = 0.7
"""Documents after this share of them say how long the next ones are."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A version's F1 on the test texts; `error` is its standard error, None where unknown."""

    documents: int
    f1: float
    error: float | None = None
    words: int | None = None
    """In those documents; where a version does not say, the curve is drawn over documents."""


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
    """One curve of the grid with the b that fits it best, n counted in units of the newest version's."""

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
    *sizes, size = _sizes(points, documents)
    ns, n = [size / sizes[-1] for size in sizes], size / sizes[-1]
    weights = _weights(points, ns)
    curves = list(_grid(points, ns, weights))
    kept = _independence(points, ns, weights, min(curves, key=lambda curve: curve.square))
    freedom = SCATTER_WEIGHT + kept * len(points)
    prior = SCATTER_WEIGHT * USUAL_SCATTER**2
    logs = [
        -0.5 * (math.log(curve.c / USUAL_EXPONENT) / EXPONENT_SPREAD) ** 2
        - 0.5 * math.log(curve.precision)
        - 0.5 * (freedom - 1) * math.log(prior + kept * curve.square)
        for curve in curves
    ]
    best = max(logs)
    centre = sum(w * math.log(at) for w, at in zip(weights, ns, strict=True)) / sum(weights)
    drift = DRIFT**2 * max(0.0, math.log(n) - centre)
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


def _sizes(points: Sequence[Measured], documents: int) -> list[float]:
    """Of each point and of so many documents: words, or documents where not all points have words."""
    words = [point.words for point in points if point.words]
    if len(words) < len(points):
        return [*(point.documents for point in points), documents]
    return [*words, _words(points, words, documents)]


def _words(points: Sequence[Measured], words: Sequence[int], documents: int) -> float:
    """What so many documents have: from one version to the next in proportion, then as the newest ones have."""
    counts = [point.documents for point in points]
    if documents > counts[-1]:
        newer = bisect_left(counts, min(NEWER * counts[-1], counts[-2]))
        more, longer = counts[-1] - counts[newer], words[-1] - words[newer]
        each = longer / more if more > 0 and longer > 0 else words[-1] / counts[-1]
        return words[-1] + each * (documents - counts[-1])
    place = bisect_left(counts, documents)
    if place == 0 or counts[place] == documents:
        return words[place] * documents / counts[place]
    share = (documents - counts[place - 1]) / (counts[place] - counts[place - 1])
    return words[place - 1] + share * (words[place] - words[place - 1])


def _weights(points: Sequence[Measured], ns: Sequence[float]) -> list[float]:
    """The newer and the surer a point, the more it says about what comes."""
    last = points[-1]

    def surer(point: Measured) -> float:
        if not last.error or not point.error:
            return 1.0
        return min(4.0, max(0.25, (last.error / point.error) ** 2))

    return [surer(point) * n for point, n in zip(points, ns, strict=True)]


def _grid(points: Sequence[Measured], ns: Sequence[float], weights: Sequence[float]) -> Iterator[_Curve]:
    """Rising curves; where none rises, the flat ones."""
    weight = sum(weights)
    y = sum(w * p.f1 for w, p in zip(weights, points, strict=True))
    yy = sum(w * p.f1**2 for w, p in zip(weights, points, strict=True))
    for c in EXPONENTS:
        xs = [n**-c for n in ns]
        x = sum(w * x for w, x in zip(weights, xs, strict=True))
        xx = sum(w * x * x for w, x in zip(weights, xs, strict=True))
        xy = sum(w * x * p.f1 for w, x, p in zip(weights, xs, points, strict=True))
        for a in ASYMPTOTES:
            slope = a * x - xy
            b = max(0.0, slope / xx)
            square = a * a * weight - 2 * a * y + yy - b * (2 * slope - b * xx)
            yield _Curve(a, b, c, max(0.0, square), xx)


def _independence(points: Sequence[Measured], ns: Sequence[float], weights: Sequence[float], curve: _Curve) -> float:
    """Share of the points that count: residuals that resemble their neighbours' say less than as many free ones."""
    residuals = [(p.f1 - curve.at(n)) * math.sqrt(w) for p, n, w in zip(points, ns, weights, strict=True)]
    square = sum(r * r for r in residuals)
    if not square:
        return 1.0
    likeness = sum(r * s for r, s in pairwise(residuals)) / square * len(points) / (len(points) + 4)
    likeness = min(0.9, max(0.0, likeness))
    return (1 - likeness) / (1 + likeness)
