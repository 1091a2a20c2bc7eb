"""How far chance may have moved a share that is counted over documents: precision, recall, F1.

What stands in one document stands or falls together, so documents are what chance draws, not entities.
Drawing them again and again (the bootstrap) gives an interval far too narrow where few documents hold
an entity or few entities are right, so the interval is made from the log odds of the share instead:
they have no ends to run against, and their scatter depends little on the share (Agresti 2013,
Categorical Data Analysis, 3.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt, tanh

from annotation.domain.resampling import LEVEL, student

HALF = 0.5
"""Added to what is counted and to what is not, so that there are odds where all or nothing is (Anscombe 1956,
Biometrika 43:461-464); also the least scatter that is believed."""


def share_interval(
    parts: Sequence[float], wholes: Sequence[float], *, others: int | None = None
) -> tuple[float, float]:
    """95 % interval of Σparts / Σwholes, within [0, 1]; all of that where fewer than two documents say anything.

    Args:
        parts: of each document, from 0 to its whole.
        wholes: of each document; one of 0 says nothing.
        others: ask for the share in so many other documents of the same kind, which chance drew, too; None: in
            all there could be.

    How much a document moves the share is asked by leaving it out (jackknife; the residuals of MacKinnon and
    White 1985, J. Econometrics 29:305-325, HC3), so few documents and long ones are not taken for sure.
    """
    said = [(part, whole) for part, whole in zip(parts, wholes, strict=True) if whole]
    if len(said) < 2:
        return 0.0, 1.0
    part, whole = sum(part for part, _ in said), sum(whole for _, whole in said)
    share = part / whole
    scatter = sum(((mine - share * own) / (1 - own / whole)) ** 2 for mine, own in said)
    smoothed = (part + HALF) / (whole + 2 * HALF)
    error = max(sqrt(scatter), HALF) / whole / (smoothed * (1 - smoothed))
    if others:
        error *= sqrt(1 + len(parts) / others)
    middle, reach = log(smoothed / (1 - smoothed)), student(LEVEL, len(said) - 1) * error
    # The logistic function, in a form that does not overflow.
    low, high = ((1 + tanh(end / 2)) / 2 for end in (middle - reach, middle + reach))
    return (low if part else 0.0), (high if part < whole else 1.0)


def f1_interval(
    right: Sequence[float], gold: Sequence[float], predicted: Sequence[float], *, others: int | None = None
) -> tuple[float, float]:
    """`share_interval` of F1 by the entities of each document: those right are a share of the mean of both sides."""
    return share_interval(
        right, [(mine + theirs) / 2 for mine, theirs in zip(gold, predicted, strict=True)], others=others
    )
