"""Spans that lie within and across each other, cut so that they can be written as nested elements.

`static/js/nesting.js` does the same for the pages that draw in the browser; both are tested
against `tests/fixtures/nesting.json`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count, pairwise
from typing import Generic, Protocol, TypeVar


class Stretch(Protocol):
    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


S = TypeVar("S", bound=Stretch)


@dataclass(eq=False, slots=True)
class Box(Generic[S]):
    """A stretch, or the part of one that lies within another."""

    of: S
    start: int
    end: int
    height: int = 0
    """How many boxes lie within each other in it; 0: none."""

    @property
    def begins(self) -> bool:
        return self.start == self.of.start

    @property
    def ends(self) -> bool:
        return self.end == self.of.end


@dataclass(frozen=True, slots=True)
class Piece(Generic[S]):
    """Text between two edges: what opens before it, outermost first, and closes after it, innermost first."""

    text: str
    opens: tuple[Box[S], ...] = ()
    closes: tuple[Box[S], ...] = ()


def boxes(stretches: Iterable[S]) -> list[Box[S]]:
    """In the order in which they open, none across another.

    What begins inside another and ends behind it is cut where that one ends; of the same bounds the
    first given is the outer.
    """
    number = count()
    waiting = [(item.start, -item.end, next(number), item) for item in stretches]
    heapify(waiting)
    placed: list[Box[S]] = []
    around: list[Box[S]] = []
    while waiting:
        start, end, _, item = heappop(waiting)
        box = Box(item, start, -end)
        while around and around[-1].end <= start:
            around.pop()
        if around and box.end > around[-1].end:
            heappush(waiting, (around[-1].end, end, next(number), item))
            box.end = around[-1].end
        for height, outer in enumerate(reversed(around), 1):
            outer.height = max(outer.height, height)
        placed.append(box)
        around.append(box)
    return placed


def pieces(text: str, stretches: Iterable[S]) -> list[Piece[S]]:
    """`text` cut at every edge; joined, the pieces are the text, and each box opens and closes once."""
    opening: dict[int, list[Box[S]]] = {}
    closing: dict[int, list[Box[S]]] = {}
    for box in boxes(stretches):
        opening.setdefault(box.start, []).append(box)
        closing.setdefault(box.end, []).insert(0, box)
    edges = sorted({0, len(text), *opening, *closing})
    return [
        Piece(text[start:end], tuple(opening.get(start, ())), tuple(closing.get(end, ())))
        for start, end in pairwise(edges)
    ]
