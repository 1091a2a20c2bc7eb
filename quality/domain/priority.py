"""How much a reviewer is expected to put right in a document, and how much it matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from annotation.domain.spans import LabelledSpan
from quality.domain.conflicts import ConflictGroup

NO_WEIGHTS: Mapping[str, float] = {}


def expected_gain(
    groups: Sequence[ConflictGroup],
    consensus: Sequence[tuple[LabelledSpan, float]] | None = None,
    weights: Mapping[str, float] = NO_WEIGHTS,
) -> float:
    """Expected corrections, summed over the groups in conflict, each as heavy as its label.

    Args:
        consensus: spans with the probability that they are right; None where there is none, and
            for a group without a consensus span: then the share of people counts whom the best
            supported version contradicts, as heavy as the heaviest label somebody wrote there.
        weights: label → weight; 1 for the others.
    """
    return sum(_doubt(group, consensus or (), weights) for group in groups if group.open)


def _doubt(
    group: ConflictGroup, consensus: Sequence[tuple[LabelledSpan, float]], weights: Mapping[str, float]
) -> float:
    inside = [(span, p) for span, p in consensus if span.start < group.end and group.start < span.end]
    if inside:
        return sum((1 - p) * weights.get(span.label, 1.0) for span, p in inside)
    written = {span.label for option in group.options for span in option.spans}
    return group.doubt * max(weights.get(label, 1.0) for label in written)
