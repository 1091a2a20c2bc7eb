"""The ancestor's choices put back into our recipe, to show what made its active learning no better than random.

DANER's ancestor fine-tuned a softmax tagger for 100 steps at a learning rate of 5e-5, gave every
sub-word a label, averaged the log-probabilities of the best tags over sub-words and special tokens,
and shuffled half of the ranking. Each choice is tried alone and all together, on the fast tier, so
that a run takes minutes. 5e-5 suits a whole encoder and leaves a new head on frozen features where it began;
100 steps at a quarter of the head's own rate give about half of the converged F1 with 500 sentences, as the
ancestor's recipe does. The script that drew the ancestor's curves took 10 steps a round, not 100.

Nothing here is used by the product. A variant is compared with chance *with the same model*: what
counts is not its F1 but what its choice of documents adds.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch

from activelearning.domain.selection import DEFAULT, RANDOM, Ranked, SelectionConfig
from activelearning.engine import acquisition, curves, fast, scorer
from activelearning.engine.checkpoints import resolve
from activelearning.engine.head import Head
from activelearning.engine.labels import tag_indices
from activelearning.engine.pieces import PieceStore
from activelearning.engine.simulation import Corpus, Engine, Plan, Round, simulate
from activelearning.engine.types import Example, ScoredDocument, Text, TrainConfig

LIVE_STEPS = 100
BENCHMARK_STEPS = 10
SLOWER = 4


@dataclass(frozen=True, slots=True)
class Variant:
    sentence: str
    special_tokens: bool = False
    """The score also counts [CLS] and [SEP], which no training ever showed the tagger."""
    shuffled: float = 0.0
    """Share of the ranking that chance puts in order."""
    steps: int | None = None
    """So few steps, at a low learning rate, and a softmax for each word instead of the CRF."""
    sub_words: bool = False
    """Every sub-word has a label of its own."""
    strategy: str = DEFAULT

    @property
    def model(self) -> tuple[int | None, bool]:
        """What the model depends on."""
        return self.steps, self.sub_words


VARIANTS = {
    "ours": Variant("the product's recipe"),
    "special_tokens": Variant("[CLS] and [SEP] count in the score", special_tokens=True),
    "shuffled": Variant("half of the ranking is shuffled", shuffled=0.5),
    "undertrained": Variant("100 steps, a quarter of the learning rate, softmax", steps=LIVE_STEPS),
    "sub_words": Variant("labels on sub-words", sub_words=True),
    "all": Variant("all of these, and the plain mean over words", True, 0.5, LIVE_STEPS, True, "mnlp"),
    "benchmark": Variant(
        "as its curves were drawn: all of these, but 10 steps and a fifth shuffled",
        True,
        0.2,
        BENCHMARK_STEPS,
        True,
        "mnlp",
    ),
}


def ablate(
    corpus: Corpus,
    plan: Plan,
    variants: Iterable[str] = tuple(VARIANTS),
    *,
    jobs: int = 1,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Variant → its AULC, that of chance with the same model, and the difference, paired by seed.

    The engine and the strategies of `plan` are replaced by those of each variant.
    """
    chance: dict[tuple[int | None, bool], list[list[Round]]] = {}
    figures = {}
    for name in variants:
        variant = VARIANTS[name]
        tell(f"{name}: {variant.sentence}")
        strategies = (variant.strategy,) if variant.model in chance else (RANDOM, variant.strategy)
        varied = replace(
            plan, strategies=strategies, cold_start="random", reference_seeds=0, engine=partial(engine, variant)
        )
        found = simulate(corpus, varied, jobs=jobs, tell=tell).rounds
        chance.setdefault(variant.model, found.get(RANDOM, []))
        figures[name] = _figures(variant, found[variant.strategy], chance[variant.model])
    return figures


def table(figures: Mapping[str, Any]) -> str:
    lines = [f"{'':16}{'AULC':>14}{'random':>14}{'difference':>16}"]
    for name, of in figures.items():
        ours, chance, gain = (
            f"{100 * of[key]['mean']:.1f} ± {100 * of[key]['sd']:.1f}" for key in ("aulc", "random", "difference")
        )
        lines.append(f"{name:16}{ours:>14}{chance:>14}{gain:>16}   {of['sentence']}")
    return "\n".join(lines)


def engine(variant: Variant, features: Path | None, config: TrainConfig) -> Engine:
    """The product's parts with the variant's choices among them."""
    parts = _Parts(variant, _store(config.checkpoint))
    return Engine(parts.fit, parts.score, parts.order)


@lru_cache(maxsize=1)
def _store(checkpoint: str) -> PieceStore:
    """The same features serve every seed and variant; they are the dearest part of a run."""
    return PieceStore(resolve(checkpoint))


def _figures(variant: Variant, runs: Sequence[Sequence[Round]], chance: Sequence[Sequence[Round]]) -> dict[str, Any]:
    ours, theirs = ([_area(run) for run in found] for found in (runs, chance))
    gains = [a - b for a, b in zip(ours, theirs, strict=True)]
    return {
        "sentence": variant.sentence,
        "strategy": variant.strategy,
        "aulc": _spread(ours),
        "random": _spread(theirs),
        "difference": _spread(gains) | {"seeds": gains},
        "curve": [[done.as_dict() for done in run] for run in runs],
        "random_curve": [[done.as_dict() for done in run] for run in chance],
    }


def _area(rounds: Sequence[Round]) -> float:
    return curves.aulc([done.tokens for done in rounds], [done.f1 for done in rounds])


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {"mean": statistics.fmean(values), "sd": statistics.stdev(values) if len(values) > 1 else 0.0}


class _Parts:
    def __init__(self, variant: Variant, store: PieceStore) -> None:
        self.variant, self.store = variant, store

    def fit(self, examples: Sequence[Example], config: TrainConfig, before: Any) -> fast.FastModel:
        """As `fast.fit`, but for what the variant changes."""
        views = self.store.views(examples, sub_words=self.variant.sub_words, special=False)
        labelled = [view.labelled(example) for view, example in zip(views, examples, strict=True)]
        torch.manual_seed(config.seed)
        head = Head(self.store.width, config.labels)
        data = fast.TrainingWords(self.store.of(views), labelled, tag_indices(labelled, config.labels))
        steps, rate = fast.planned_steps(len(data.pieces), len(config.labels), warm=False), fast.LEARNING_RATE
        if self.variant.steps is not None:
            steps, rate = self.variant.steps, rate / SLOWER
            _softmax(head)
        fast.learn(head, data, steps, rate, config.seed)
        return fast.FastModel(head.eval(), self.store, config.labels)

    def score(self, model: fast.FastModel, texts: Sequence[Text], *, vectors: bool = False) -> Iterator[ScoredDocument]:
        """What is found is read as usual; special tokens count in the scores alone."""
        views = self.store.views(texts, sub_words=self.variant.sub_words, special=False)
        scores: dict[str, dict[str, float]] = {}
        if self.variant.special_tokens and vectors:
            framed = self.store.views(texts, sub_words=self.variant.sub_words, special=True)
            scores = {found.document_id: found.scores for found in scorer.score(model, framed)}
        of = {view.document_id: view for view in views}
        for found in scorer.score(model, views, vectors=vectors):
            view = of[found.document_id]
            yield replace(
                found,
                n_words=len(view.source.tokens),
                scores=scores.get(found.document_id, found.scores),
                spans=tuple(view.in_source(found.spans)),
            )

    def order(
        self, scored: Sequence[ScoredDocument], texts: Mapping[str, str], config: SelectionConfig
    ) -> list[Ranked]:
        ranked = acquisition.order(scored, texts, config)
        chance = random.Random(f"{config.seed}:{config.labelled_documents}")  # noqa: S311  reproducible
        places = [place for place in range(len(ranked)) if chance.random() < self.variant.shuffled]
        for place, moved in zip(places, chance.sample(places, len(places)), strict=True):
            ranked[place], ranked[moved] = ranked[moved], ranked[place]
        return ranked


def _softmax(head: Head) -> None:
    """A CRF whose transitions are all alike is a softmax for each word."""
    head.crf.forbidden.zero_()
    head.crf.forbidden_start.zero_()
    head.crf.requires_grad_(False)
