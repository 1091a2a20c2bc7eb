"""Geometry of line charts that templates draw as SVG: numbers to coordinates, round ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 26, 40


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
class LineChart:
    """Coordinates in a box of `width` by `height`, origin at the top left."""

    dots: tuple[Dot, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM

    @property
    def polyline(self) -> str:
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)

    @property
    def area(self) -> str:
        """Path of the surface between the line and the x axis; empty for fewer than two points."""
        if len(self.dots) < 2:
            return ""
        line = " L".join(f"{dot.x},{dot.y}" for dot in self.dots)
        return f"M{self.dots[0].x},{self.bottom} L{line} L{self.dots[-1].x},{self.bottom} Z"


def line_chart(points: Sequence[tuple[float, float, str]], *, y_max: float = 1.0) -> LineChart:
    """A chart of (x ≥ 0, 0 ≤ y ≤ y_max, title) points, both axes from 0."""
    step = round_step(max((x for x, _, _ in points), default=0.0) / 5)
    ticks = math.ceil(max((x for x, _, _ in points), default=0.0) / step) or 1
    x_max = ticks * step

    def across(x: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * x / x_max, 1)

    def up(y: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / y_max, 1)

    return LineChart(
        dots=tuple(Dot(across(x), up(y), title) for x, y, title in points),
        x_ticks=tuple(Tick(across(n * step), f"{n * step:g}") for n in range(ticks + 1)),
        y_ticks=tuple(Tick(up(y_max * n / 5), f"{y_max * n / 5:.1f}") for n in range(6)),
    )


def round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, 50, … that is at least `least`."""
    if least <= 1:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))
