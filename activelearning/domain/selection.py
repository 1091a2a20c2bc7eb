"""The order in which documents are offered, from their scores."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

RANDOM = "random"

UNSURE_FIRST: dict[str, int] = {"mnlp": 1, "least_confidence": 1, "margin": 1, "entropy": -1}
"""Sign that makes an ascending sort put the least sure document first; the only place that knows it."""

STRATEGIES = (*UNSURE_FIRST, RANDOM)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A document and the number that placed it; None where chance did."""

    document_id: str
    score: float | None


def rank(strategy: str, scores: Mapping[str, Mapping[str, float]], *, seed: int) -> list[Ranked]:
    """Documents by `strategy`, the one to label first at the head.

    Args:
        strategy: one of `STRATEGIES`.
        scores: document id → strategy → value.
        seed: fixes the random order; without effect on the others.

    Equal values are ordered by document id, so that one input has one answer.
    Raises ValueError for an unknown strategy, KeyError when a document has no value for it.
    """
    if strategy == RANDOM:
        return shuffled(scores, seed=seed)
    if strategy not in UNSURE_FIRST:
        raise ValueError(f"There is no strategy {strategy!r}; choose one of {', '.join(STRATEGIES)}.")
    sign = UNSURE_FIRST[strategy]
    found = [Ranked(document_id, values[strategy]) for document_id, values in scores.items()]
    return sorted(found, key=lambda ranked: (sign * (ranked.score or 0.0), ranked.document_id))


def shuffled(document_ids: Iterable[str], *, seed: int) -> list[Ranked]:
    """The ids in an order that depends on the seed and each id alone: adding one moves no other."""
    keyed = ((hashlib.sha256(f"{seed}:{document_id}".encode()).digest(), document_id) for document_id in document_ids)
    return [Ranked(document_id, None) for _, document_id in sorted(keyed)]
