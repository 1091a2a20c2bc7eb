"""Word features on disk: computed once per text and encoder layer, read by memory map.

A folder of shards. A shard is three files named alike: `NAME.states` (words, width) bfloat16 and
`NAME.codes` (words, 4) int16, raw, and `NAME.index` (texts,) with the digest and the number of
words of each text, written last, so that what has an index is whole. Several processes may write
at once: each makes shards of its own, and a text that two of them computed is there twice.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from array import array
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from activelearning.engine.types import Text

DEFAULT_LIMIT = 8 * 2**30
"""Bytes a folder may hold before the shards used longest ago go."""
WORDS_IN_MEMORY = 500_000
"""Without a folder all is forgotten beyond this, some 400 MB for 384 numbers a word."""
CODES = 4
DIGEST_BYTES = 16
ENTRY = np.dtype([("digest", f"V{DIGEST_BYTES}"), ("words", "<i4")])


@dataclass(frozen=True, slots=True)
class WordFeatures:
    """What the fast tier sees of one text of W words."""

    states: Tensor
    """(W, H) bfloat16: the encoder's state at each word, layer-normed."""
    codes: Tensor
    """(W, 4) int16: the word's shape and three hashes of its spelling."""


def digest(text: Text) -> bytes:
    """What the features of a text depend on besides the encoder: its characters and its words."""
    found = hashlib.blake2b(array("q", chain.from_iterable(text.tokens)).tobytes(), digest_size=DIGEST_BYTES)
    found.update(text.text.encode("utf-8", "surrogatepass"))
    return found.digest()


@dataclass(frozen=True, slots=True)
class _Shard:
    name: str
    states: Tensor
    codes: Tensor

    @property
    def words(self) -> int:
        return len(self.codes)


@dataclass(slots=True)
class FeatureCache:
    """The features in `folder`, all of one encoder, layer and width; in memory alone where it is None."""

    folder: Path | None
    width: int
    limit: int = DEFAULT_LIMIT
    _places: dict[bytes, tuple[_Shard, int, int]] = field(default_factory=dict)
    """Digest → shard, first word, end."""

    def __post_init__(self) -> None:
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            for index in sorted(self.folder.glob("*.index")):
                with suppress(FileNotFoundError):  # another process has just swallowed it
                    self._open(index)

    def get(self, key: bytes) -> WordFeatures | None:
        place = self._places.get(key)
        if place is None:
            return None
        shard, start, end = place
        return WordFeatures(shard.states[start:end], shard.codes[start:end])

    def add(self, found: Sequence[tuple[bytes, WordFeatures]]) -> None:
        """Keep the features of new texts; a shard swallows those no larger than itself, so few are left."""
        if not found:
            return
        if self.folder is None:
            if sum(shard.words for shard, _, _ in self._places.values()) > WORDS_IN_MEMORY:
                self._places.clear()
            for key, features in found:
                self._places[key] = _Shard("", features.states, features.codes), 0, len(features.codes)
            return
        swallowed: list[_Shard] = []
        words = sum(len(features.codes) for _, features in found)
        for shard in sorted(self._shards(), key=lambda shard: shard.words):
            if shard.words > words:
                break
            swallowed.append(shard)
            words += shard.words
        names = {shard.name for shard in swallowed}
        kept = [(key, self._read(key)) for key, (shard, _, _) in self._places.items() if shard.name in names]
        self._write([*found, *kept])
        for name in names:
            self._remove(name)
        self._evict()

    def touch(self) -> None:
        """Note that what is here was used."""
        if self.folder is not None:
            for shard in self._shards():
                with suppress(FileNotFoundError):
                    os.utime(self.folder / f"{shard.name}.index")

    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.folder.iterdir()) if self.folder else 0

    def _read(self, key: bytes) -> WordFeatures:
        features = self.get(key)
        assert features is not None
        return features

    def _shards(self) -> list[_Shard]:
        return list({shard.name: shard for shard, _, _ in self._places.values()}.values())

    def _open(self, index: Path) -> None:
        entries = np.fromfile(index, ENTRY)
        ends = np.cumsum(entries["words"])
        total = int(ends[-1]) if len(ends) else 0
        states = _mapped(index.with_suffix(".states"), torch.bfloat16, total, self.width)
        codes = _mapped(index.with_suffix(".codes"), torch.int16, total, CODES)
        shard = _Shard(index.stem, states, codes)
        starts = ends - entries["words"]
        for key, start, end in zip(entries["digest"], starts.tolist(), ends.tolist(), strict=True):
            self._places[key.tobytes()] = shard, start, end

    def _write(self, rows: Sequence[tuple[bytes, WordFeatures]]) -> None:
        assert self.folder is not None
        base = self.folder / uuid.uuid4().hex
        with base.with_suffix(".states").open("wb") as states, base.with_suffix(".codes").open("wb") as codes:
            for _, features in rows:
                states.write(_raw(features.states))
                codes.write(_raw(features.codes))
        entries = np.array([(key, len(features.codes)) for key, features in rows], ENTRY)
        partial = base.with_suffix(".partial")
        entries.tofile(partial)
        partial.replace(base.with_suffix(".index"))
        self._open(base.with_suffix(".index"))

    def _remove(self, name: str) -> None:
        """The index first: files without one are nothing. Open maps of them stay readable."""
        assert self.folder is not None
        for suffix in (".index", ".states", ".codes"):
            (self.folder / f"{name}{suffix}").unlink(missing_ok=True)

    def _evict(self) -> None:
        """Remove the shards used longest ago until the folder is within its limit; the newest one stays."""
        assert self.folder is not None
        size = self.size()
        for index in sorted(self.folder.glob("*.index"), key=lambda path: path.stat().st_mtime)[:-1]:
            if size <= self.limit:
                return
            size -= sum(path.stat().st_size for path in self.folder.glob(f"{index.stem}.*"))
            self._remove(index.stem)


def _mapped(path: Path, dtype: torch.dtype, rows: int, width: int) -> Tensor:
    if path.stat().st_size != rows * width * dtype.itemsize:
        raise FileNotFoundError(path)  # half gone
    if not rows:
        return torch.zeros(0, width, dtype=dtype)
    return torch.from_file(str(path), shared=False, size=rows * width, dtype=dtype).view(rows, width)


def _raw(tensor: Tensor) -> bytes:
    return bytes(tensor.contiguous().view(torch.int16).numpy().tobytes())
