"""Colours and keys for labels that were only named.

The first six are Okabe and Ito's; the four after them were searched for so that any two of the ten
stay apart with protanopia, deuteranopia and tritanopia as well (`tests/domain/test_palette.py`). Labels
beyond the palette repeat colours, and a label's name always stands beside its colour, so the
interface never relies on colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable

COLORS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#D55E00",
    "#56B4E9",
    "#332288",
    "#DDCC33",
    "#882255",
    "#44DDCC",
)


def pick_color(used: Iterable[str]) -> str:
    """The colour of the palette that is used least so far."""
    taken = [color.lower() for color in used]
    return min(COLORS, key=lambda color: (taken.count(color.lower()), COLORS.index(color)))


# Editor commands own these keys; a label never gets one of them by itself.
RESERVED_KEYS = frozenset("arsu")


def pick_key(name: str, used: Iterable[str]) -> str:
    """A letter of the name that is free, else a free digit, else none."""
    taken = set(used) | RESERVED_KEYS
    letters = [c for c in name.lower() if c.isascii() and c.isalpha()]
    return next((c for c in [*letters, *"1234567890"] if c not in taken), "")
