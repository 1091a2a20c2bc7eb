"""The order in which documents are offered: the strategies there are, and what can be set about them.

The orders themselves are made by `activelearning.engine.acquisition`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from daner_site.core.sentences import Sentence

DEFAULT = "default"
RANDOM = "random"
BADGE = "badge"
ENTITIES_PER_COST = "entities_per_cost"

MIX = 2 / 3
"""Diversity where a strategy wants different documents; 2/3 weighs a document's distance as the square of its doubt."""
EARLY_WORDS = 2_000
"""Labelled words below which the default strategy wants different documents."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to choose what to label next."""

    sentence: str
    """What it does, for people."""
    score: str = ""
    """The score it orders by, a key of `ScoredDocument.scores`; "": by none."""
    sign: int = 1
    """Makes an ascending sort put the document to label first at the head."""
    surest: float = 0.0
    """The score of a document that leaves nothing to learn."""
    diversity: float | None = 0.0
    """What `SelectionConfig.diversity` is when nobody sets it; None: the strategy does not look at it."""


STRATEGIES: dict[str, Strategy] = {
    DEFAULT: Strategy(
        Sentence("What works best: different unsure texts while little is labelled, the least sure texts after that."),
        "mnlp_length",
    ),
    "mnlp": Strategy(
        Sentence("Texts whose words the model is least sure of on average; favours very short texts."), "mnlp"
    ),
    "mnlp_length": Strategy(
        Sentence("Texts the model is least sure of for their length, short or long."), "mnlp_length"
    ),
    "mnlp_diverse": Strategy(Sentence("Unsure texts that differ from each other."), "mnlp_length", diversity=MIX),
    "least_confidence": Strategy(
        Sentence("Texts the model is least sure of as a whole; favours long texts."), "least_confidence"
    ),
    "margin": Strategy(Sentence("Texts with the word that is hardest to decide."), "margin", surest=1.0),
    "entropy": Strategy(Sentence("Texts whose words have the most evenly matched labels."), "entropy", sign=-1),
    ENTITIES_PER_COST: Strategy(
        Sentence("Texts with the most expected entities per second of work."), "entities", sign=-1
    ),
    BADGE: Strategy(
        Sentence("A varied sample of texts that would change the model most."), "mnlp_length", diversity=None
    ),
    RANDOM: Strategy(Sentence("By chance, whatever the model thinks."), diversity=None),
}


@dataclass(frozen=True, slots=True)
class CostModel:
    """Seconds of annotation: `per_text + per_word · words + per_entity · entities`.

    Raises ValueError for a negative part and where no part costs anything.
    """

    per_text: float = 3.0
    per_word: float = 0.25
    per_entity: float = 3.0

    def __post_init__(self) -> None:
        parts = (self.per_text, self.per_word, self.per_entity)
        if min(parts) < 0 or not any(parts):
            raise ValueError("Each part of the cost must be 0 or more, and one of them more than 0.")

    def seconds(self, words: float, entities: float) -> float:
        return self.per_text + self.per_word * words + self.per_entity * entities


@dataclass(frozen=True, slots=True)
class SelectionConfig:
    """How the open pool is put in order. Raises ValueError with a sentence for people."""

    strategy: str = DEFAULT
    seed: int = 13
    diversity: float | None = None
    """0: the least sure first; 1: the most different first; None: what the strategy does best."""
    random_share: float = 0.0
    """Share of the order's places that chance fills, evenly spread; they carry the strategy `random`."""
    labelled_documents: int = 0
    labelled_words: int = 0
    """Size of the training set the scores come from."""
    batch: int = 50
    """Documents at the head that are chosen together: different from each other, and no near-duplicates."""
    cost: CostModel = CostModel()

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise ValueError(f"There is no strategy {self.strategy!r}; choose one of {', '.join(STRATEGIES)}.")
        if self.diversity is not None and not 0 <= self.diversity <= 1:
            raise ValueError("Diversity must be between 0 and 1.")
        if not 0 <= self.random_share <= 1:
            raise ValueError("The random share must be between 0 and 1.")
        if self.batch < 1:
            raise ValueError("A batch must have at least one document.")

    @property
    def mix(self) -> float:
        """The diversity that counts, in [0, 1]."""
        own = STRATEGIES[self.strategy].diversity
        if own is None:
            return 0.0
        if self.diversity is not None:
            return self.diversity
        return MIX if self.strategy == DEFAULT and self.labelled_words < EARLY_WORDS else own


@dataclass(frozen=True, slots=True)
class Ranked:
    """A document and the number that placed it; None where chance did."""

    document_id: str
    score: float | None
    strategy: str = ""
    """What placed it: the strategy, or `random` for a place that chance filled."""


def score_of(config: SelectionConfig, scores: Mapping[str, float], n_words: int) -> float:
    """The number that `config.strategy` orders one document by. Raises KeyError when the document has no such score."""
    value = scores[STRATEGIES[config.strategy].score]
    if config.strategy != ENTITIES_PER_COST:
        return value
    return value / config.cost.seconds(n_words, value) if value else 0.0


def is_chance(place: int, share: float) -> bool:
    """Whether chance fills a place, counted from 0: `share` of any long stretch, evenly spread."""
    return int(round((place + 1) * share, 9)) > int(round(place * share, 9))


def shuffled(document_ids: Iterable[str], *, seed: int) -> list[Ranked]:
    """The ids in an order that depends on the seed and each id alone: adding one moves no other."""
    keyed = ((hashlib.sha256(f"{seed}:{document_id}".encode()).digest(), document_id) for document_id in document_ids)
    return [Ranked(document_id, None, RANDOM) for _, document_id in sorted(keyed)]
