"""Label colours stay apart for everybody, and text on them stays readable."""

from __future__ import annotations

import itertools
import math

import pytest

from annotation.domain.palette import COLORS, pick_color

Linear = tuple[float, ...]

# Machado, Oliveira & Fernandes 2009, severity 1.0; rows act on linear RGB.
SIGHT = {
    "typical": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
NEAREST = 0.07
"""In OKLab; about three and a half times what is just told apart side by side."""


def linear(color: str) -> Linear:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def oklab(color: Linear) -> Linear:
    """Björn Ottosson's OKLab, from linear sRGB."""
    r, g, b = color
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def seen(color: str, sight: str) -> Linear:
    source = linear(color)
    through = (sum(a * b for a, b in zip(row, source, strict=True)) for row in SIGHT[sight])
    return oklab(tuple(min(1.0, max(0.0, part)) for part in through))


def too_near(colors: tuple[str, ...], sight: str) -> dict[tuple[str, str], float]:
    distances = {
        pair: math.dist(seen(pair[0], sight), seen(pair[1], sight)) for pair in itertools.combinations(colors, 2)
    }
    return {pair: round(distance, 3) for pair, distance in distances.items() if distance < NEAREST}


@pytest.mark.parametrize("sight", SIGHT)
def test_any_two_label_colours_stay_apart(sight: str) -> None:
    assert not too_near(COLORS, sight)


@pytest.mark.parametrize(
    ("sight", "pair"), [("protanopia", ("#0072B2", "#8C6BB1")), ("deuteranopia", ("#009E73", "#7F7F7F"))]
)
def test_blue_and_violet_or_green_and_grey_would_not_pass(sight: str, pair: tuple[str, str]) -> None:
    assert not too_near(pair, "typical")
    assert too_near(pair, sight)


def test_a_label_gets_the_colour_used_least() -> None:
    assert pick_color([]) == COLORS[0]
    assert pick_color([COLORS[0].lower()]) == COLORS[1]
    assert pick_color(COLORS) == COLORS[0]
