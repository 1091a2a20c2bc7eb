"""Text as DANER sees it: a sequence of code points, cut into the words people label.

Offsets are Unicode code points of the exact text, end exclusive. Browsers count UTF-16 units;
`utf16_offsets` and its two companions are the only bridge, and the editor's script is tested
against the same cases.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import regex  # type: ignore[import-untyped]  # grapheme clusters and scripts: not in the standard library

Token = tuple[int, int]

_CLUSTER = regex.compile(r"\X")
_INVISIBLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cc}\uFFF9-\uFFFB]")
# Written without spaces between words (or, like Korean, with endings glued to names): one
# character is the largest unit that never crosses the edge of an entity.
_SOLO = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
)
_LETTER = regex.compile(r"[\p{L}\p{M}\p{Nl}\p{No}_]")
_DIGIT = regex.compile(r"\p{Nd}")
_PICTOGRAPH_MARKS = frozenset("\ufe0f\u20e3")
_APOSTROPHES = frozenset("'\u2019")
_ZERO_WIDTH_SPACE = "\u200b"

# The classes of a text's clusters, one letter each, so that a plain pattern can find the words:
# L letter, D digit, A apostrophe, `.` and `,` themselves, P anything else that is visible,
# C a character that is a word by itself, Z invisible within a word, S a gap.
_TOKEN = re.compile(
    r"(?<![LDAZ])(?:L\.)+L(?![LDAZ])\.?"  # U.S.  e.g.
    r"|D+(?:[.,]D+)+"  # 1,000.50
    r"|[LD](?:Z*[LD])*(?:AL(?:Z*[LD])*)*"  # words, 3rd, don't
    r"|[CPA.,]"
)
_ELIDED = frozenset(("c", "d", "j", "l", "m", "n", "s", "t", "qu"))


def tokenize(text: str) -> list[Token]:
    """The words of `text` as `(start, end)` in reading order, never overlapping.

    Every character that can be seen belongs to exactly one token; spaces, control and zero-width
    characters never form one. Grapheme clusters (accents, flags, emoji families, Hangul
    syllables) are never cut. Punctuation stands alone except inside numbers and abbreviations;
    a possessive or an elided article is a token of its own, so that names can be marked without it.
    """
    starts: list[int] = []
    classes: list[str] = []
    for match in _CLUSTER.finditer(text):
        starts.append(match.start())
        classes.append(_class_of(match.group()))
    starts.append(len(text))
    tokens: list[Token] = []
    shape = "".join(classes)
    for match in _TOKEN.finditer(shape):
        cuts = [match.start(), *_apostrophe_cuts(text, starts, shape, match.span()), match.end()]
        tokens += [(starts[a], starts[b]) for a, b in pairwise(cuts)]
    return tokens


def _apostrophe_cuts(text: str, starts: list[int], shape: str, word: tuple[int, int]) -> list[int]:
    """Where, in clusters, an elided article ends (l'Hôpital) and a possessive begins (Emma's)."""
    first, last = word
    apostrophe = shape.find("A", first + 1, last)
    if apostrophe < 0:
        return []
    cuts = []
    if text[starts[first] : starts[apostrophe]].lower() in _ELIDED:
        cuts.append(apostrophe + 1)
    if shape[last - 2] == "A" and text[starts[last - 1] : starts[last]] in ("s", "S"):
        cuts.append(last - 2)
    return sorted(set(cuts))


def _class_of(cluster: str) -> str:
    if cluster.isascii() and len(cluster) == 1:
        return _ASCII_CLASSES[ord(cluster)]
    return _visible_class(cluster)


@lru_cache(maxsize=8192)
def _visible_class(cluster: str) -> str:
    visible = next((c for c in cluster if not c.isspace() and not is_invisible(c)), None)
    if visible is None:
        gap = cluster[0].isspace() or cluster[0] == _ZERO_WIDTH_SPACE or ord(cluster[0]) < 0xA0
        return "S" if gap else "Z"
    if cluster[0].isspace() or not _PICTOGRAPH_MARKS.isdisjoint(cluster):
        return "P"
    if visible in _APOSTROPHES:
        return "A"
    for pattern, letter in ((_SOLO, "C"), (_DIGIT, "D"), (_LETTER, "L")):
        if pattern.match(visible):
            return letter
    return visible if cluster in (".", ",") else "P"


def is_invisible(character: str) -> bool:
    """True for zero-width, control and other characters that draw nothing; spaces are not meant."""
    return _INVISIBLE.match(character) is not None


def is_blank(text: str) -> bool:
    """True when there is nothing to see, and so nothing to label."""
    return all(c.isspace() or is_invisible(c) for c in text)


def pack_tokens(tokens: Iterable[Sequence[int]]) -> str:
    """Tokens for the page in a sixth of the room: what lies before each, and its length, as one line of numbers."""
    parts, at = [], 0
    for start, end in tokens:
        parts.append(f"{start - at} {end - start}")
        at = end
    return " ".join(parts)


def clusters_cut(text: str, offsets: Iterable[int]) -> list[tuple[int, str]]:
    """Those of `offsets` that lie inside a grapheme cluster, in order, each with the cluster.

    Looks only at what is around them, so that a few offsets in a long text cost little.
    """
    cut = []
    edge = 0  # the last place that is known to be between two clusters
    for offset in sorted(set(offsets)):
        at = _edge_before(text, offset, edge)
        cluster = ""
        while at < offset:
            cluster = _CLUSTER.match(text, at).group()
            edge, at = at, at + len(cluster)
        if at == offset:
            edge = at
        else:
            cut.append((offset, cluster))
    return cut


def _edge_before(text: str, offset: int, known: int) -> int:
    """A place at or before `offset` that is certainly between two clusters: `known`, or between two ASCII characters."""
    for at in range(offset, known, -1):
        around = text[at - 1 : at + 1]
        if around.isascii() and around != "\r\n":
            return at
    return known


def text_hash(text: str) -> str:
    """SHA-256 of the exact text in UTF-8, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def utf16_offsets(text: str) -> list[int]:
    """The UTF-16 offset of every code point boundary: `len(text) + 1` numbers, the first 0."""
    offsets = [0]
    for character in text:
        offsets.append(offsets[-1] + (2 if ord(character) > 0xFFFF else 1))
    return offsets


def to_utf16(text: str, offset: int) -> int:
    """The UTF-16 offset of code point `offset`; IndexError outside `0 … len(text)`."""
    if not 0 <= offset <= len(text):
        raise IndexError(f"offset {offset} is outside the text ({len(text)} characters)")
    return offset + sum(ord(character) > 0xFFFF for character in text[:offset])


def from_utf16(text: str, unit: int) -> int:
    """The code point at UTF-16 offset `unit`.

    Raises IndexError outside the text and ValueError in the middle of a surrogate pair.
    """
    offsets = utf16_offsets(text)
    if not 0 <= unit <= offsets[-1]:
        raise IndexError(f"UTF-16 offset {unit} is outside the text ({offsets[-1]} units)")
    offset = bisect_left(offsets, unit)
    if offsets[offset] != unit:
        raise ValueError(f"UTF-16 offset {unit} is inside a surrogate pair")
    return offset


_ASCII_CLASSES = [_visible_class(chr(code)) for code in range(128)]
