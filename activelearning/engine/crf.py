"""A linear-chain conditional random field over IOB2 tags.

Shapes: B sequences, W words, T tags. `emissions` (B, W, T), `mask` (B, W) with the words first
and at least one in each row. Everything in natural logarithms and float32.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

OUTSIDE = "O"
FORBIDDEN = -1e4
"""Low enough for a probability of exactly 0 in float32, high enough for sums of a few thousand."""


def tag_names(labels: Sequence[str]) -> list[str]:
    """["O", "B-x", "I-x", …] in the order of `labels`."""
    return [OUTSIDE, *(f"{prefix}-{label}" for label in labels for prefix in "BI")]


def allowed(before: str, after: str) -> bool:
    """Whether `after` may follow `before`: I-x only continues B-x or I-x."""
    return not after.startswith("I-") or before[1:] == after[1:]


class Crf(nn.Module):
    """Learned transitions between tags; those IOB2 forbids have probability 0."""

    forbidden: Tensor
    forbidden_start: Tensor

    def __init__(self, tags: Sequence[str]) -> None:
        super().__init__()
        size = len(tags)
        self.transitions = nn.Parameter(torch.zeros(size, size))
        self.start = nn.Parameter(torch.zeros(size))
        self.end = nn.Parameter(torch.zeros(size))
        steps = [[0.0 if allowed(before, after) else FORBIDDEN for after in tags] for before in tags]
        starts = [0.0 if allowed(OUTSIDE, after) else FORBIDDEN for after in tags]
        self.register_buffer("forbidden", torch.tensor(steps), persistent=False)
        self.register_buffer("forbidden_start", torch.tensor(starts), persistent=False)

    def log_partition(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """Log of the summed weight of all tag sequences, (B,)."""
        return torch.logsumexp(self._forward(emissions, mask)[-1] + self.end, 1)

    def path_score(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Log weight of the given tags (B, W); those of padding are ignored. Shape (B,)."""
        emitted = emissions.gather(2, tags.unsqueeze(2)).squeeze(2) * mask
        moved = self._steps()[tags[:, :-1], tags[:, 1:]] * mask[:, 1:]
        last = tags.gather(1, mask.sum(1, keepdim=True) - 1).squeeze(1)
        return emitted.sum(1) + moved.sum(1) + self._starts()[tags[:, 0]] + self.end[last]

    def loss(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Negative log-likelihood of `tags` per word of the batch."""
        return (self.log_partition(emissions, mask) - self.path_score(emissions, tags, mask)).sum() / mask.sum()

    def decode(self, emissions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Viterbi: log weight (B,) and tags (B, W) of the best sequence; padding repeats the last tag."""
        steps, best = self._steps(), emissions[:, 0] + self._starts()
        stay = torch.arange(best.shape[1], device=best.device).expand_as(best)
        pointers = []
        for word in range(1, emissions.shape[1]):
            value, pointer = (best.unsqueeze(2) + steps).max(1)
            inside = mask[:, word, None]
            best = torch.where(inside, value + emissions[:, word], best)
            pointers.append(torch.where(inside, pointer, stay))
        score, tag = (best + self.end).max(1)
        path = [tag]
        for pointer in reversed(pointers):
            tag = pointer.gather(1, tag.unsqueeze(1)).squeeze(1)
            path.append(tag)
        return score, torch.stack(path[::-1], 1)

    def log_marginals(self, emissions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probability of each tag at each word (B, W, T), and the log partition (B,).

        Forward-backward; the values of padding mean nothing.
        """
        steps = self._steps()
        alphas = self._forward(emissions, mask)
        log_partition = torch.logsumexp(alphas[-1] + self.end, 1)
        beta = self.end.expand_as(alphas[-1])
        betas = [beta]
        for word in range(emissions.shape[1] - 1, 0, -1):
            before = torch.logsumexp(steps + (emissions[:, word] + beta).unsqueeze(1), 2)
            beta = torch.where(mask[:, word, None], before, beta)
            betas.append(beta)
        joint = torch.stack(alphas, 1) + torch.stack(betas[::-1], 1)
        return (joint - log_partition[:, None, None]).clamp(max=0.0), log_partition

    def _forward(self, emissions: Tensor, mask: Tensor) -> list[Tensor]:
        steps, alpha = self._steps(), emissions[:, 0] + self._starts()
        alphas = [alpha]
        for word in range(1, emissions.shape[1]):
            after = torch.logsumexp(alpha.unsqueeze(2) + steps, 1) + emissions[:, word]
            alpha = torch.where(mask[:, word, None], after, alpha)
            alphas.append(alpha)
        return alphas

    def _steps(self) -> Tensor:
        return self.transitions + self.forbidden

    def _starts(self) -> Tensor:
        return self.start + self.forbidden_start
