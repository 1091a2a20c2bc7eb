"""Active learning on labelled files: an annotator who answers at once and is always right.

Every strategy of one seed begins with the same documents and is compared at the same numbers of
labelled words. A round trains, ranks what is not labelled and takes documents from the head until
the next budget is reached, all with the product's own parts.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import numpy as np

from activelearning.domain.policy import GROWTH
from activelearning.domain.selection import DEFAULT, RANDOM, Ranked, SelectionConfig, shuffled
from activelearning.engine import acquisition, curves, scorer, trainer
from activelearning.engine.checkpoints import resolve
from activelearning.engine.devices import settle
from activelearning.engine.features import FeatureStore
from activelearning.engine.types import EngineError, Example, ScoredDocument, Text, Tier, TrainConfig
from annotation.domain.spans import LabelledSpan
from annotation.domain.tags import bio_to_spans, spans_to_bio

REFERENCE_STEPS = (None, 800, 5000)
"""Bounds on training the reference: as in the product, short, and far longer. The best of them is the mark to reach, for
all strategies alike: on some corpora longer training is worse."""
PROBE_SEED = 7919
"""Keeps the probe's draw apart from the order of the same seed."""

Spans = frozenset[LabelledSpan]


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts of the product that a simulation turns."""

    fit: Callable[[Sequence[Example], TrainConfig, Any], Any]
    """Examples, config and the model to go on from, or None."""
    score: Callable[..., Iterator[ScoredDocument]] = scorer.score
    order: Callable[[Sequence[ScoredDocument], Mapping[str, str], SelectionConfig], list[Ranked]] = acquisition.order
    vectors: Callable[[Sequence[Text]], Mapping[str, Any] | None] = lambda texts: None
    """What the encoder sees in each document before there is a model, by id; None: nothing."""


def product(features: Path | None, config: TrainConfig) -> Engine:
    """The engine of the live product; word features are kept in `features`."""
    store = FeatureStore(resolve(config.checkpoint), features)

    def vectors(texts: Sequence[Text]) -> dict[str, Any]:
        return acquisition.content_vectors(texts, (found.states.float().numpy() for found in store.of(texts)))

    return Engine(
        lambda examples, config, model: trainer.fit(examples, config, features=store, warm_start=model),
        vectors=vectors,
    )


def next_order(
    model: Any,
    pool: Sequence[Text],
    config: SelectionConfig,
    *,
    engine: Engine | None = None,
    observe: Callable[[ScoredDocument], None] = lambda document: None,
) -> list[Ranked]:
    """The pool in the order to label it, as `model` sees it; `observe` is shown each document read."""
    score, order = (engine.score, engine.order) if engine else (scorer.score, acquisition.order)
    scored = []
    for document in score(model, pool, vectors=True):
        observe(document)
        scored.append(document)
    return order(scored, {text.document_id: text.text for text in pool}, config)


@dataclass(frozen=True)
class Corpus:
    pool: tuple[Example, ...]
    test: tuple[Example, ...]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted({span.label for example in self.pool for span in example.spans}))

    @cached_property
    def gold(self) -> dict[str, Spans]:
        """The entities of every document as tags can say them."""
        return {e.document_id: _tagged(e) for e in (*self.pool, *self.test)}

    @property
    def words(self) -> int:
        return _words(self.pool)


@dataclass(frozen=True, slots=True)
class Plan:
    """One simulation, the same for all its strategies and seeds."""

    config: TrainConfig
    strategies: tuple[str, ...]
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    budget: float = 0.3
    """Share of the pool's words in the last round."""
    first_words: int = 400
    """Words labelled before the first model."""
    rounds: int | None = None
    """None: as few as let no round grow the labelled words by more than the policy's factor."""
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    """What holds for every strategy."""
    cold_start: str = "own"
    """How the first documents are chosen: "own": as the product does, by diversity where the strategy is
    `default`, else by chance; "random": by chance; "diverse": by diversity for all but `random`."""
    warm: bool = False
    """Whether rounds go on from the last model where the policy would."""
    probe: int = 0
    """Documents drawn at random and set aside, to estimate quality on the pool."""
    reference_seeds: int = 1
    features: Path | None = None
    engine: Callable[[Path | None, TrainConfig], Engine] = product

    def starts_apart(self, strategy: str) -> bool:
        """Whether it begins with other documents than `random`."""
        return {"own": strategy == DEFAULT, "diverse": strategy != RANDOM}.get(self.cold_start, False)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the probe says of F1 on the documents of the pool that are left, and what is true."""

    low: float
    high: float
    """95 % interval."""
    truth: float
    redrawn: float
    """Share of other probes of as many documents, drawn from the same ones, whose interval holds the truth. The
    rounds of a seed share one probe, so whether that one does is the toss of one coin."""

    @property
    def covers(self) -> bool:
        return self.low <= self.truth <= self.high


@dataclass(frozen=True, slots=True)
class Round:
    tokens: int
    sentences: int
    entities: int
    f1: float
    seconds: float
    """Modelled time of annotating all that is labelled."""
    cpu_s: float
    """Of training and ranking in this round."""
    counts: curves.Counts = field(repr=False)
    """Of the test documents, as `curves` counts them."""
    probe: Estimate | None = None

    def as_dict(self) -> dict[str, Any]:
        """The figures of one point of a curve."""
        names = ("tokens", "sentences", "entities", "f1", "seconds", "cpu_s")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Results:
    reference: list[float]
    """F1 of models that learned from the whole pool, one per seed."""
    rounds: dict[str, list[list[Round]]]
    """Strategy → seed → round."""


def budgets(first: int, last: int, rounds: int | None) -> list[int]:
    """Labelled words of each round, growing by one factor; EngineError where that more than doubles them."""
    if not 0 < first < last:
        raise EngineError(f"The budget of {last} words leaves nothing to add to the first {first}.")
    steps = rounds - 1 if rounds else math.ceil(math.log(last / first) / math.log(GROWTH))
    if steps < 1 or last / first > 2**steps:
        raise EngineError(f"From {first} to {last} words is too far for {steps + 1} rounds; none may more than double.")
    return [round(first * (last / first) ** (step / steps)) for step in range(steps + 1)]


def simulate(
    corpus: Corpus,
    plan: Plan,
    *,
    jobs: int = 1,
    tell: Callable[[str], None] = lambda line: None,
) -> Results:
    """All strategies and seeds, and the reference; `jobs` of them at a time, each in its own process.

    `tell` hears of each finished round in the process that finished it, so it must be a module's
    function when there is more than one.
    """
    budgets(plan.first_words, int(plan.budget * corpus.words), plan.rounds)
    if plan.features and plan.config.tier == Tier.FAST:
        FeatureStore(resolve(plan.config.checkpoint), plan.features).of([*corpus.pool, *corpus.test])
    units = [("", seed) for seed in range(plan.reference_seeds)]
    units += [(strategy, seed) for seed in plan.seeds for strategy in plan.strategies]
    work = partial(_unit, corpus, plan, tell)
    if jobs == 1:
        found = [work(unit) for unit in units]
    else:
        with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_end_with_parent) as processes:
            found = list(processes.map(work, units))
    of: dict[str, list[list[Round]]] = {}
    for (strategy, _), rounds in zip(units, found, strict=True):
        of.setdefault(strategy, []).append(rounds)
    reference = [rounds[-1].f1 for rounds in of.pop("", [])]
    return Results(reference, of)


def _end_with_parent() -> None:
    """Let this process go when the one that started it is gone, however it went."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _unit(corpus: Corpus, plan: Plan, tell: Callable[[str], None], unit: tuple[str, int]) -> list[Round]:
    settle(1)
    strategy, seed = unit
    engine = plan.engine(plan.features, plan.config)
    if strategy:
        run = _Run(corpus, plan, strategy, seed, engine)
        return run.rounds(tell)
    done = _reference(corpus, plan, seed, engine)
    tell(f"whole pool, seed {seed}: F1 {100 * done.f1:.1f}")
    return [done]


def _reference(corpus: Corpus, plan: Plan, seed: int, engine: Engine) -> Round:
    found = []
    for bound in REFERENCE_STEPS:
        began = time.process_time()
        config = replace(plan.config, labels=corpus.labels, seed=seed, max_steps=bound)
        counts = _counts(engine, engine.fit(corpus.pool, config, None), corpus.test, corpus.gold)
        found.append(_round(corpus, plan, corpus.pool, counts, time.process_time() - began))
    return max(found, key=lambda done: done.f1)


class _Run:
    """One strategy with one seed, from the first document to the last budget."""

    def __init__(self, corpus: Corpus, plan: Plan, strategy: str, seed: int, engine: Engine) -> None:
        self.corpus, self.plan, self.seed, self.engine = corpus, plan, seed, engine
        self.selection = replace(plan.selection, strategy=strategy, seed=seed)
        drawn = shuffled((example.document_id for example in corpus.pool), seed=seed + PROBE_SEED)
        aside = {ranked.document_id for ranked in drawn[: plan.probe]}
        self.probe = [example for example in corpus.pool if example.document_id in aside]
        self.open = {e.document_id: e for e in corpus.pool if e.document_id not in aside}
        self.labelled: list[Example] = []
        self.model: Any = None
        self.cold_words = 0

    def rounds(self, tell: Callable[[str], None]) -> list[Round]:
        plan, done = self.plan, []
        stages = budgets(plan.first_words, int(plan.budget * self.corpus.words), plan.rounds)
        order = self._first_order()
        for number, budget in enumerate(stages):
            self._take(order, budget)
            began = time.process_time()
            self._fit(number)
            cpu_s = time.process_time() - began
            counts = _counts(self.engine, self.model, self.corpus.test, self.corpus.gold)
            began = time.process_time()
            following = stages[number + 1] if number + 1 < len(stages) else None
            order, rest = self._next_order(order, following)
            cpu_s += time.process_time() - began
            done.append(_round(self.corpus, plan, self.labelled, counts, cpu_s, self._estimate(rest, following)))
            tell(
                f"{self.selection.strategy}, seed {self.seed}, round {number + 1} of {len(stages)}: "
                f"{done[-1].tokens} words, F1 {100 * done[-1].f1:.1f}"
            )
        return done

    def _first_order(self) -> list[Ranked]:
        """The order of chance, which is the same for every strategy of the seed, or the strategy's own start."""
        if not self.plan.starts_apart(self.selection.strategy):
            return shuffled(self.open, seed=self.seed)
        texts = list(self.open.values())
        return acquisition.cold_order(texts, self.engine.vectors(texts), self.selection)

    def _take(self, order: Sequence[Ranked], budget: int) -> None:
        """Label from the head until `budget` words are reached."""
        words = _words(self.labelled)
        for ranked in order:
            if words >= budget:
                return
            if ranked.document_id in self.open:
                self.labelled.append(self.open.pop(ranked.document_id))
                words += len(self.labelled[-1].tokens)

    def _fit(self, number: int) -> None:
        """No model as long as there is no entity to learn from."""
        if not any(self.corpus.gold[example.document_id] for example in self.labelled):
            return
        words = _words(self.labelled)
        before = self.model if self.plan.warm and words < GROWTH * self.cold_words else None
        if before is None:
            self.cold_words = words
        config = replace(self.plan.config, labels=self.corpus.labels, seed=1000 * self.seed + number)
        self.model = self.engine.fit(self.labelled, config, before)

    def _next_order(self, order: list[Ranked], budget: int | None) -> tuple[list[Ranked], list[ScoredDocument]]:
        """The open documents in order, and what the model made of them; read only where somebody asks."""
        by_chance = self.selection.strategy == RANDOM or budget is None
        if self.model is None or not self.open or (by_chance and not self.probe):
            return order, []
        read: list[ScoredDocument] = []
        texts = list(self.open.values())
        ranked = next_order(self.model, texts, self._config(budget), engine=self.engine, observe=read.append)
        return ranked, read

    def _config(self, budget: int | None) -> SelectionConfig:
        """With as many documents chosen together as the next budget has room for."""
        words, texts = _words(self.labelled), self.open.values()
        share = ((budget or words) - words) * len(texts) / max(1, _words(texts))
        return replace(
            self.selection,
            labelled_documents=len(self.labelled),
            labelled_words=words,
            batch=max(1, math.ceil(share)),
        )

    def _estimate(self, rest: list[ScoredDocument], budget: int | None) -> Estimate | None:
        """Of F1 on the open documents, `rest`."""
        if not self.probe or not rest:
            return None
        probe = list(self.engine.score(self.model, self.probe, vectors=True))
        counts, others = _counts_of(probe, self.corpus.gold), _counts_of(rest, self.corpus.gold)
        if budget is not None and self.selection.strategy != RANDOM:
            self._let_go(rest, probe, budget)
        redrawn = curves.coverage(np.concatenate([counts, others]), len(counts))
        return Estimate(*curves.f1_interval(counts, len(rest)), curves.f1(others), redrawn)

    def _let_go(self, rest: list[ScoredDocument], probe: list[ScoredDocument], budget: int) -> None:
        """Drop from the probe what the strategy would label next, were it open.

        It takes the hard texts out of the pool, so only a probe without them is like what is left.
        """
        aside = {example.document_id: example for example in self.probe}
        texts = {text.document_id: text.text for text in (*self.open.values(), *self.probe)}
        words = _words(self.labelled)
        for ranked in self.engine.order([*rest, *probe], texts, self._config(budget)):
            if words >= budget:
                break
            if aside.pop(ranked.document_id, None) is None:
                words += len(self.open[ranked.document_id].tokens)
        self.probe = list(aside.values())


def _round(
    corpus: Corpus,
    plan: Plan,
    labelled: Sequence[Example],
    counts: curves.Counts,
    cpu_s: float,
    probe: Estimate | None = None,
) -> Round:
    entities = [len(corpus.gold[example.document_id]) for example in labelled]
    cost = plan.selection.cost
    seconds = sum(cost.seconds(len(e.tokens), n) for e, n in zip(labelled, entities, strict=True))
    return Round(_words(labelled), len(labelled), sum(entities), curves.f1(counts), seconds, cpu_s, counts, probe)


def _counts(engine: Engine, model: Any, examples: Sequence[Example], gold: Mapping[str, Spans]) -> curves.Counts:
    """(D, 3) in the order of `examples`; without a model nothing is predicted."""
    if model is None:
        return np.array([(len(gold[example.document_id]), 0, 0) for example in examples], dtype=np.int64)
    found = {document.document_id: document for document in engine.score(model, examples)}
    return _counts_of([found[example.document_id] for example in examples], gold)


def _counts_of(scored: Sequence[ScoredDocument], gold: Mapping[str, Spans]) -> curves.Counts:
    return np.array([_count(document, gold) for document in scored], dtype=np.int64)


def _count(document: ScoredDocument, gold: Mapping[str, Spans]) -> tuple[int, int, int]:
    predicted = {LabelledSpan(span.start, span.end, span.label) for span in document.spans}
    right = gold[document.document_id]
    return len(right), len(predicted), len(right & predicted)


def _words(examples: Iterable[Text]) -> int:
    return sum(len(example.tokens) for example in examples)


def _tagged(example: Example) -> Spans:
    return frozenset(bio_to_spans(example.tokens, spans_to_bio(example.tokens, example.spans)))
