"""From what a model learned to spans: the likeliest of those people marked, and the same without a person.

Only what somebody marked is taken. Spans that nobody marked, which the model makes up from parts or
from similar words, were right far too seldom where people's errors are alike, and nothing would
explain them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quality.numeric.consensus.chain import Floats, Ints, Posterior, forward_backward, pack, span_probabilities
from quality.numeric.consensus.evidence import Evidence
from quality.numeric.consensus.habits import Habits
from quality.numeric.consensus.reading import Mark, Reading, touching
from quality.numeric.consensus.solution import Solution

THRESHOLD = 0.5
"""Probability from which a marked span is taken."""


@dataclass(frozen=True, slots=True)
class Tagging:
    """A fitted model: a chain of tags with the evidence for each unit."""

    evidence: Evidence
    scores: Floats
    """units × tags, packed: log-likelihood of everything said about and seen of the unit."""
    transitions: Floats
    tables: Habits
    logs: Floats
    """Rows of the tables → log p, as contained in `scores`."""

    def solve(self, readings: Sequence[Reading], labels: Sequence[str]) -> Solution:
        """`readings` and `labels` are what the evidence was gathered from."""
        belief = forward_backward(self.scores, self.transitions, self.evidence.packing)
        said = [frozenset[Mark]().union(*reading.marks.values()) for reading in readings]
        spans = self._likely(dict(enumerate(said)), belief, labels)
        return Solution(
            [spans[number] for number in range(len(readings))],
            self._uncertainty(spans, belief, labels, len(readings)),
            self._without_each(readings, labels, belief),
        )

    def _likely(
        self, said: Mapping[int, frozenset[Mark]], belief: Posterior, labels: Sequence[str]
    ) -> dict[int, dict[Mark, float]]:
        """Document → the likeliest of the marks `said` there that do not overlap."""
        first = self.evidence.pieces.first
        marks = [(document, mark) for document, found in said.items() for mark in sorted(found)]
        places = [
            (first[document] + mark.first, first[document] + mark.stop, labels.index(mark.label))
            for document, mark in marks
        ]
        chances = span_probabilities(
            np.array(places, dtype=np.int64).reshape(-1, 3),
            belief,
            self.transitions,
            self.evidence.packing,
            self.evidence.pieces.starts,
        )
        taken: dict[int, dict[Mark, float]] = {document: {} for document in said}
        for (document, mark), chance in sorted(
            zip(marks, chances.tolist(), strict=True), key=lambda item: (-item[1], item[0])
        ):
            if chance < THRESHOLD:
                break
            if not any(touching(mark, other) for other in taken[document]):
                taken[document][mark] = chance
        return taken

    def _uncertainty(
        self, spans: Mapping[int, Mapping[Mark, float]], belief: Posterior, labels: Sequence[str], documents: int
    ) -> list[float]:
        pieces, order = self.evidence.pieces, self.evidence.packing.order
        tags: Ints = np.zeros(len(order), dtype=np.int64)
        for document, found in spans.items():
            for mark in found:
                first = pieces.first[document] + mark.first
                tags[first : first + mark.stop - mark.first] = 2 * labels.index(mark.label) + 2
                tags[first] -= 1
        doubts = 1 - belief.tags[np.arange(len(order)), tags[order]]
        return [
            float(sum_)
            for sum_ in np.bincount(pieces.document[order], weights=np.maximum(doubts, 0), minlength=documents)
        ]

    def _without_each(
        self, readings: Sequence[Reading], labels: Sequence[str], belief: Posterior
    ) -> list[dict[str, frozenset[Mark]]]:
        """The spans with one person's likelihood divided out of the evidence, for each person.

        `belief` is written over, document by document.
        """
        evidence, pieces = self.evidence, self.evidence.pieces
        place = np.empty_like(evidence.packing.order)
        place[evidence.packing.order] = np.arange(len(place))
        names = np.array([name for name, _ in evidence.voices])
        result: list[dict[str, frozenset[Mark]]] = [{} for _ in readings]
        for name in sorted({name for name, _ in evidence.voices}):
            documents = [
                number
                for number, reading in enumerate(readings)
                if name in reading.asked and reading.shared_labels(name)
            ]
            judged = np.isin(pieces.owner, documents)
            if not judged.any():
                continue
            own = (names[evidence.voice] == name)[evidence.entry_answer]
            said = np.zeros((len(evidence.entry_start), evidence.tags))
            np.add.at(said, evidence.entry_pattern[own], self.logs[self.tables.answer[own]])
            packing = pack(pieces.starts[judged], pieces.lengths[judged])
            places = place[packing.order]
            part = forward_backward(self.scores[places] - said[evidence.pattern[places]], self.transitions, packing)
            belief.tags[places], belief.ahead[places] = part.tags, part.ahead
            others = {
                number: frozenset[Mark]().union(
                    *(marks for other, marks in readings[number].marks.items() if other != name)
                )
                for number in documents
            }
            for number, found in self._likely(others, belief, labels).items():
                result[number][name] = frozenset(found)
        return result
