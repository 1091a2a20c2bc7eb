"""A linear-chain conditional random field over IOB2 tags.

Shapes: B sequences, W words, T tags. `emissions` (B, W, T), `mask` (B, W) with the words first
and at least one in each row. Sums over tag sequences run in probability space, rescaled at every
word (Rabiner 1989, section V.A), in float64: one small matrix product a word where log space
needs exponentials of B·T·T numbers.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

OUTSIDE = "O"
FORBIDDEN = -1e4
"""Low enough for a probability of exactly 0, high enough for sums of a few thousand in float32."""


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
        found: Tensor = _LogPartition.apply(emissions, self._steps(), self._starts(), self.end, mask)  # type: ignore[no-untyped-call]
        return found

    def path_score(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Log weight of the given tags (B, W); those of padding are ignored. Shape (B,)."""
        emitted = emissions.gather(2, tags.unsqueeze(2)).squeeze(2) * mask
        moved = self._steps()[tags[:, :-1], tags[:, 1:]] * mask[:, 1:]
        last = tags.gather(1, mask.sum(1, keepdim=True) - 1).squeeze(1)
        return emitted.sum(1) + moved.sum(1) + self._starts()[tags[:, 0]] + self.end[last]

    def losses(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Negative log-likelihood of `tags`, (B,)."""
        return self.log_partition(emissions, mask) - self.path_score(emissions, tags, mask)

    def loss(self, emissions: Tensor, tags: Tensor, mask: Tensor, weights: Tensor | None = None) -> Tensor:
        """Negative log-likelihood of `tags` per word of the batch; each sequence counts `weights` (B,) times."""
        lost = self.losses(emissions, tags, mask)
        return (lost if weights is None else lost * weights).sum() / mask.sum()

    def decode(self, emissions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Viterbi: log weight (B,) and tags (B, W) of the best sequence; padding repeats the last tag."""
        # (after, before), so that the maximum runs over neighbours in memory.
        steps, best = self._steps().T.contiguous(), emissions[:, 0] + self._starts()
        reached = [best]
        for word in range(1, emissions.shape[1]):
            moved = (best.unsqueeze(1) + steps).amax(2) + emissions[:, word]
            best = torch.where(mask[:, word, None], moved, best)
            reached.append(best)
        score, tag = (best + self.end).max(1)
        path = [tag]
        # Where each best came from is asked again along the one path: to keep it for all tags costs twice the time.
        for word in range(emissions.shape[1] - 1, 0, -1):
            before = (reached[word - 1] + steps[tag]).argmax(1)
            tag = torch.where(mask[:, word], before, tag)
            path.append(tag)
        return score, torch.stack(path[::-1], 1)

    def marginals(self, emissions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Probability of each tag at each word (B, W, T), and the log partition (B,), both float64.

        Forward-backward; the values of padding mean nothing.
        """
        chain = _Chain(emissions, self._steps(), self._starts(), self.end, mask)
        joint = chain.alphas * chain.betas()
        return (joint / joint.sum(2, keepdim=True)).transpose(0, 1), chain.log_partition

    @torch.no_grad()
    def pooled(self, other: Crf) -> Crf:
        """With the mean of both emissions, the logarithmic opinion pool of two fields over the same tags.

        A sequence is as probable as the geometric mean of what both give it, up to a factor for each text (Smith,
        Cohn and Osborne 2005, ACL, P05-1003).
        """
        found = copy.deepcopy(self)
        for mine, theirs in zip(found.parameters(), other.parameters(), strict=True):
            mine.copy_((mine + theirs.to(mine.device)) / 2)
        return found

    def _steps(self) -> Tensor:
        return self.transitions + self.forbidden

    def _starts(self) -> Tensor:
        return self.start + self.forbidden_start


class _Chain:
    """The forward pass, words first in memory: `alphas` (W, B, T) sum to 1 over tags at each word."""

    def __init__(self, emissions: Tensor, steps: Tensor, starts: Tensor, end: Tensor, mask: Tensor) -> None:
        weights = emissions.detach().transpose(0, 1).double()
        highest = weights.amax(2, keepdim=True)
        self.weights = (weights - highest).exp()
        self.steps, self.end = steps.detach().double().exp(), end.detach().double().exp()
        self.inside = mask.T.unsqueeze(2)
        self.padded = (~mask).any(0).tolist()
        alpha = self.weights[0] * starts.detach().double().exp()
        alphas, scales = [], []
        for word in range(len(weights)):
            if word:
                after = (alpha @ self.steps).mul_(self.weights[word])
                alpha = torch.where(self.inside[word], after, alpha) if self.padded[word] else after
            scales.append(alpha.sum(1, keepdim=True))
            alpha = alpha / scales[-1]
            alphas.append(alpha)
        self.alphas, self.scales = torch.stack(alphas), torch.stack(scales)
        self.last = (alpha * self.end).sum(1)
        self.log_partition = (self.scales.log() + highest * self.inside).sum((0, 2)) + self.last.log()

    def betas(self) -> Tensor:
        """What follows each word, (W, B, T), up to a factor for each word and sequence."""
        beta = self.end.expand_as(self.alphas[0])
        found = [beta]
        back, weights = self.steps.T, self.weights / self.scales
        for word in range(len(weights) - 1, 0, -1):
            before = (weights[word] * beta) @ back
            beta = torch.where(self.inside[word], before, beta) if self.padded[word] else before
            found.append(beta)
        return torch.stack(found[::-1])


class _LogPartition(torch.autograd.Function):
    """`Crf.log_partition`; its gradients are the marginals and the expected transitions."""

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, steps: Tensor, starts: Tensor, end: Tensor, mask: Tensor) -> Tensor:
        ctx.chain = _Chain(emissions, steps, starts, end, mask)
        ctx.dtype = emissions.dtype
        found: Tensor = ctx.chain.log_partition.to(emissions.dtype)
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        chain: _Chain = ctx.chain
        factor = gradients[0].double().unsqueeze(1)
        betas = chain.betas()
        joint = chain.alphas * betas
        occupied = joint / joint.sum(2, keepdim=True)
        weighted = occupied * factor * chain.inside
        before = chain.alphas[:-1] * factor
        # Divided so that the expected transitions into each word sum to 1.
        after = chain.weights[1:] * betas[1:] / chain.scales[1:] / joint[:-1].sum(2, keepdim=True) * chain.inside[1:]
        moved = chain.steps * (before.flatten(0, 1).T @ after.flatten(0, 1))
        ended = _last_words(occupied, chain.inside) * factor
        dtype = ctx.dtype
        return (
            weighted.transpose(0, 1).to(dtype),
            moved.to(dtype),
            weighted[0].sum(0).to(dtype),
            ended.sum(0).to(dtype),
            None,
        )


def _last_words(values: Tensor, inside: Tensor) -> Tensor:
    """Each sequence's row at its last word: (W, B, T) → (B, T)."""
    last = inside.sum(0).squeeze(1) - 1
    return values[last, torch.arange(values.shape[1], device=values.device)]
