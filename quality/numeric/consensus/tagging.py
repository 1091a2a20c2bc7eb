"""From what a model learned to spans: the likeliest of those people marked, and the same without a person.

A span that nobody marked at its place is only taken where the likeliest tags of its piece have it
and somebody gave the same words that label elsewhere: "overlooked here, as it is marked there" is an
explanation. What a model makes up beyond that was right far too seldom where people err alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
from quality.numeric.consensus.evidence import Evidence, Flags, group_sums
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

    documents: Ints
    """Ascending."""
    first: Ints
    """Of each of `documents`: its first unit; one more at the end."""
    starts: Ints
    """The first unit of every piece."""
    packing: Packing
    scores: Floats
    """units × tags, packed: log-likelihood of everything said about and seen of the unit."""
    belief: Posterior


@dataclass(frozen=True, slots=True)
class Said:
    """Every mark that anybody made, once, document by document."""

    marks: Sequence[Mark]
    document: Ints
    units: Ints
    """marks × (first unit, unit behind the last, label), within the document."""
    supporters: Ints
    """How many people made it."""
    by: Mapping[str, Sequence[int]]
    """Annotator → numbers of their marks."""

    def without(self, name: str | None) -> Flags:
        """Which marks were also made by somebody else."""
        left = self.supporters.copy()
        left[np.array(self.by.get(name or "", ()), dtype=np.int64)] -= 1
        return left > 0


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
        said = _said(readings, labels)
        part = self._everything(len(readings))
        spans: list[dict[Mark, float]] = [{} for _ in readings]
        for number, mark, chance in self._likely(part, said, readings, labels, phrases):
            spans[number][mark] = chance
        return Solution(
            spans,
            self._uncertainty(spans, part.belief, labels),
            self._without_each(said, readings, labels, phrases),
        )

    def _everything(self, documents: int) -> Part:
        pieces, packing = self.evidence.pieces, self.evidence.packing
        belief = forward_backward(self.scores, self.transitions, packing)
        return Part(np.arange(documents), pieces.first, pieces.starts, packing, self.scores, belief)

    def _likely(
        self,
        part: Part,
        said: Said,
        readings: Sequence[Reading],
        labels: Sequence[str],
        phrases: Mapping[Phrase, frozenset[str]],
        without: str | None = None,
    ) -> Iterator[tuple[int, Mark, float]]:
        """(document, mark, its probability) of the likeliest that do not overlap, the likeliest first.

        What only `without` marked does not count as said.
        """
        place = np.full(len(readings), -1)
        place[part.documents] = np.arange(len(part.documents))
        chosen = np.flatnonzero((place[said.document] >= 0) & said.without(without)).tolist()
        found = [said.marks[number] for number in chosen]
        places, units = place[said.document[chosen]], said.units[chosen]
        if phrases:
            known = set(zip(places.tolist(), found, strict=True))
            more = [
                (here, mark)
                for here, mark in self._path(part, labels)
                if phrases.get(_phrase(readings[part.documents[here]], mark), frozenset()) - {without}
                and (here, mark) not in known
            ]
            found += [mark for _, mark in more]
            places = np.append(places, np.array([here for here, _ in more], dtype=np.int64))
            units = np.concatenate([units, _numbered([mark for _, mark in more], labels)])
        spans = units.copy()
        spans[:, :2] += part.first[places][:, None]
        chances = span_probabilities(spans, part.belief, self.transitions, part.packing, part.starts)
        for number in likeliest_apart(spans, chances):
            yield int(part.documents[places[number]]), found[number], float(chances[number])

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
        self, spans: Sequence[Mapping[Mark, float]], belief: Posterior, labels: Sequence[str]
    ) -> list[float]:
        pieces, order = self.evidence.pieces, self.evidence.packing.order
        tags: Ints = np.zeros(len(order), dtype=np.int64)
        for document, found in enumerate(spans):
            for mark in found:
                first = pieces.first[document] + mark.first
                tags[first : first + mark.stop - mark.first] = 2 * labels.index(mark.label) + 2
                tags[first] -= 1
        doubts = 1 - belief.tags[np.arange(len(order)), tags[order]]
        return [
            float(sum_)
            for sum_ in np.bincount(pieces.document[order], weights=np.maximum(doubts, 0), minlength=len(spans))
        ]

    def _without_each(
        self, said: Said, readings: Sequence[Reading], labels: Sequence[str], phrases: Mapping[Phrase, frozenset[str]]
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
            part = self._part_without(name, np.array(documents), packed)
            found: dict[int, list[Mark]] = {number: [] for number in documents}
            for number, mark, _ in self._likely(part, said, readings, labels, phrases, without=name):
                found[number].append(mark)
            for number, marks in found.items():
                result[number][name] = frozenset(marks)
        return result

    def _part_without(self, name: str, documents: Ints, packed: Ints) -> Part:
        """`packed`: unit → its row of the scores."""
        evidence, pieces = self.evidence, self.evidence.pieces
        voices = np.array([voice == name for voice, _ in evidence.voices])
        own = np.flatnonzero(voices[evidence.voice][evidence.entry_answer])
        said = group_sums(
            evidence.entry_pattern[own], self.logs, len(evidence.entry_start), row=self.tables.answer[own]
        )
        chosen = np.isin(pieces.owner, documents)
        lengths = pieces.lengths[chosen]
        starts = np.cumsum(lengths) - lengths
        packing = pack(starts, lengths)
        rows = packed[np.flatnonzero(np.repeat(chosen, pieces.lengths))[packing.order]]
        scores = self.scores[rows] - said[evidence.pattern[rows]]
        sizes = np.diff(pieces.first)[documents]
        first = np.concatenate([[0], np.cumsum(sizes)])
        return Part(documents, first, starts, packing, scores, forward_backward(scores, self.transitions, packing))


def likeliest_apart(spans: Ints, chances: Floats) -> Iterator[int]:
    """Numbers of the spans that are taken: the likeliest of those that overlap, while it is likely enough.

    `spans`: spans × (first unit, unit behind the last, label). Where two are equally likely, the first is taken.
    """
    likely = np.flatnonzero(chances >= THRESHOLD)
    first, stop, label = spans[likely].T
    order = np.lexsort((label, stop, first, -chances[likely]))
    by_place = np.lexsort((stop, first))
    reach = np.maximum.accumulate(stop[by_place])
    clump = np.empty(len(likely), dtype=np.int64)
    clump[by_place] = np.cumsum(np.append(0, first[by_place][1:] >= reach[:-1])) if len(likely) else 0
    alone = np.bincount(clump)[clump] == 1
    covered: set[int] = set()
    for number in order:
        if not alone[number]:
            places = range(first[number], stop[number])
            if not covered.isdisjoint(places):
                continue
            covered.update(places)
        yield int(likely[number])


def _said(readings: Sequence[Reading], labels: Sequence[str]) -> Said:
    marks: list[Mark] = []
    document: list[int] = []
    supporters: list[int] = []
    by: dict[str, list[int]] = defaultdict(list)
    for place, reading in enumerate(readings):
        numbers: dict[Mark, int] = {}
        for name, own in reading.marks.items():
            for mark in own:
                number = numbers.setdefault(mark, len(marks))
                if number == len(marks):
                    marks.append(mark)
                    document.append(place)
                    supporters.append(0)
                supporters[number] += 1
                by[name].append(number)
    return Said(marks, _ints(document), _numbered(marks, labels), _ints(supporters), by)


def _numbered(marks: Sequence[Mark], labels: Sequence[str]) -> Ints:
    """marks × (first unit, unit behind the last, label)"""
    number = {label: place for place, label in enumerate(labels)}
    return _ints([(mark.first, mark.stop, number[mark.label]) for mark in marks]).reshape(-1, 3)


def _ints(numbers: Sequence[Any]) -> Ints:
    return np.array(numbers, dtype=np.int64)


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
