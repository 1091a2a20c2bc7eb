"""Krippendorff's u-alpha: do people cut the same units out of a text?

The text is a continuum of characters; per label, each person has units and the gaps between them.
Two units that overlap differ by the squares of the distances of their bounds, a unit that lies
within another person's gap by twice the square of its length; what would be expected puts the
same units and gaps anywhere (Krippendorff 1995, Sociol. Methodology 25:47-76; 2004, ch. 11.6).

An export, blind to confused labels: each label is a continuum of its own. Long spans weigh far
more than short ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from quality.numeric.alpha import NO_OVERLAP, NO_VARIATION

Unit = tuple[int, int]
"""(begin, end) in characters, end exclusive."""


@dataclass(frozen=True)
class UnitAlpha:
    """u-alpha or None with the reason code; `n` units of all people."""

    value: float | None
    reason: str | None
    n: int
    observed: float = 0.0
    """D_o"""
    expected: float = 0.0
    """D_e"""


def unit_alpha(length: int, people: Sequence[Sequence[Unit]]) -> UnitAlpha:
    """Of one label. `people`: each person's units, sorted, without overlap, within `0 … length`.

    Texts that the same people read are laid end to end: see `end_to_end`.
    """
    count = sum(map(len, people))
    if len(people) < 2 or length < 1:
        return UnitAlpha(None, NO_OVERLAP, count)
    if not count:
        return UnitAlpha(None, NO_VARIATION, 0)
    return _of(_observed(length, people), _expected(length, people), count)


def pooled(parts: Sequence[UnitAlpha]) -> UnitAlpha:
    """Over labels: both disagreements are summed."""
    return _of(
        sum(part.observed for part in parts), sum(part.expected for part in parts), sum(part.n for part in parts)
    )


def end_to_end(texts: Sequence[tuple[int, Sequence[Sequence[Unit]]]]) -> tuple[int, list[list[Unit]]]:
    """`(length, people)` of several texts, the same people in each → of one continuum."""
    at = 0
    people: list[list[Unit]] = [[] for _ in texts[0][1]] if texts else []
    for length, units in texts:
        for row, own in zip(people, units, strict=True):
            row += [(begin + at, end + at) for begin, end in own]
        at += length
    return at, people


def _of(observed: float, expected: float, count: int) -> UnitAlpha:
    if expected <= 0:
        return UnitAlpha(None, NO_VARIATION, count, observed, expected)
    return UnitAlpha(1 - observed / expected, None, count, observed, expected)


def _observed(length: int, people: Sequence[Sequence[Unit]]) -> float:
    total = sum(
        _difference(mine, theirs)
        for one, mine in enumerate(people)
        for other, theirs in enumerate(people)
        if one != other
    )
    return total / (len(people) * (len(people) - 1) * length**2)


def _difference(mine: Sequence[Unit], theirs: Sequence[Unit]) -> int:
    total, at = 0, 0
    for begin, end in mine:
        while at < len(theirs) and theirs[at][1] <= begin:
            at += 1
        number = at
        while number < len(theirs) and theirs[number][0] < end:
            total += (theirs[number][0] - begin) ** 2 + (theirs[number][1] - end) ** 2
            number += 1
        if number == at:
            total += 2 * (end - begin) ** 2
    return total


def _expected(length: int, people: Sequence[Sequence[Unit]]) -> float:
    sizes = np.array([end - begin for units in people for begin, end in units], dtype=np.float64)
    gaps = np.sort([gap for units in people for gap in _gaps(length, units)]).astype(np.float64)
    # Of the gaps a unit fits into: how many there are, and how long they are together.
    first = np.searchsorted(gaps, sizes, side="left")
    many = len(gaps) - first
    long = np.append(np.cumsum(gaps[::-1])[::-1], 0.0)[first]
    apart = (len(sizes) - 1) * (2 * sizes**3 - 3 * sizes**2 + sizes) / 3 + sizes**2 * (long - many * (sizes - 1))
    everywhere = len(people) * length
    pairs = everywhere * (everywhere - 1) - (sizes * (sizes - 1)).sum()
    return float(2 / length * apart.sum() / pairs) if pairs > 0 else 0.0


def _gaps(length: int, units: Sequence[Unit]) -> list[int]:
    edges = [(0, 0), *units, (length, length)]
    return [after[0] - before[1] for before, after in pairwise(edges) if after[0] > before[1]]
