"""What may be said about somebody's reliability, and from how much work on.

Nobody is ranked. A person is set apart from the others only where the intervals do not meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daner_site.core.sentences import Sentence

LEAST_DOCUMENTS = 8
SHARED = Sentence("shared documents")
LEAST_SPANS = 100
"""Of the reference, in the shared documents; below either, a figure says little about a person."""


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


def missing_evidence(documents: int, spans: int, of: str = SHARED) -> str:
    """What is still needed before a figure is shown, in words; empty where there is enough."""
    if documents < LEAST_DOCUMENTS:
        return Sentence("{count} of {least} {of}", count=documents, least=LEAST_DOCUMENTS, of=of)
    if spans < LEAST_SPANS:
        return Sentence("{count} of {least} spans in {of}", count=spans, least=LEAST_SPANS, of=of)
    return ""


def clearly_below(own: Interval, others: Sequence[Interval]) -> bool:
    """Whether the interval lies wholly below those of most of at least two others."""
    above = sum(own.high < other.low for other in others)
    return len(others) > 1 and 2 * above > len(others)
