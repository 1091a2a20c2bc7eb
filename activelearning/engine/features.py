"""Word features of the frozen encoder, computed once per text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from activelearning.engine.cache import DEFAULT_LIMIT, FeatureCache, WordFeatures, digest
from activelearning.engine.checkpoints import Checkpoint
from activelearning.engine.devices import best_device, half_precision
from activelearning.engine.encoding import Window, WordEncoder, word_codes
from activelearning.engine.types import OnProgress, Progress, ShouldStop, Stopped, Text

FORMAT = 1
"""Of the features; another number makes them all anew."""
PIECES_PER_BATCH = 1024
TEXTS_PER_SHARD = 4096
"""A pass that is stopped keeps what it has written so far."""


class FeatureStore:
    """The features of texts by one checkpoint; the encoder is loaded when one is missing, not before."""

    def __init__(self, checkpoint: Checkpoint, folder: Path | None = None, *, limit: int = DEFAULT_LIMIT) -> None:
        """Args: folder: where features are kept; None: in memory. limit: bytes on disk."""
        self.checkpoint = checkpoint
        self.layer, self.width = feature_layer(checkpoint)
        place = None if folder is None else folder / f"{checkpoint.sha256[:16]}-{self.layer}-{FORMAT}"
        self.cache = FeatureCache(place, self.width, limit)
        self._pass: FeaturePass | None = None

    def of(
        self,
        texts: Sequence[Text],
        *,
        should_stop: ShouldStop = lambda: False,
        on_progress: OnProgress = lambda progress: None,
    ) -> list[WordFeatures]:
        """One for each text, in their order.

        Raises CheckpointError for an unusable checkpoint, Stopped when `should_stop` says so between
        two batches.
        """
        keys = [digest(text) for text in texts]
        found: dict[bytes, WordFeatures] = {}
        missing: dict[bytes, Text] = {}
        for key, text in zip(keys, texts, strict=True):
            features = self.cache.get(key)
            if features is None:
                missing[key] = text
            else:
                found[key] = features
        for start in range(0, len(missing), TEXTS_PER_SHARD):
            part = list(missing.items())[start : start + TEXTS_PER_SHARD]
            made = self._compute([text for _, text in part], should_stop)
            rows = [(key, features) for (key, _), features in zip(part, made, strict=True)]
            self.cache.add(rows)
            found.update(rows)
            on_progress(Progress("features", start + len(part), len(missing)))
        return [found[key] for key in keys]

    def _compute(self, texts: Sequence[Text], should_stop: ShouldStop) -> list[WordFeatures]:
        if self._pass is None:
            self._pass = FeaturePass(self.checkpoint, self.layer)
        return self._pass(texts, should_stop)


@lru_cache(maxsize=2)
def shared_store(checkpoint: Checkpoint) -> FeatureStore:
    """One in memory for all models of this process."""
    return FeatureStore(checkpoint)


def feature_layer(checkpoint: Checkpoint) -> tuple[int, int]:
    """Which of the encoder's layers is read, counted from 1, and its width.

    Two thirds of the way up: middle layers serve tagging better than the last one.
    """
    depth, width = checkpoint.shape()
    return max(1, round(2 * depth / 3)), width


class FeaturePass:
    def __init__(self, checkpoint: Checkpoint, layer: int) -> None:
        from activelearning.engine.model import end_at, load_encoder

        self.device = best_device()
        encoder, self.words = load_encoder(checkpoint)
        end_at(encoder, layer)
        self.encoder: Any = encoder.to(self.device).eval()

    @torch.inference_mode()
    def __call__(self, texts: Sequence[Text], should_stop: ShouldStop) -> list[WordFeatures]:
        words: WordEncoder = self.words
        width = int(self.encoder.config.hidden_size)
        states = [torch.zeros(len(text.tokens), width, dtype=torch.bfloat16) for text in texts]
        for batch in batches(words.windows(texts), PIECES_PER_BATCH):
            if should_stop():
                raise Stopped
            for window, read in zip(batch, self.read(batch), strict=True):
                end = window.first_word + len(window.heads)
                states[window.document][window.first_word : end] = read[: len(window.heads)]
        return [WordFeatures(state, codes(text.words)) for state, text in zip(states, texts, strict=True)]

    @torch.inference_mode()
    def read(self, windows: Sequence[Window]) -> Tensor:
        """(B, W, H): the states at the windows' heads, layer-normed."""
        batch = self.words.collate(windows).to(self.device)
        with half_precision(self.device):
            hidden = self.encoder(input_ids=batch.pieces, attention_mask=batch.attention).last_hidden_state
        at_words = hidden.gather(1, batch.heads.unsqueeze(2).expand(-1, -1, hidden.shape[2])).float()
        return functional.layer_norm(at_words, at_words.shape[-1:]).to(torch.bfloat16).cpu()


def batches(windows: Sequence[Window], pieces: int) -> list[list[Window]]:
    """Windows of similar length, at most `pieces` sub-words with padding, shortest first."""
    found: list[list[Window]] = [[]]
    for window in sorted(windows, key=lambda window: len(window.pieces)):
        if found[-1] and len(window.pieces) * (len(found[-1]) + 1) > pieces:
            found.append([])
        found[-1].append(window)
    return [batch for batch in found if batch]


def codes(words: Sequence[str]) -> Tensor:
    """(W, 4) int16: shape, and hashes of the first and last three letters and of the whole word."""
    return torch.tensor([word_codes(word) for word in words], dtype=torch.int16).reshape(len(words), 4)
