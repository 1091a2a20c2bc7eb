"""From words to tensors: one position per word, its first sub-word.

Words are the stored tokens of the text. Each is cut into sub-words by itself, so that no
sub-word spans two words; one the tokenizer has nothing for (zero-width or control characters)
stands there as the unknown sub-word, so that no label ever shifts.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from activelearning.engine.labels import begun
from activelearning.engine.types import Text

MAX_PIECES = 256
"""Longest window; attention costs its square and entities rarely need more context."""
MAX_PIECES_PER_WORD = 32
"""A pasted key or address must not fill the window."""

SHAPES = 11


def word_shape(word: str) -> int:
    """Class of a word's outer form, 1 to 10 (0 is padding): what an uncased vocabulary cannot see."""
    if word.isdigit():
        return 1
    if not any(character.isalnum() for character in word):
        return 2
    if any(character.isdigit() for character in word):
        return 3 if word.lower() == word else 4
    if word.islower():
        return 5
    if word.isupper():
        return 6 if len(word) > 1 else 7
    if word[0].isupper():
        return 8 if word[1:].islower() else 9
    return 10


Codes = tuple[int, int, int, int]


@lru_cache(maxsize=200_000)
def word_codes(word: str) -> Codes:
    """Shape, and hashes below 2^15 of the first and last three letters and of the whole word, in lower case."""
    lower = word.lower()
    return word_shape(word), _hash(f"p{lower[:3]}"), _hash(f"s{lower[-3:]}"), _hash(f"w{lower}")


def _hash(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) & 0x7FFF


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of one document that the encoder reads at once, and one sequence for the CRF."""

    document: int
    """Index into the texts it was made from."""
    first_word: int
    pieces: list[int]
    heads: list[int]
    """For each word the position of its first sub-word in `pieces`."""
    piece_shapes: list[int]
    word_codes: list[Codes]
    tags: list[int] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """B windows padded to P pieces and W words."""

    pieces: Tensor
    attention: Tensor
    piece_shapes: Tensor
    heads: Tensor
    word_codes: Tensor
    """(B, W, 4)"""
    mask: Tensor
    tags: Tensor

    def to(self, device: torch.device) -> Batch:
        return Batch(*(getattr(self, name).to(device) for name in Batch.__slots__))


class WordEncoder:
    """Cuts texts into windows with one checkpoint's tokenizer."""

    def __init__(self, tokenizer: Any, max_pieces: int) -> None:
        """Args: tokenizer: a fast Hugging Face tokenizer; max_pieces: the encoder's longest input."""
        self.tokenizer = tokenizer
        bare = tokenizer("a", add_special_tokens=False)["input_ids"]
        full = tokenizer("a")["input_ids"]
        begin = full.index(bare[0])
        self.prefix: list[int] = full[:begin]
        self.suffix: list[int] = full[begin + len(bare) :]
        self.pad: int = tokenizer.pad_token_id or 0
        unknown = tokenizer.unk_token_id
        # Byte-level vocabularies have no unknown sub-word; any fixed one keeps the position.
        self.unknown: int = unknown if unknown is not None else bare[0]
        self.room = min(max_pieces, MAX_PIECES) - len(self.prefix) - len(self.suffix)
        self._known: dict[str, list[int]] = {}

    def windows(self, texts: Sequence[Text], tags: Sequence[Sequence[int]] | None = None) -> list[Window]:
        """All windows of all texts; a text without words has none.

        Args:
            texts: the documents.
            tags: for each text one tag index per word, for training.

        A text longer than the encoder's input is cut between words, if possible after the end of
        a sentence; each piece is then decoded by itself.
        """
        self._learn({word for text in texts for word in text.words})
        found: list[Window] = []
        for index, text in enumerate(texts):
            words = text.words
            pieces = [self._known[word] for word in words]
            for start, end in self._cuts(words, pieces):
                found.append(
                    self._window(
                        index,
                        start,
                        words[start:end],
                        pieces[start:end],
                        begun(tags[index][start:end]) if tags else None,
                    )
                )
        return found

    def _learn(self, words: set[str]) -> None:
        new = sorted(words - self._known.keys())
        if new:
            encoded = self.tokenizer(new, add_special_tokens=False, truncation=False)["input_ids"]
            for word, ids in zip(new, encoded, strict=True):
                self._known[word] = ids[:MAX_PIECES_PER_WORD] or [self.unknown]

    def _cuts(self, words: Sequence[str], pieces: Sequence[Sequence[int]]) -> Iterable[tuple[int, int]]:
        start = size = 0
        for word, ids in enumerate(pieces):
            if size + len(ids) > self.room:
                cut = _after_sentence(words, start, word)
                yield start, cut
                start, size = cut, sum(len(p) for p in pieces[cut:word])
            size += len(ids)
        if start < len(words):
            yield start, len(words)

    def _window(
        self,
        document: int,
        first_word: int,
        words: Sequence[str],
        pieces: Sequence[Sequence[int]],
        tags: Sequence[int] | None,
    ) -> Window:
        ids, piece_shapes, heads = list(self.prefix), [0] * len(self.prefix), []
        codes = [word_codes(word) for word in words]
        for (shape, *_), word_pieces in zip(codes, pieces, strict=True):
            heads.append(len(ids))
            ids += word_pieces
            piece_shapes += [shape] * len(word_pieces)
        ids += self.suffix
        piece_shapes += [0] * len(self.suffix)
        return Window(document, first_word, ids, heads, piece_shapes, codes, None if tags is None else list(tags))

    def collate(self, windows: Sequence[Window]) -> Batch:
        """Pad to the longest; tags of windows without any are 0."""
        attention = [[1] * len(window.pieces) for window in windows]
        mask = [[1] * len(window.heads) for window in windows]
        return Batch(
            pieces=_padded([window.pieces for window in windows], self.pad),
            attention=_padded(attention, 0),
            piece_shapes=_padded([window.piece_shapes for window in windows], 0),
            heads=_padded([window.heads for window in windows], 0),
            word_codes=torch.stack([_padded(column, 0) for column in _columns(windows)], -1),
            mask=_padded(mask, 0).bool(),
            tags=_padded([window.tags or [0] * len(window.heads) for window in windows], 0),
        )


def _columns(windows: Sequence[Window]) -> Iterable[list[list[int]]]:
    """The codes one kind after the other, as lists per window."""
    return ([[codes[kind] for codes in window.word_codes] for window in windows] for kind in range(4))


def _after_sentence(words: Sequence[str], start: int, limit: int) -> int:
    """Where to cut words[start:limit]: after the last sentence end in its second half, else at `limit`."""
    for word in range(limit - 1, (start + limit) // 2, -1):
        if words[word] in {".", "!", "?", "。", "！", "？", "؟", "।"}:
            return word + 1
    return limit


def _padded(rows: Sequence[Sequence[int]], fill: int) -> Tensor:
    width = max(len(row) for row in rows)
    return torch.tensor([[*row, *[fill] * (width - len(row))] for row in rows], dtype=torch.long)
