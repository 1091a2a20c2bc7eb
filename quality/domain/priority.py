"""How much a reviewer is expected to put right in a document."""

from __future__ import annotations

from collections.abc import Sequence

from annotation.domain.spans import LabelledSpan
from quality.domain.conflicts import ConflictGroup


def expected_gain(
    groups: Sequence[ConflictGroup], consensus: Sequence[tuple[LabelledSpan, float]] | None = None
) -> float:
    """Expected corrections, summed over the groups in conflict.

    Args:
        consensus: spans with the probability that they are right; None where there is none, and
            for a group without a consensus span: then the share of people counts whom the best
            supported version contradicts.
    """
    return sum(_doubt(group, consensus or ()) for group in groups if group.open)


def _doubt(group: ConflictGroup, consensus: Sequence[tuple[LabelledSpan, float]]) -> float:
    inside = [p for span, p in consensus if span.start < group.end and group.start < span.end]
    return sum(1 - p for p in inside) if inside else group.doubt
