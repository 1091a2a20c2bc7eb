"""Is one version better than another? Tests on pairs: the same documents, read by both."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from activelearning.domain.metrics import Counts, DocumentCounts, Quality

ROUNDS = 1999
SEED = 0
SIGNIFICANT = 0.05
NORMAL_95 = 1.959963984540054
ROUNDING = 1e-12
NONE = Counts(0, 0, 0)

Pair = tuple[Counts, Counts]
"""The counts of one document by the first and by the second version."""


@dataclass(frozen=True, slots=True)
class Difference:
    """F1 of the second version minus F1 of the first on the same documents."""

    first: Quality
    second: Quality
    low: float
    high: float
    """95 % interval of the difference."""
    p: float
    """How often chance alone gives a difference as large as this."""
    differing: int
    """Documents in which the two have other counts."""

    @property
    def f1(self) -> float:
        return self.second.f1 - self.first.f1

    @property
    def better(self) -> str:
        """`first`, `second`, or "" while none can be shown: test and interval must both say so."""
        if self.p >= SIGNIFICANT or self.low <= 0 <= self.high:
            return ""
        return "second" if self.f1 > 0 else "first"


@dataclass(frozen=True, slots=True)
class Comparison:
    documents: int
    overall: Difference
    labels: dict[str, Difference]


def compare(
    first: Sequence[DocumentCounts],
    second: Sequence[DocumentCounts],
    labels: Sequence[str],
    *,
    rounds: int = ROUNDS,
    seed: int = SEED,
) -> Comparison:
    """Compare two versions' counts of the same documents, in the same order, on `labels`.

    The p-value is from approximate randomisation (Noreen 1989): if the versions were equally good, which
    of the two read a document which way would be a toss. The interval is the bootstrap's over documents
    in its limit: the documents' influence on the difference, squared and summed (Efron 1982, the
    infinitesimal jackknife).
    """
    pairs = list(zip(first, second, strict=True))
    together = [
        (_sum(a.get(name, NONE) for name in labels), _sum(b.get(name, NONE) for name in labels)) for a, b in pairs
    ]
    return Comparison(
        documents=len(first),
        overall=_difference(together, rounds, seed),
        labels={
            name: _difference([(a.get(name, NONE), b.get(name, NONE)) for a, b in pairs], rounds, seed)
            for name in labels
        },
    )


def _difference(pairs: Sequence[Pair], rounds: int, seed: int) -> Difference:
    first, second = _sum(a for a, _ in pairs), _sum(b for _, b in pairs)
    differing = [(a, b) for a, b in pairs if a != b]
    qualities = Quality(*first), Quality(*second)
    middle, half = qualities[1].f1 - qualities[0].f1, NORMAL_95 * _spread(pairs, *qualities)
    return Difference(
        *qualities,
        low=max(-1.0, middle - half),
        high=min(1.0, middle + half),
        p=_chance(first, second, differing, rounds, seed),
        differing=len(differing),
    )


def _spread(pairs: Sequence[Pair], first: Quality, second: Quality) -> float:
    """Standard error of the difference of the two F1."""
    whole_a, whole_b = first.gold + first.predicted, second.gold + second.predicted
    if not whole_a or not whole_b:
        return 0.0
    influences = (
        times
        * (
            (2 * b.correct - second.f1 * (b.gold + b.predicted)) / whole_b
            - (2 * a.correct - first.f1 * (a.gold + a.predicted)) / whole_a
        )
        ** 2
        for (a, b), times in Counter(pairs).items()
    )
    return math.sqrt(math.fsum(influences))


def _chance(first: Counts, second: Counts, differing: Sequence[Pair], rounds: int, seed: int) -> float:
    """p-value of |difference of F1|, two-sided, when the versions' parts are swapped by tosses of a coin.

    Documents with the same change are tossed together: the number of heads is all that counts.
    """
    changes = Counter((b.predicted - a.predicted, b.correct - a.correct) for a, b in differing)
    changes.pop((0, 0), None)
    if not changes:
        return 1.0
    toss = random.Random(seed).getrandbits  # noqa: S311  no secret
    groups = [(predicted, correct, times) for (predicted, correct), times in sorted(changes.items())]
    least = abs(_f1(second) - _f1(first)) - ROUNDING
    as_large = 0
    for _ in range(rounds):
        predicted = correct = 0
        for more_predicted, more_correct, times in groups:
            heads = toss(times).bit_count()
            predicted += more_predicted * heads
            correct += more_correct * heads
        one = Counts(first.gold, first.predicted + predicted, first.correct + correct)
        other = Counts(second.gold, second.predicted - predicted, second.correct - correct)
        as_large += abs(_f1(other) - _f1(one)) >= least
    return (1 + as_large) / (1 + rounds)


def _sum(counts: Iterable[Counts]) -> Counts:
    return Counts(*map(sum, zip(NONE, *counts, strict=True)))


def _f1(counts: Counts) -> float:
    whole = counts.gold + counts.predicted
    return 2 * counts.correct / whole if whole else 0.0


# --- choices --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignTest:
    """Texts on which the first or the second was preferred; those without a preference do not count."""

    first: int
    second: int
    p: float
    low: float
    high: float
    """95 % interval of the share of texts on which the second is preferred (Clopper and Pearson 1934)."""

    @property
    def share(self) -> float:
        return self.second / (self.first + self.second) if self.first + self.second else 0.5

    @property
    def better(self) -> str:
        if self.p >= SIGNIFICANT:
            return ""
        return "second" if self.second > self.first else "first"


def sign_test(first: int, second: int) -> SignTest:
    """Two-sided and exact, for up to 1,000 texts."""
    number = first + second
    if not number:
        return SignTest(0, 0, 1.0, 0.0, 1.0)
    p = min(1.0, 2 * _tail(max(first, second), number, 0.5))
    low = _root(lambda share: _tail(second, number, share) - 0.025) if second else 0.0
    high = _root(lambda share: 0.025 - (1 - _tail(second + 1, number, share))) if first else 1.0
    return SignTest(first, second, p, low, high)


def _tail(least: int, number: int, share: float) -> float:
    """Probability of at least `least` in `number` tosses that each succeed with `share`."""
    return math.fsum(
        math.comb(number, wins) * share**wins * (1 - share) ** (number - wins) for wins in range(least, number + 1)
    )


def _root(rising: Callable[[float], float]) -> float:
    """Where a rising function on [0, 1] is 0."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
