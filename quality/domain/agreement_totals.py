"""Sums of agreement over many documents, at several grains of time.

Documents' rows add up, so their sums are kept as well: figures of a large project are then made of
some thousand rows instead of a million. A grain is a stretch of time that a sum is over; a slice of
days is put together from whole weeks and the single days before and after them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from itertools import groupby
from operator import itemgetter
from typing import Any

from quality.domain.conflicts import CONFLICT_KINDS

Json = Mapping[str, Any]
Sums = dict[str, float]
Key = tuple[Any, ...]

ALWAYS = date(1970, 1, 1)
"""The day of a sum over all time."""


class Grain(IntEnum):
    """What a sum is over. Pairs and confusions are too many to be kept by bucket as well, but for BUCKETS."""

    DAY = 1
    WEEK = 2
    EVER = 3
    BUCKETS = 4
    """All time, by bucket: of pairs, for a slice of two people."""

    def start(self, day: date) -> date:
        if self is Grain.DAY:
            return day
        return monday(day) if self is Grain.WEEK else ALWAYS


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


SLICED = ("overlap_reason", "with_suggestions", "guideline_version")
DOCUMENT = (
    *("words", "spans", "left_out", "agreed", *(kind.value for kind in CONFLICT_KINDS)),
    *("plain_words", "plain_votes", "bio_words", "bio_votes", "bio_apart", "type_apart", "detect_apart"),
    *("named_words", "named_votes", "named_apart", "both_empty", "pair_spans", "exact", "overlap", "same_bounds"),
)
LABEL = ("begin", "inside", "named", "marked", "apart", "words", "votes", "spans", "exact", "overlap")
PAIR = (
    *("asked", "both_empty", "same_bounds", "bio_words", "bio_votes", "bio_apart", "begin", "inside"),
    *("first_spans", "second_spans", "both", "overlap"),
)
SQUARES = ("with_spans", "aa", "ab", "bb")
"""For the interval of exact F1: documents with spans, and Σa², Σab, Σb² over them (see `quality.numeric.ratio`)."""


def _squares(a: float, b: float) -> Sums:
    return {"with_spans": float(b > 0), "aa": a * a, "ab": a * b, "bb": b * b}


def _document(rows: Iterable[Json]) -> Iterator[tuple[Json, Sums]]:
    for row in rows:
        yield row, {"documents": 1} | {name: row[name] for name in DOCUMENT} | _squares(row["exact"], row["pair_spans"])


def _label(rows: Iterable[Json]) -> Iterator[tuple[Json, Sums]]:
    for row in rows:
        yield row, {"documents": 1} | {name: row[name] for name in LABEL} | _squares(row["exact"], row["spans"])


def _pair(rows: Iterable[Json]) -> Iterator[tuple[Json, Sums]]:
    """The squares of all labels together stand in the pair's row without a label."""
    for _, group in groupby(rows, key=itemgetter("entry_id")):
        of_entry = list(group)
        whole: dict[Key, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for row in of_entry:
            sums = whole[row["first_id"], row["second_id"]]
            sums[0] += 2 * row["both"]
            sums[1] += row["first_spans"] + row["second_spans"]
        for row in of_entry:
            both, spans = 2 * row["both"], row["first_spans"] + row["second_spans"]
            if row["label_id"] is None:
                both, spans = whole[row["first_id"], row["second_id"]]
            yield row, {"documents": 1} | {name: row[name] for name in PAIR} | _squares(both, spans)


def _confusion(rows: Iterable[Json]) -> Iterator[tuple[Json, Sums]]:
    for row in rows:
        yield row, {"documents": 1, "spans": row["spans"]}


@dataclass(frozen=True)
class Table:
    """One kind of rows and how it is summed."""

    identity: tuple[str, ...]
    """Columns of a row, next to those it is sliced by, that its sums are kept apart by; ids, 0 for none."""
    sums: tuple[str, ...]
    by_bucket: frozenset[Grain]
    grains: tuple[Grain, ...]
    read: Callable[[Iterable[Json]], Iterator[tuple[Json, Sums]]]
    """Documents' rows, those of one document together → each with what it adds."""

    @property
    def key(self) -> tuple[str, ...]:
        return ("grain", "day", "bucket", *SLICED, *self.identity)

    def cells(self, rows: Iterable[Json], grains: Collection[Grain] | None = None) -> dict[Key, Sums]:
        """The sums of documents' rows, those of one document together, at every grain, by `key`."""
        found: dict[Key, Sums] = {}
        for row, added in self.read(rows):
            rest = [row[name] for name in SLICED] + [row[f"{name}_id"] or 0 for name in self.identity]
            for grain in grains or self.grains:
                bucket = row["bucket"] if grain in self.by_bucket else 0
                key = (int(grain), grain.start(row["day"]), bucket, *rest)
                if (sums := found.get(key)) is None:
                    found[key] = dict(added)
                else:
                    for name, value in added.items():
                        sums[name] += value
        return found


TIMES = (Grain.DAY, Grain.WEEK, Grain.EVER)
DOCUMENTS = Table((), ("documents", *DOCUMENT, *SQUARES), frozenset(TIMES), TIMES, _document)
LABELS = Table(("label",), ("documents", *LABEL, *SQUARES), frozenset(TIMES), TIMES, _label)
PAIRS = Table(
    ("first", "second", "label"),
    ("documents", *PAIR, *SQUARES),
    frozenset({Grain.BUCKETS}),
    (*TIMES, Grain.BUCKETS),
    _pair,
)
CONFUSIONS = Table(("label", "other"), ("documents", "spans"), frozenset(), TIMES, _confusion)


@dataclass(frozen=True)
class Stretch:
    """Days from `first` to before `end` at one grain; None: open."""

    grain: Grain
    first: date | None = None
    end: date | None = None


def stretches(since: date | None, until: date | None, *, by_week: bool = False) -> list[Stretch]:
    """What covers the days from `since` to `until`, both included: weeks where they are whole.

    Args:
        by_week: no grain coarser than a week.
    """
    if since is None and until is None:
        return [Stretch(Grain.WEEK if by_week else Grain.EVER)]
    end = None if until is None else until + timedelta(days=1)
    first_week = None if since is None else monday(since + timedelta(days=6))
    end_week = None if end is None else monday(end)
    if first_week is not None and end_week is not None and first_week >= end_week:
        return [Stretch(Grain.DAY, since, end)]
    found = [Stretch(Grain.WEEK, first_week, end_week)]
    if since != first_week:
        found.append(Stretch(Grain.DAY, since, first_week))
    if end != end_week:
        found.append(Stretch(Grain.DAY, end_week, end))
    return found
