"""Text with its spans, ready for `components/spans.html`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from annotation.domain.nesting import Box, pieces
from annotation.domain.spans import LabelledSpan

FALLBACK_COLOR = "#7F7F7F"
DEEPEST = 4
"""Higher boxes are drawn as high as this."""

Piece = dict[str, Any]
"""`text`; `opens` and `closes`: the marks around it; `label`, `color`, `title` of the innermost one, or empty."""


@dataclass(frozen=True)
class Mark:
    """A span, or the part of one that lies within another; without a label, a place to decide."""

    label: str
    color: str
    title: str
    height: int
    begins: bool
    ends: bool


def colored(
    text: str,
    spans: Iterable[LabelledSpan],
    colors: Mapping[str, str],
    titles: Mapping[LabelledSpan, str] | None = None,
) -> list[Piece]:
    """Every span, also those within and across others; a label without a colour is grey.

    `titles`: what is told of a span in place of its label and where it stands.
    """
    shown: list[Piece] = []
    around: list[Mark] = []
    for piece in pieces(text, sorted(spans)):
        opens = [_mark(box, colors, titles or {}) for box in piece.opens]
        around += opens
        inner = around[-1] if around else None
        closes = [around.pop() for _ in piece.closes]
        shown.append(
            {
                "text": piece.text,
                "label": inner.label if inner else "",
                "color": inner.color if inner else "",
                "title": inner.title if inner else "",
                "opens": opens,
                "closes": closes,
            }
        )
    return shown


def _mark(box: Box[LabelledSpan], colors: Mapping[str, str], titles: Mapping[LabelledSpan, str]) -> Mark:
    span = box.of
    where = gettext("{label}, characters {start}–{end}").format(label=span.label, start=span.start, end=span.end)
    return Mark(
        label=span.label,
        color=colors.get(span.label, FALLBACK_COLOR),
        title=titles.get(span, where) if span.label else "",
        height=min(box.height, DEEPEST),
        begins=box.begins,
        ends=box.ends,
    )
