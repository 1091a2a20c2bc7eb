"""The head of both tiers: from word states to tag scores."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from activelearning.engine.crf import Crf, tag_names
from activelearning.engine.encoding import SHAPES

HIDDEN = 256
SHAPE_SIZE = 32
HASH_SIZE = 32
HASHES = 4096
SPELLED = 3 * HASH_SIZE
DROPOUT = 0.3


class Head(nn.Module):
    """Emissions from encoder states, word shape and spelling, and the neighbours of each word."""

    def __init__(self, width: int, labels: Sequence[str]) -> None:
        super().__init__()
        tags = tag_names(labels)
        self.shape = nn.Embedding(SHAPES, SHAPE_SIZE)
        self.spelling = nn.Embedding(HASHES, HASH_SIZE)
        self.inner = nn.Linear(width + SHAPE_SIZE + SPELLED, HIDDEN)
        self.window = nn.Linear(3 * HIDDEN, HIDDEN)
        self.out = nn.Linear(HIDDEN, len(tags))
        self.crf = Crf(tags)
        nn.init.normal_(self.spelling.weight, std=0.1)

    def hidden(self, states: Tensor, codes: Tensor, mask: Tensor) -> Tensor:
        """(B, W, HIDDEN) from states (B, W, width), codes (B, W, 4) and mask (B, W)."""
        seen = [self._drop(states), self.shape(codes[..., 0]), self.spelled(codes)]
        # Cut to half precision before they are joined rather than after; the numbers are the same.
        joined = torch.cat([part.to(_precision(part)) for part in seen], -1)
        word = functional.gelu(self.inner(joined)) * mask.unsqueeze(2)
        padded = functional.pad(word, (0, 0, 1, 1))
        around = torch.cat([padded[:, :-2], word, padded[:, 2:]], -1)
        return word + functional.gelu(self.window(self._drop(around)))

    def spelled(self, codes: Tensor) -> Tensor:
        """(B, W, SPELLED): what is known of each word by its first and last letters and as a whole."""
        return self._drop(self.spelling(codes[..., 1:] % HASHES).flatten(2))

    def emissions(self, hidden: Tensor) -> Tensor:
        """(B, W, T) float32."""
        emitted: Tensor = self.out(self._drop(hidden))
        return emitted.float()

    def _drop(self, values: Tensor) -> Tensor:
        """The same entries at every word of a sequence (Gal and Ghahramani 2016).

        Drawing one mask a sequence takes a hundredth of the time of one a word, and learns no worse.
        """
        if not self.training:
            return values
        kept = torch.rand(values.shape[0], 1, values.shape[2], device=values.device) < 1 - DROPOUT
        return values * (kept / (1 - DROPOUT)).to(values.dtype)


def _precision(values: Tensor) -> torch.dtype:
    """What a linear map computes in where autocast is on; else what the values have."""
    kind = values.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else values.dtype
