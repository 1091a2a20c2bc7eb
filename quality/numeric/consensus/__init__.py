"""One set of spans out of what several people said, and how reliable each of them is.

Three methods behind one interface, from plain to strong (docs/consensus.md):

vote  spans that enough of the people asked have marked
ds    Dawid and Skene: learns what each person mistakes for what, token by token
bsc   Bayesian sequence combination: as `ds`, along the sequence, with what the words suggest
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from annotation.domain.spans import SpanOverlap
from quality.domain.judgements import JudgedDocument
from quality.numeric.consensus import bsc, dawid_skene, vote
from quality.numeric.consensus.evidence import Evidence, gather
from quality.numeric.consensus.reading import Mark, Reading, read
from quality.numeric.consensus.reliability import reliabilities
from quality.numeric.consensus.results import Consensus, ConsensusSpan, LabelReliability, Reliability
from quality.numeric.consensus.solution import Solution
from quality.numeric.consensus.tagging import Tagging

__all__ = [
    "AUTO",
    "METHODS",
    "Consensus",
    "ConsensusSpan",
    "LabelReliability",
    "Reliability",
    "choose",
    "consensus",
    "overlapped",
]

METHODS = ("vote", "ds", "bsc")
AUTO = "auto"
ENOUGH_DOCUMENTS = 50
"""Documents with two people asked the same: from here on BSC beats the vote. From 20 on it does so
mostly, which is no reason to give up what explains itself."""
ENOUGH_JUDGES = 3
"""Mean number of people per such document. Who of two is right, no model can tell from the answers
alone: their tables of errors are only determined from three people on."""


def overlapped(documents: Sequence[JudgedDocument]) -> int:
    """How many documents have a label that two people were asked about."""
    return sum(_most_judges(document) > 1 for document in documents)


def choose(documents: Sequence[JudgedDocument]) -> str:
    """The method that `auto` takes, by the amount of overlap alone."""
    judges = [count for document in documents if (count := _most_judges(document)) > 1]
    enough = len(judges) >= ENOUGH_DOCUMENTS and sum(judges) >= ENOUGH_JUDGES * len(judges)
    return "bsc" if enough else "vote"


def consensus(
    documents: Sequence[JudgedDocument],
    labels: Sequence[str],
    method: str = AUTO,
    allowed: SpanOverlap = SpanOverlap.NONE,
) -> Consensus:
    """The consensus of every document and the reliability of every person. Never reads the gold.

    Args:
        documents: any number of judgements each; one judgement is its own consensus as far as
            the method trusts the person, none is none.
        labels: every label there is; the order does not matter.
        method: one of METHODS, or AUTO.
        allowed: which spans of one person may share words. Where some may, AUTO is the vote: the other
            methods give each token one tag.

    Raises: ValueError for an unknown method, a span with a label not in `labels`, two judgements
        of one document by one person, or two documents of one id.
    """
    if method == AUTO:
        method = choose(documents) if allowed is SpanOverlap.NONE else "vote"
    if method not in _SOLVE:
        raise ValueError(f"unknown method {method!r}")
    if len({document.id for document in documents}) < len(documents):
        raise ValueError("two documents have the same id")
    labels = sorted(set(labels))
    readings = [read(document, labels, allowed) for document in documents]
    solution = _SOLVE[method](readings, labels)
    return Consensus(
        method,
        {reading.id: _spans(reading, found) for reading, found in zip(readings, solution.spans, strict=True)},
        {reading.id: value for reading, value in zip(readings, solution.uncertainty, strict=True)},
        reliabilities(readings, solution, labels),
    )


def _solve_tagging(
    estimate: Callable[[Evidence, Sequence[Reading]], Tagging],
    sequence: bool,
    readings: Sequence[Reading],
    labels: Sequence[str],
) -> Solution:
    evidence = gather(readings, labels, sequence=sequence)
    if evidence is None:
        return Solution([{}] * len(readings), [0.0] * len(readings), [{}] * len(readings))
    return estimate(evidence, readings).solve(readings, labels)


_SOLVE: Mapping[str, Callable[[Sequence[Reading], Sequence[str]], Solution]] = {
    "vote": lambda readings, _: vote.solve(readings),
    "ds": partial(_solve_tagging, lambda evidence, _: dawid_skene.estimate(evidence)[1], False),
    "bsc": partial(_solve_tagging, bsc.estimate, True),
}


def _most_judges(document: JudgedDocument) -> int:
    """How many people were asked about the label that most were asked about."""
    asked = [judgement.asked for judgement in document.judgements]
    named = Counter(label for labels in asked for label in labels or ())
    return asked.count(None) + max(named.values(), default=0)


def _spans(reading: Reading, found: Mapping[Mark, float]) -> tuple[ConsensusSpan, ...]:
    spans = []
    judges = {label: reading.judges(label) for label in {mark.label for mark in found}}
    for mark in sorted(found):
        supporters = tuple(name for name in judges[mark.label] if mark in reading.marks[name])
        spans.append(
            ConsensusSpan(
                start=reading.units[mark.first][0],
                end=reading.units[mark.stop - 1][1],
                label=mark.label,
                confidence=found[mark],
                supporters=supporters,
                against=tuple(name for name in judges[mark.label] if name not in supporters),
            )
        )
    return tuple(spans)
