"""From what a model learned to spans: the likeliest of those people marked, and the same without a person.

A span that nobody marked at its place is only taken where the likeliest tags of its piece have it
and somebody gave the same words that label elsewhere: "overlooked here, as it is marked there" is an
explanation. What a model makes up beyond that was right far too seldom where people err alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quality.numeric.consensus.chain import (
    Floats,
    Ints,
    Packing,
    Posterior,
    best_tags,
    forward_backward,
    pack,
    span_probabilities,
)
from quality.numeric.consensus.evidence import Evidence
from quality.numeric.consensus.habits import Habits
from quality.numeric.consensus.reading import Mark, Reading
from quality.numeric.consensus.solution import Solution

THRESHOLD = 0.5
"""Probability from which a span is taken."""

Phrase = tuple[str, str]
"""(words, label)."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some whole documents in a row: what the chain says of them, units numbered from 0."""

    documents: Sequence[int]
    first: Ints
    """Of each of `documents`: its first unit; one more at the end."""
    starts: Ints
    """The first unit of every piece."""
    packing: Packing
    scores: Floats
    """units × tags, packed: log-likelihood of everything said about and seen of the unit."""
    belief: Posterior


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
    repeats: bool = False
    """Also take what nobody marked where it stands, but somebody elsewhere."""

    def solve(self, readings: Sequence[Reading], labels: Sequence[str]) -> Solution:
        """`readings` and `labels` are what the evidence was gathered from."""
        phrases = _phrases(readings) if self.repeats else {}
        part = self._everything(len(readings))
        spans = self._likely(part, readings, labels, phrases)
        return Solution(
            [spans[number] for number in range(len(readings))],
            self._uncertainty(spans, part.belief, labels, len(readings)),
            self._without_each(readings, labels, phrases),
        )

    def _everything(self, documents: int) -> Part:
        pieces, packing = self.evidence.pieces, self.evidence.packing
        belief = forward_backward(self.scores, self.transitions, packing)
        return Part(range(documents), pieces.first, pieces.starts, packing, self.scores, belief)

    def _likely(
        self,
        part: Part,
        readings: Sequence[Reading],
        labels: Sequence[str],
        phrases: Mapping[Phrase, frozenset[str]],
        without: str | None = None,
    ) -> dict[int, dict[Mark, float]]:
        """Document → the likeliest marks that do not overlap; those of `without` do not count as said."""
        number = {label: place for place, label in enumerate(labels)}
        found = [
            set[Mark]().union(*(marks for name, marks in readings[document].marks.items() if name != without))
            for document in part.documents
        ]
        if phrases:
            for place, mark in self._path(part, labels):
                reading = readings[part.documents[place]]
                if phrases.get(_phrase(reading, mark), frozenset()) - {without}:
                    found[place].add(mark)
        candidates = [(place, mark) for place, marks in enumerate(found) for mark in sorted(marks)]
        units = np.array([(place, mark.first, mark.stop, number[mark.label]) for place, mark in candidates])
        units = units.reshape(-1, 4).astype(np.int64)
        units[:, 1:3] += part.first[units[:, 0]][:, None]
        chances = span_probabilities(units[:, 1:], part.belief, self.transitions, part.packing, part.starts).tolist()
        taken: list[dict[Mark, float]] = [{} for _ in part.documents]
        covered: list[set[int]] = [set() for _ in part.documents]
        likely = [choice for choice in zip(chances, candidates, strict=True) if choice[0] >= THRESHOLD]
        for chance, (place, mark) in sorted(likely, key=lambda choice: (-choice[0], choice[1])):
            places = range(mark.first, mark.stop)
            if covered[place].isdisjoint(places):
                covered[place].update(places)
                taken[place][mark] = chance
        return dict(zip(part.documents, taken, strict=True))

    def _path(self, part: Part, labels: Sequence[str]) -> Iterator[tuple[int, Mark]]:
        """(place of the document in the part, span) of the likeliest tags."""
        tags = np.zeros(len(part.packing.order) + 1, dtype=np.int64)
        tags[part.packing.order] = best_tags(part.scores, self.transitions, part.packing)
        goes_on = (tags > 0) & (tags % 2 == 0)
        goes_on[part.starts] = False
        begins = np.flatnonzero(tags % 2 == 1)
        ends = np.flatnonzero(~goes_on)
        stops = ends[np.searchsorted(ends, begins, side="right")]
        places = np.searchsorted(part.first, begins, side="right") - 1
        offsets = part.first[places]
        for place, first, stop, tag in zip(
            places.tolist(),
            (begins - offsets).tolist(),
            (stops - offsets).tolist(),
            tags[begins].tolist(),
            strict=True,
        ):
            yield place, Mark(first, stop, labels[tag // 2])

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
        self, readings: Sequence[Reading], labels: Sequence[str], phrases: Mapping[Phrase, frozenset[str]]
    ) -> list[dict[str, frozenset[Mark]]]:
        """The spans with one person's likelihood divided out of the evidence, for each person."""
        packed = np.empty_like(self.evidence.packing.order)
        packed[self.evidence.packing.order] = np.arange(len(packed))
        judged: dict[str, list[int]] = defaultdict(list)
        for number, reading in enumerate(readings):
            for name in reading.asked:
                if reading.units and reading.shared_labels(name):
                    judged[name].append(number)
        result: list[dict[str, frozenset[Mark]]] = [{} for _ in readings]
        for name, documents in sorted(judged.items()):
            part = self._part_without(name, documents, packed)
            for number, found in self._likely(part, readings, labels, phrases, without=name).items():
                result[number][name] = frozenset(found)
        return result

    def _part_without(self, name: str, documents: Sequence[int], packed: Ints) -> Part:
        """`packed`: unit → its row of the scores."""
        evidence, pieces = self.evidence, self.evidence.pieces
        own = np.array([voice == name for voice, _ in evidence.voices])[evidence.voice][evidence.entry_answer]
        said = np.zeros((len(evidence.entry_start), evidence.tags))
        np.add.at(said, evidence.entry_pattern[own], self.logs[self.tables.answer[own]])
        chosen = np.isin(pieces.owner, documents)
        lengths = pieces.lengths[chosen]
        starts = np.cumsum(lengths) - lengths
        packing = pack(starts, lengths)
        rows = packed[np.flatnonzero(np.repeat(chosen, pieces.lengths))[packing.order]]
        scores = self.scores[rows] - said[evidence.pattern[rows]]
        sizes = np.diff(pieces.first)[documents]
        first = np.concatenate([[0], np.cumsum(sizes)])
        return Part(documents, first, starts, packing, scores, forward_backward(scores, self.transitions, packing))


def _phrases(readings: Sequence[Reading]) -> dict[Phrase, frozenset[str]]:
    """What was marked anywhere → by whom."""
    result: dict[Phrase, set[str]] = defaultdict(set)
    for reading in readings:
        for name, marks in reading.marks.items():
            for mark in marks:
                result[_phrase(reading, mark)].add(name)
    return {phrase: frozenset(names) for phrase, names in result.items()}


def _phrase(reading: Reading, mark: Mark) -> Phrase:
    return reading.text[reading.units[mark.first][0] : reading.units[mark.stop - 1][1]], mark.label
