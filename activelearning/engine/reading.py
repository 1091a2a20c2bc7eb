"""What the scorer needs of a model, whichever tier made it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from activelearning.engine.checkpoints import Checkpoint
from activelearning.engine.crf import Crf
from activelearning.engine.types import ShouldStop, Text


@dataclass(frozen=True, slots=True)
class Emitted:
    """B windows read together, padded to W words. Windows of one document may come in any order and batch."""

    documents: list[int]
    """Positions in the texts that were asked for."""
    first_words: list[int]
    lengths: list[int]
    emissions: Tensor
    """(B, W, T) float32"""
    mask: Tensor
    """(B, W) bool"""
    hidden: Tensor
    """(B, W, H): what the emissions were made from."""


class Model(Protocol):
    """A trained tagger in evaluation mode."""

    @property
    def tier(self) -> str: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def checkpoint(self) -> Checkpoint: ...
    @property
    def device(self) -> torch.device: ...
    @property
    def crf(self) -> Crf: ...

    def read(self, texts: Sequence[Text], *, should_stop: ShouldStop = ...) -> Iterator[Emitted]:
        """All windows of `texts`; texts without words have none. Raises Stopped between two batches."""
        ...

    def save(self, folder: Path) -> None:
        """Write into `folder`, which is made; the description comes last and marks it complete."""
        ...


def segments(words: Sequence[str], longest: int) -> list[tuple[int, int]]:
    """Cut a text of many words into stretches of at most `longest`, if possible after a sentence."""
    found, start = [], 0
    while len(words) - start > longest:
        end = start + longest
        cut = next((w + 1 for w in range(end - 1, start + longest // 2, -1) if words[w] in SENTENCE_ENDS), end)
        found.append((start, cut))
        start = cut
    return [*found, (start, len(words))] if words else []


SENTENCE_ENDS = frozenset(".!?。！？؟।")
