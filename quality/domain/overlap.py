"""When a document needs one more person: nobody agrees with anybody yet, or the labels are unsure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations

from annotation.domain.spans import LabelledSpan

MAX_EXPECTED_ERRORS = 1.0
"""Words of a document that may be expected to be wrong before somebody else is asked."""

EVENLY = (1.07, 1.26)
"""For a consensus as good, the same labels spread evenly would have to be so many times as many.

From the replay in docs/consensus.md, where two people agree from F1 0.6 on: by the sequence model and
by the vote. It is one crowd; against the cap for every text nothing is saved at equal quality.
"""


def needs_another(
    layers: Sequence[Collection[LabelledSpan]], *, agreement: float, expected_errors: float | None = None
) -> bool:
    """Whether one more person should label the document.

    Args:
        layers: everybody's spans; an empty layer is the judgement "nothing here".
        agreement: exact F1 from which a pair counts as agreed.
        expected_errors: wrong words by the consensus of these very layers; None where there is
            none, and then the best pair decides.
    """
    if len(layers) < 2:
        return True
    if expected_errors is not None:
        return expected_errors > MAX_EXPECTED_ERRORS
    return not any(exact_f1(a, b) >= agreement for a, b in combinations(layers, 2))


def exact_f1(a: Collection[LabelledSpan], b: Collection[LabelledSpan]) -> float:
    """Of all spans of two people, the share both marked alike; 1 where both marked nothing."""
    total = len(a) + len(b)
    return 2 * len(set(a) & set(b)) / total if total else 1.0
