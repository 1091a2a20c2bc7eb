"""What of a consensus a model may learn from, and how much each label is to count."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from annotation.domain.resolution import vote
from annotation.domain.spans import LabelledSpan
from quality.numeric.calibration import Calibration
from quality.numeric.consensus import ConsensusSpan, Reliability

LEAST_WEIGHT = 0.3
"""Whoever agrees with nobody still counts so much: what is wrong by chance averages out."""
PRIOR_DOCUMENTS = 5
"""A person's reliability is drawn to everybody's mean as by so many documents."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A document that a person has settled, with what came before."""

    gold: Collection[LabelledSpan]
    layers: Sequence[Sequence[LabelledSpan]]
    consensus: Collection[LabelledSpan]
    asked: Sequence[frozenset[str] | None] = ()
    """Of each layer, the labels asked about, None for all."""


@dataclass(frozen=True, slots=True)
class AgainstVote:
    """Exact F1 of the consensus and of the vote on the same settled documents."""

    documents: int
    consensus: float
    vote: float

    @property
    def as_good(self) -> bool:
        return self.consensus >= self.vote


def against_vote(settled: Sequence[Settled]) -> AgainstVote:
    """How both did on what a person has settled."""
    return AgainstVote(
        len(settled),
        _f1((item.consensus, item.gold) for item in settled),
        _f1((vote(item.layers, item.asked), item.gold) for item in settled),
    )


def trust(rows: Sequence[Reliability]) -> dict[str, float]:
    """What each person's single labels count: their F1 against the others, little evidence drawn to the mean."""
    known = {row.annotator: (row.f1, row.documents) for row in rows if row.f1 is not None}
    if not known:
        return {}
    mean = sum(f1 for f1, _ in known.values()) / len(known)
    return {
        person: _share((documents * f1 + PRIOR_DOCUMENTS * mean) / (documents + PRIOR_DOCUMENTS))
        for person, (f1, documents) in known.items()
    }


def consensus_weight(spans: Iterable[ConsensusSpan], calibration: Calibration) -> float:
    """What a document's consensus counts: the mean probability of its spans; in full where it has none."""
    found = [calibration.probability(span.confidence) for span in spans]
    return _share(sum(found) / len(found)) if found else 1.0


def _share(value: float) -> float:
    return min(1.0, max(LEAST_WEIGHT, value))


def _f1(pairs: Iterable[tuple[Collection[LabelledSpan], Collection[LabelledSpan]]]) -> float:
    right = total = 0
    for found, gold in pairs:
        right += len(set(found) & set(gold))
        total += len(set(found)) + len(set(gold))
    return 2 * right / total if total else 1.0
