"""Spans of characters ↔ one tag per token.

Written: IOB2. Read: IOB1, IOB2, BIOES and BILOU, the way conlleval does: a tag opens an entity
when it says so, or when nothing of its label is open.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from annotation.domain.spans import LabelledSpan, resolve_overlaps
from annotation.domain.text import Token

OUTSIDE = "O"
_TAG = re.compile(r"([BIESLUM])-(.+)", re.DOTALL)
_OPENS = frozenset("BSU")
_CLOSES = frozenset("ELSU")


class TagError(ValueError):
    """Not a tag; the message quotes it."""


def split_tag(tag: str) -> tuple[str, str]:
    """`("B", "PER")` of `B-PER`, `("O", "")` of `O`; TagError for anything else."""
    if tag == OUTSIDE:
        return OUTSIDE, ""
    match = _TAG.fullmatch(tag)
    if match is None:
        raise TagError(f"{tag!r} is not a tag (O, B-…, I-…)")
    return match[1], match[2]


def spans_to_bio(tokens: Sequence[Token], spans: Iterable[LabelledSpan]) -> list[str]:
    """One IOB2 tag per token; a span takes every token it touches.

    Spans that touch no token leave no trace. Where two claim a token, the one with more tokens
    has it whole and the other is left out.
    """
    starts = [start for start, _ in tokens]
    ends = [end for _, end in tokens]
    ranges = []
    for span in spans:
        first, last = bisect_right(ends, span.start), bisect_left(starts, span.end)
        if first < last:
            ranges.append(LabelledSpan(first, last, span.label))
    tags = [OUTSIDE] * len(tokens)
    for piece in resolve_overlaps(ranges):
        tags[piece.start] = f"B-{piece.label}"
        for index in range(piece.start + 1, piece.end):
            tags[index] = f"I-{piece.label}"
    return tags


def bio_to_spans(tokens: Sequence[Token], tags: Sequence[str]) -> list[LabelledSpan]:
    """The spans that `tags` mean, from the start of their first token to the end of their last.

    Raises TagError for a malformed tag and ValueError when the lengths differ.
    """
    if len(tokens) != len(tags):
        raise ValueError(f"{len(tokens)} tokens but {len(tags)} tags")
    spans: list[LabelledSpan] = []
    extends = False  # may the next tag continue spans[-1]?
    for (start, end), tag in zip(tokens, tags, strict=True):
        prefix, label = split_tag(tag)
        if prefix == OUTSIDE:
            extends = False
            continue
        if extends and prefix not in _OPENS and spans[-1].label == label:
            spans[-1] = LabelledSpan(spans[-1].start, end, label)
        else:
            spans.append(LabelledSpan(start, end, label))
        extends = prefix not in _CLOSES
    return spans


def is_iob2(tags: Sequence[str]) -> bool:
    """False when some entity opens without saying so (IOB1), or with a BIOES/BILOU prefix."""
    previous = ""
    for tag in tags:
        prefix, label = split_tag(tag)
        if prefix not in "BIO" or (prefix == "I" and label != previous):
            return False
        previous = label
    return True
