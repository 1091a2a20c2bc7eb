"""What every method hands back, in units; the package's front makes people's spans of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quality.numeric.consensus.reading import Mark


@dataclass(frozen=True, slots=True)
class Solution:
    """One entry per document in each of the three, in the order of the documents."""

    spans: Sequence[Mapping[Mark, float]]
    """Mark → confidence; no two overlap."""
    uncertainty: Sequence[float]
    without: Sequence[Mapping[str, frozenset[Mark]]]
    """Annotator → the consensus with their own answers taken out."""
