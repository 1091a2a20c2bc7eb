"""The interval of a pooled fraction from sums of squares, where rows by document are too many to draw.

Linearised ("delta method", e.g. Cochran 1977, Sampling Techniques, 6.3): for r = Σa/Σb over
documents, a - r·b has mean 0, so its scatter over documents gives the standard error of r.
"""

from __future__ import annotations

from math import sqrt

from annotation.domain.resampling import LEVEL, student
from quality.numeric.intervals import MIN_DOCUMENTS


def ratio_interval(
    documents: int, a: float, b: float, *, aa: float, ab: float, bb: float
) -> tuple[float, float] | None:
    """95 % interval of Σa/Σb within [0, 1]; None with few documents.

    Args:
        documents: those with b > 0.
        a, b: Σa, Σb over the documents.
        aa, ab, bb: Σa², Σab, Σb².
    """
    if documents < MIN_DOCUMENTS or not b:
        return None
    ratio = a / b
    scatter = max(aa - 2 * ratio * ab + ratio**2 * bb, 0.0)
    reach = student(LEVEL, documents - 1) * sqrt(scatter * documents / (documents - 1)) / b
    return max(0.0, ratio - reach), min(1.0, ratio + reach)
