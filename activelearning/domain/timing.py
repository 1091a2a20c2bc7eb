"""What a document costs a project's annotators, from the time they took."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from activelearning.domain.selection import CostModel

Row = tuple[float, float, float]
"""(words, entities, seconds) of one labelled document."""

ASSUMED = CostModel()
SURPRISE = 1.0
"""A time that differs from the expected one by more than this share of it pulls no harder than at it (Huber)."""
FLOOR = 0.01
"""Each part keeps at least this share of its prior: no document is ever free."""
RIDGE = 0.2
"""Weight of the prior against one document: the usual scatter of times over that of the prior, both as squared shares."""
ROUNDS, SWEEPS = 20, 50


def fit_cost(rows: Iterable[Row], prior: CostModel = ASSUMED) -> CostModel:
    """The three parts of a project's cost, each positive.

    Errors count relative to the time expected, as a long document's time varies more than a short
    one's. What the rows cannot tell apart (every document as long as the next) keeps the prior's
    proportions at the pace of these annotators. A forgotten page or a lunch break counts as a
    slow document and no more. Rows without words or time are left out; without rows it is the prior.
    """
    parts = (prior.per_text, prior.per_word, prior.per_entity)
    timed = [
        ((parts[0], parts[1] * words, parts[2] * entities), seconds)
        for words, entities, seconds in rows
        if words > 0 and seconds > 0
    ]
    if not timed:
        return prior
    pace = median(seconds / sum(shares) for shares, seconds in timed)
    anchor = (1 + pace * len(timed)) / (1 + len(timed))
    factors = [anchor] * 3
    for _ in range(ROUNDS):
        factors = _step(timed, factors, anchor)
    return CostModel(*(part * factor for part, factor in zip(parts, factors, strict=True)))


def _step(timed: list[tuple[tuple[float, float, float], float]], factors: list[float], anchor: float) -> list[float]:
    """One round of reweighted least squares for the factors on the prior's parts, drawn towards `anchor`."""
    matrix = [[RIDGE if i == j else 0.0 for j in range(3)] for i in range(3)]
    vector = [RIDGE * anchor] * 3
    for shares, seconds in timed:
        expected = sum(share * factor for share, factor in zip(shares, factors, strict=True))
        weight = min(1.0, SURPRISE * expected / max(abs(seconds - expected), 1e-9)) * (anchor / expected) ** 2
        for i in range(3):
            vector[i] += weight * shares[i] * seconds
            for j in range(3):
                matrix[i][j] += weight * shares[i] * shares[j]
    found = list(factors)
    for _ in range(SWEEPS):  # coordinate descent: the matrix is positive definite, so the bounds are kept exactly
        for i in range(3):
            others = sum(matrix[i][j] * found[j] for j in range(3) if j != i)
            found[i] = max(FLOOR, (vector[i] - others) / matrix[i][i])
    return found
