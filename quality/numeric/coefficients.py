"""Agreement coefficients others report, for comparison with their papers: exports, not our figures.

All take the ratings of units as counts (units × values) or, where it matters who said what, as a
square table of two people. All are (P_o - P_e) / (1 - P_e) and differ in the chance P_e:

Cohen's kappa   two people, each with their own shares of the values (Cohen 1960, EPM 20:37-46)
Scott's pi      two people, their shares pooled (Scott 1955, POQ 19:321-325)
Fleiss' kappa   any number of people, shares pooled over all (Fleiss 1971, Psych. Bull. 76:378-382)
Gwet's AC1      chance is high where values are even, not where one prevails (Gwet 2008, BJMSP 61:29-48)

On tokens all of them, AC1 most, look good because most tokens are O for everybody: see
docs/agreement.md. `set_alpha` is Krippendorff's alpha for units that carry several labels at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from quality.numeric.alpha import NO_OVERLAP, NO_VARIATION, TOO_FEW, Alpha, FloatArray, IntArray

CROSSING, SUBSET = 0.33, 0.67
"""What MASI makes of label sets that only share a label, or of which one holds the other; as NLTK has it."""


@dataclass(frozen=True)
class Coefficient:
    """A chance-corrected agreement, or None with the reason code; `n` units with two ratings or more."""

    value: float | None
    reason: str | None
    n: int
    observed: float | None = None
    expected: float | None = None


def table_of(first: IntArray, second: IntArray, values: int) -> IntArray:
    """Codes 0 … values-1 of two people on the same units → how often each met each."""
    return np.bincount(first * values + second, minlength=values**2).reshape(values, values)


def counts_of_table(table: IntArray) -> IntArray:
    """The units behind a table: units × values."""
    size = len(table)
    first, second = np.divmod(np.repeat(np.arange(size**2), table.ravel()), size)
    identity = np.eye(size, dtype=np.int64)
    result: IntArray = identity[first] + identity[second]
    return result


def cohen_kappa(table: IntArray) -> Coefficient:
    return _of_table(table, lambda rows, columns: float((rows * columns).sum()))


def scott_pi(table: IntArray) -> Coefficient:
    return _of_table(table, lambda rows, columns: float((((rows + columns) / 2) ** 2).sum()))


def fleiss_kappa(counts: IntArray) -> Coefficient:
    """`counts`: units × values, at least one rating each; where people are missing, a unit counts as one unit.

    The kappa of one value is that of `counts` with the other values in one column.
    """
    return _of_counts(counts, lambda shares: float((shares**2).sum()))


def gwet_ac1_of_table(table: IntArray) -> Coefficient:
    """As `gwet_ac1`, of two people."""
    return _of_table(table, lambda rows, columns: _even_chance((rows + columns) / 2))


def gwet_ac1(counts: IntArray) -> Coefficient:
    """`counts`: units × values, with a column for every value one could choose, used or not."""
    return _of_counts(counts, _even_chance)


def _even_chance(shares: FloatArray) -> float:
    return float((shares * (1 - shares)).sum() / max(len(shares) - 1, 1))


def _of_table(table: IntArray, chance: Callable[[FloatArray, FloatArray], float]) -> Coefficient:
    n = int(table.sum())
    if n == 0:
        return Coefficient(None, NO_OVERLAP, 0)
    return _corrected(n, float(np.trace(table) / n), chance(table.sum(axis=1) / n, table.sum(axis=0) / n))


def _of_counts(counts: IntArray, chance: Callable[[FloatArray], float]) -> Coefficient:
    counts = counts[counts.sum(axis=1) > 0]
    ratings = counts.sum(axis=1)
    paired, people = counts[ratings > 1], ratings[ratings > 1]
    if not len(paired):
        return Coefficient(None, NO_OVERLAP, 0)
    observed = (paired * (paired - 1)).sum(axis=1) / (people * (people - 1))
    return _corrected(len(paired), float(observed.mean()), chance((counts / ratings[:, None]).mean(axis=0)))


def _corrected(n: int, observed: float, expected: float) -> Coefficient:
    if 1 - expected < 1e-12:  # one value only: chance alone explains everything
        return Coefficient(None, NO_VARIATION, n, observed, expected)
    return Coefficient((observed - expected) / (1 - expected), None, n, observed, expected)


def masi_distance(first: frozenset[str], second: frozenset[str]) -> float:
    """0 for the same label sets, 1 for sets with nothing in common (Passonneau 2006, LREC)."""
    if first == second:
        return 0.0
    shared = len(first & second)
    if not shared:
        return 1.0
    return 1 - shared / len(first | second) * (SUBSET if first < second or second < first else CROSSING)


def set_alpha(
    units: Mapping[tuple[frozenset[str] | None, ...], int],
    distance: Callable[[frozenset[str], frozenset[str]], float] = masi_distance,
) -> Alpha:
    """Alpha over label sets, for spans inside spans.

    Args:
        units: what each person said of a unit (None: missing) → how many units are like that.
        distance: 0 for equal sets; sets that are further apart count as more disagreement.
    """
    values = sorted({cell for cells in units for cell in cells if cell is not None}, key=sorted)
    counts = np.zeros((len(units), len(values)), dtype=np.int64)
    for row, cells in zip(counts, units, strict=True):
        row[:] = [cells.count(value) for value in values]
    paired = counts.sum(axis=1) > 1
    times = np.array(list(units.values()))[paired] if units else np.zeros(0)
    counts = counts[paired]
    n = int(times.sum())
    if n < 2:
        return Alpha(None, TOO_FEW if n else NO_OVERLAP, n)
    shares = counts * (times / (counts.sum(axis=1) - 1))[:, None]
    totals = (counts * times[:, None]).sum(axis=0)
    if np.count_nonzero(totals) < 2:
        return Alpha(None, NO_VARIATION, n)
    apart = np.array([[distance(a, b) for b in values] for a in values])
    # The diagonals, which a person has with themselves, fall out: there the distance is 0.
    observed = float(((shares.T @ counts) * apart).sum())
    expected = float((np.outer(totals, totals) * apart).sum() / (totals.sum() - 1))
    return Alpha(1 - observed / expected, None, n)
