"""Geometry of line charts that templates draw as SVG: numbers to coordinates, round ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 26, 40

Point = tuple[float, float, str]
"""(x, y, title)"""


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    """x or y coordinate."""
    label: str


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class Ahead:
    """A forecast: a point with its interval."""

    x: float
    y: float
    low: float
    high: float
    title: str


@dataclass(frozen=True, slots=True)
class LineChart:
    """Coordinates in a box of `width` by `height`, origin at the top left."""

    dots: tuple[Dot, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    second: tuple[Dot, ...] = ()
    """Of the second line."""
    band: str = ""
    """Path of the surface between two lines; empty for fewer than two points."""
    ahead: Ahead | None = None
    """In coordinates of the box."""
    x_label: str = ""
    y_label: str = ""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM

    @property
    def polyline(self) -> str:
        return _line(self.dots)

    @property
    def second_polyline(self) -> str:
        return _line(self.second)

    @property
    def area(self) -> str:
        """Path of the surface between the line and the x axis; empty for fewer than two points."""
        if len(self.dots) < 2:
            return ""
        line = " L".join(f"{dot.x},{dot.y}" for dot in self.dots)
        return f"M{self.dots[0].x},{self.bottom} L{line} L{self.dots[-1].x},{self.bottom} Z"


def line_chart(
    points: Sequence[Point],
    *,
    second: Sequence[Point] = (),
    band: Sequence[tuple[float, float, float]] = (),
    ahead: Ahead | None = None,
    x_label: str = "",
    y_label: str = "",
    y_max: float = 1.0,
) -> LineChart:
    """A chart of (x ≥ 0, 0 ≤ y ≤ y_max, title) points, both axes from 0; `band` holds (x, low, high)."""
    furthest = max([x for x, _, _ in (*points, *second, *band)] + ([ahead.x] if ahead else []), default=0.0)
    step = round_step(furthest / 5)
    ticks = math.ceil(furthest / step) or 1
    x_max = ticks * step

    def across(x: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * x / x_max, 1)

    def up(y: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / y_max, 1)

    def dots(found: Sequence[Point]) -> tuple[Dot, ...]:
        return tuple(Dot(across(x), up(y), title) for x, y, title in found)

    edge = [f"{across(x)},{up(high)}" for x, _, high in band] + [
        f"{across(x)},{up(low)}" for x, low, _ in reversed(band)
    ]
    return LineChart(
        dots=dots(points),
        second=dots(second),
        band=f"M{' L'.join(edge)} Z" if len(band) > 1 else "",
        ahead=ahead and Ahead(across(ahead.x), up(ahead.y), up(ahead.low), up(ahead.high), ahead.title),
        x_ticks=tuple(Tick(across(n * step), f"{n * step:g}") for n in range(ticks + 1)),
        y_ticks=tuple(Tick(up(y_max * n / 5), f"{y_max * n / 5:.1f}") for n in range(6)),
        x_label=x_label,
        y_label=y_label,
    )


def _line(dots: Sequence[Dot]) -> str:
    return " ".join(f"{dot.x},{dot.y}" for dot in dots)


def round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, 50, … that is at least `least`."""
    if least <= 1:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))
