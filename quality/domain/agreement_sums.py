"""Adding up what documents add to the agreement, in one pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from quality.domain.agreement_rows import DocumentRow, LabelCounts, Pair, PairRow, ViewRow


def total(rows: Iterable[DocumentRow]) -> DocumentRow:
    """The sum of rows: the same as adding them one to the other, in one pass."""
    sums = _Sums()
    for row in rows:
        sums.add(row)
    return sums.row()


class _ViewSum:
    """A ViewRow that grows."""

    def __init__(self) -> None:
        self.units, self.ratings, self.disagreement = 0, 0, 0.0
        self.values: dict[str, int] = {}

    def add(self, row: ViewRow) -> None:
        self.units += row.units
        self.ratings += row.ratings
        self.disagreement += row.disagreement
        _grow(self.values, row.values)

    def row(self) -> ViewRow:
        return ViewRow(self.units, self.ratings, self.disagreement, self.values)


class _PairSum:
    """A PairRow that grows."""

    def __init__(self) -> None:
        self.counts = [0, 0, 0, 0]
        self.labels: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
        self.bio = _ViewSum()

    def add(self, row: PairRow) -> None:
        counts = self.counts
        counts[0] += row.documents
        counts[1] += row.asked_all
        counts[2] += row.both_empty
        counts[3] += row.boundary
        for label, added in row.labels.items():
            counts = self.labels[label]
            counts[0] += added.first
            counts[1] += added.second
            counts[2] += added.both
            counts[3] += added.overlap
            counts[4] += added.documents
        self.bio.add(row.bio)

    def row(self) -> PairRow:
        documents, asked_all, both_empty, boundary = self.counts
        labels = {label: LabelCounts(*counts) for label, counts in self.labels.items()}
        return PairRow(documents, asked_all, both_empty, boundary, labels, self.bio.row())


class _Sums:
    """A DocumentRow that grows."""

    def __init__(self) -> None:
        self.numbers = dict.fromkeys(("documents", "suggested", "tokens", "spans", "left_out", "agreed"), 0)
        self.plain = _ViewSum()
        self.alpha: dict[str, _ViewSum] = defaultdict(_ViewSum)
        self.pairs: dict[Pair, _PairSum] = defaultdict(_PairSum)
        self.annotators: set[str] = set()
        self.conflicts: dict[str, int] = {}
        self.confusion: dict[Pair, int] = {}

    def add(self, row: DocumentRow) -> None:
        for name in self.numbers:
            self.numbers[name] += getattr(row, name)
        self.plain.add(row.plain)
        for view, sums in row.alpha.items():
            self.alpha[view].add(sums)
        for pair, counts in row.pairs.items():
            self.pairs[pair].add(counts)
        self.annotators |= row.annotators
        _grow(self.conflicts, row.conflicts)
        _grow(self.confusion, row.confusion)

    def row(self) -> DocumentRow:
        return DocumentRow(
            **self.numbers,
            plain=self.plain.row(),
            alpha={view: sums.row() for view, sums in self.alpha.items()},
            pairs={pair: sums.row() for pair, sums in self.pairs.items()},
            annotators=frozenset(self.annotators),
            conflicts=self.conflicts,
            confusion=self.confusion,
        )


def _grow(sums: dict[Any, int], row: Mapping[Any, int]) -> None:
    for key, value in row.items():
        sums[key] = sums.get(key, 0) + value
