"""Judgements as arrays: who answered which tag after which, for every unit.

A *voice* is a person answering one question. Somebody who is always asked about all labels at once
is one voice with all tags. Somebody who is asked about some labels only is a voice per label, with
the tags O, B and I of that label: what they were not asked is simply not there, and their O about
places does not speak against a person's name.

Most units of a text carry the same answers (everybody said O after O), so answers are kept per
*pattern*, the set of answers a unit got, and not per unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from quality.numeric.consensus.chain import OUTSIDE, Floats, Ints, Packing, pack
from quality.numeric.consensus.reading import Mark, Reading, apart

Flags = npt.NDArray[np.bool_]

LONGEST_PIECE = 512
ALL = -1
"""The label of a voice that is asked about all of them."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The units of all judged documents, one after the other, cut into pieces of text."""

    document: Ints
    """Unit → number of its reading."""
    first: Ints
    """Reading → its first unit; one more at the end."""
    starts: Ints
    """Piece → its first unit."""
    lengths: Ints
    owner: Ints
    """Piece → number of its reading."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All answers; units in packed order."""

    labels: int
    voices: Sequence[tuple[str, int]]
    """(annotator, label number or ALL)."""
    pieces: Pieces
    packing: Packing
    pattern: Ints
    """Unit → the pattern of its answers."""
    entry_pattern: Ints
    """Entry → its pattern; entries are the answers of the patterns, sorted by pattern."""
    entry_answer: Ints
    entry_start: Ints
    """Pattern → its first entry."""
    voice: Ints
    """Answer → voice."""
    before: Ints
    """Answer → the same voice's tag on the unit before."""
    tag: Ints
    """Answer → tag."""
    asked: Ints
    """patterns × labels: how many people were asked."""
    shared: Flags
    """Entry → was somebody else asked the same? Alone, a person can only agree with themselves."""

    @property
    def tags(self) -> int:
        return 2 * self.labels + 1

    def open_tags(self) -> Flags:
        """patterns × tags: False for labels that nobody was asked about there."""
        result: Flags = np.ones((len(self.asked), self.tags), dtype=bool)
        result[:, 1:] = np.repeat(self.asked > 0, 2, axis=1)
        return result

    def per_pattern(self, rows: Floats) -> Floats:
        """Units × tags → their sums per pattern."""
        return group_sums(self.pattern, rows, len(self.entry_start))


def group_sums(groups: Ints, rows: Floats, size: int, *, row: Ints | None = None) -> Floats:
    """The sums of `rows` per group: size × columns. `row`: which row each entry of `groups` is about."""

    def sums(column: Floats) -> Floats:
        weights = column if row is None else column[row]
        return np.bincount(groups, weights=weights, minlength=size).astype(np.float64, copy=False)

    return column_wise(sums, rows)


def column_wise(function: Callable[[Floats], Floats], rows: Floats) -> Floats:
    """`function` of each column as a column.

    Taking from and adding up a vector at a time is several times faster than the same of whole rows.
    """
    columns = [function(column) for column in np.ascontiguousarray(rows.T)]
    result: Floats = np.ascontiguousarray(np.stack(columns).T)
    return result


def gather(readings: Sequence[Reading], labels: Sequence[str], *, sequence: bool = True) -> Evidence | None:
    """The answers of all `readings`; None where there are none.

    `sequence`: whether an answer also depends on the one before; False: that is taken for O everywhere,
    which leaves fewer patterns.
    """
    number = {label: place for place, label in enumerate(labels)}
    in_layers = {name for reading in readings for name, asked in reading.asked.items() if len(asked) < len(labels)}
    voices: dict[tuple[str, int], int] = {}
    keys = [_keys(reading, number, in_layers, voices) for reading in readings]
    pieces = _cut(readings, [table.shape[1] > 0 for table in keys])
    if not len(pieces.starts):
        return None
    opening = np.full(len(pieces.document), not sequence)
    opening[pieces.starts] = True
    tags = 2 * len(labels) + 1
    keys = [
        _with_before(table, opening[first:stop], tags)
        for table, (first, stop) in zip(keys, pairwise(pieces.first), strict=True)
    ]
    packing = pack(pieces.starts, pieces.lengths)
    prints = np.concatenate([_fingerprint(table) for table in keys])
    _, example, pattern = np.unique(prints, return_index=True, return_inverse=True)
    columns = [keys[pieces.document[unit]][:, unit - pieces.first[pieces.document[unit]]] for unit in example]
    sizes = np.array([len(column) for column in columns])
    answers, entry_answer = np.unique(np.concatenate(columns), return_inverse=True)
    entry_start = np.cumsum(sizes) - sizes
    asked, shared = _company(list(voices), len(labels), answers[entry_answer] // tags**2, entry_start, sizes)
    return Evidence(
        labels=len(labels),
        voices=list(voices),
        pieces=pieces,
        packing=packing,
        pattern=pattern[packing.order],
        entry_pattern=np.repeat(np.arange(len(sizes)), sizes),
        entry_answer=entry_answer,
        entry_start=entry_start,
        voice=answers // tags**2,
        before=answers // tags % tags,
        tag=answers % tags,
        asked=asked,
        shared=shared,
    )


def _company(
    voices: Sequence[tuple[str, int]], labels: int, voice: Ints, entry_start: Ints, sizes: Ints
) -> tuple[Ints, Flags]:
    covers = np.array([[label in (ALL, column) for column in range(labels)] for _, label in voices], dtype=np.int64)
    asked = np.add.reduceat(covers[voice], entry_start, axis=0)
    shared: Flags = np.any(covers[voice] * (np.repeat(asked, sizes, axis=0) > 1), axis=1)
    return asked, shared


def _keys(reading: Reading, number: Mapping[str, int], in_layers: set[str], voices: dict[tuple[str, int], int]) -> Ints:
    """voices × units: voice · tags + tag. New voices are entered in `voices`."""
    tags = 2 * len(number) + 1
    rows = []
    for name, asked in reading.asked.items():
        for label in sorted(asked) if name in in_layers else [None]:
            marks = [mark for mark in reading.marks[name] if label in (None, mark.label)]
            voice = voices.setdefault((name, ALL if label is None else number[label]), len(voices))
            rows.append(voice * tags + tag_row(marks, len(reading.units), number))
    return np.array(rows) if rows and reading.units else np.zeros((0, 0), dtype=np.int64)


def tag_row(marks: Sequence[Mark], units: int, number: Mapping[str, int]) -> Ints:
    """One tag per unit; of marks that overlap, the longer is kept."""
    row = [OUTSIDE] * units
    for mark in apart(marks):
        row[mark.first : mark.stop] = [2 * number[mark.label] + 2] * (mark.stop - mark.first)
        row[mark.first] -= 1
    return np.array(row, dtype=np.int64)


def _with_before(table: Ints, opening: Flags, tags: int) -> Ints:
    """voice · tags + tag → (voice · tags + tag before) · tags + tag."""
    tag = table % tags
    before = np.zeros_like(tag)
    before[:, 1:] = tag[:, :-1]
    before[:, opening] = OUTSIDE
    return (table - tag + before) * tags + tag


def _fingerprint(table: Ints) -> npt.NDArray[np.uint64]:
    """One number per column: the same for the same answers in any order, else almost surely not.

    The sum of splitmix64 (Steele, Lea and Flood 2014) of the answers.
    """
    z = table.astype(np.uint64) + np.uint64(1)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    result: npt.NDArray[np.uint64] = (z ^ (z >> np.uint64(31))).sum(axis=0, dtype=np.uint64)
    return result


def _cut(readings: Sequence[Reading], judged: Sequence[bool]) -> Pieces:
    sizes = np.array(
        [len(reading.units) if use else 0 for reading, use in zip(readings, judged, strict=True)], dtype=np.int64
    )
    first = np.concatenate([[0], np.cumsum(sizes)])
    starts: list[int] = []
    owner: list[int] = []
    for place, (reading, use) in enumerate(zip(readings, judged, strict=True)):
        if use:
            found = [int(first[place]) + cut for cut in cuts(reading)]
            starts += found
            owner += [place] * len(found)
    lengths = np.diff(np.array([*starts, first[-1]]))
    document = np.repeat(np.arange(len(sizes)), sizes)
    return Pieces(document, first, np.array(starts, dtype=np.int64), lengths, np.array(owner, dtype=np.int64))


def cuts(reading: Reading) -> list[int]:
    """The units at which a new piece begins: at the start and after a line break.

    Never inside anybody's mark. A line of more than LONGEST_PIECE units is cut again, so that one
    very long line does not hold up all others.
    """
    closed = {unit for marks in reading.marks.values() for mark in marks for unit in range(mark.first + 1, mark.stop)}
    result = [0]
    for unit, ((_, end), (start, _)) in enumerate(pairwise(reading.units), 1):
        full = unit - result[-1] >= LONGEST_PIECE
        if (full or "\n" in reading.text[end:start]) and unit not in closed:
            result.append(unit)
    return result
