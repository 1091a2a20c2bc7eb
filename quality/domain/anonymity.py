"""Letters instead of names, so that a reviewer judges the text and not the person."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from string import ascii_uppercase


def lane_letters(document: str, authors: Iterable[str]) -> dict[str, str]:
    """author → A, B, C …; another order in every document, always the same in one.

    A fixed letter per person would be a name after a few documents.
    """
    shuffled = sorted(set(authors), key=lambda author: hashlib.sha256(f"{document}:{author}".encode()).digest())
    return {author: _letter(number) for number, author in enumerate(shuffled)}


def _letter(number: int) -> str:
    turn, place = divmod(number, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(turn + 1) if turn else "")
