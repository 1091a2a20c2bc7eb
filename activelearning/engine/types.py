"""What goes into the engine and what comes out. Documents are known by id, never by position."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from annotation.domain.spans import LabelledSpan

DEFAULT_SEED = 13


class Tier(StrEnum):
    """How much of the model learns."""

    FAST = "fast"
    """A small sequence head on cached features of the frozen encoder: seconds."""
    FULL = "full"
    """Layers of the encoder as well, and a fast model beside them: a minute or more, and the better model."""


@dataclass(frozen=True, slots=True)
class Text:
    """A document and its words: `tokens` are (start, end) in code points of `text`, in reading order."""

    document_id: str
    text: str
    tokens: tuple[tuple[int, int], ...]

    @property
    def words(self) -> list[str]:
        return [self.text[start:end] for start, end in self.tokens]


@dataclass(frozen=True, slots=True)
class Example(Text):
    """A labelled document."""

    spans: tuple[LabelledSpan, ...]
    weight: float = 1.0
    """How much its labels count, against those of the other documents."""


@dataclass(frozen=True, slots=True)
class PredictedSpan:
    start: int
    end: int
    label: str
    confidence: float
    """Smallest marginal probability of the span's tags, in [0, 1]: a span is as sure as its weakest word."""


@dataclass(frozen=True, slots=True)
class ScoredDocument:
    document_id: str
    n_words: int
    scores: dict[str, float]
    """mnlp, mnlp_length, least_confidence, margin, entropy and entities as `activelearning.domain.scoring` defines them."""
    spans: tuple[PredictedSpan, ...]
    vector: Any = field(default=None, compare=False, repr=False)
    """What the model saw where it was unsure: its word vectors weighted by uncertainty, (H,) float32 in
    numpy, not normalised; None where nobody asked. Never written to files of documents."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How far a document's labels are from what a model trained without them expects."""

    document_id: str
    wrong_words: float
    """Expected number of words with a wrong tag."""
    spans: tuple[PredictedSpan, ...]
    """What the model reads there."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    labels: tuple[str, ...]
    """Entity types; spans of any other are left out."""
    checkpoint: str = ""
    """As `checkpoints.resolve` reads it."""
    seed: int = DEFAULT_SEED
    tier: str = Tier.FULL
    batch_size: int = 16
    max_steps: int | None = None
    """Upper bound; None trains to convergence."""
    learning_rate: float = 3.5e-4
    """Of the encoder's layers that learn; scaled down for encoders wider than 384."""
    head_learning_rate: float = 1e-3


@dataclass(frozen=True, slots=True)
class Progress:
    stage: str
    done: int
    total: int
    loss: float | None = None


ShouldStop = Callable[[], bool]
OnProgress = Callable[[Progress], None]


class EngineError(ValueError):
    """Something a person can put right; the message is written for them."""


class Stopped(Exception):
    """`should_stop` said so."""
