"""The span vote: people vote for whole spans; explains itself and needs no amount of data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from quality.numeric.consensus.reading import Mark, Reading, beside
from quality.numeric.consensus.solution import Solution

THRESHOLD = 0.30
"""Share of the people asked that a span needs. Half of them lose far more true spans than they
drop wrong ones: people overlook more than they invent."""
_ROUNDING = 1e-9


def solve(readings: Sequence[Reading]) -> Solution:
    """The vote of every document; a person's vote counts where they were asked."""
    return Solution(
        [winners(reading, reading.asked) for reading in readings],
        [_uncertainty(reading) for reading in readings],
        [
            {
                name: frozenset(winners(reading, [other for other in reading.asked if other != name]))
                for name in reading.asked
            }
            for reading in readings
        ],
    )


def winners(reading: Reading, voters: Sequence[str] | Mapping[str, object]) -> dict[Mark, float]:
    """The marks that pass, each with its share of the voters who were asked about its label.

    More support first, then the longer, then the earlier; of those that may not stand side by side only
    the first.
    """
    votes: dict[Mark, int] = defaultdict(int)
    asked: dict[str, int] = defaultdict(int)
    for voter in voters:
        for label in reading.asked[voter]:
            asked[label] += 1
        for mark in reading.marks[voter]:
            votes[mark] += 1
    shares = {mark: count / asked[mark.label] for mark, count in votes.items()}
    taken: dict[Mark, float] = {}
    for mark in sorted(shares, key=lambda mark: (-shares[mark], -votes[mark], mark.first - mark.stop, mark)):
        if shares[mark] >= THRESHOLD - _ROUNDING and all(beside(mark, other, reading.allowed) for other in taken):
            taken[mark] = shares[mark]
    return taken


def _uncertainty(reading: Reading) -> float:
    """Over the units somebody marked: 1 - (those who agree with the vote + 1) / (those asked + 2).

    The two added votes, one for and one against, keep a single opinion from counting as certain.
    """
    chosen = {unit: mark.label for mark in winners(reading, reading.asked) for unit in range(mark.first, mark.stop)}
    said: dict[int, list[str]] = defaultdict(list)
    for marks in reading.marks.values():
        for mark in marks:
            for unit in range(mark.first, mark.stop):
                said[unit].append(mark.label)
    total = 0.0
    for unit, labels in said.items():
        label = chosen.get(unit)
        if label is None:
            asked = sum(bool(reading.asked[name] & set(labels)) for name in reading.asked)
            agreeing = asked - len(labels)
        else:
            asked, agreeing = len(reading.judges(label)), labels.count(label)
        total += 1 - (agreeing + 1) / (asked + 2)
    return total
