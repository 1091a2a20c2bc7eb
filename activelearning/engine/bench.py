"""What a round of the engine costs, next to the seed's recipe and to what the processor can do.

Every stage runs in a fresh process of its own with one thread. Its clock starts when everything
is imported and the texts are in memory, and counts the processor time of the process and of those
it starts. Both sides load their weights, cut their texts, train, read the whole pool and put it in
order on the clock; measuring F1 is off it.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import Any
from unittest.mock import patch

from torch import nn

from activelearning.domain.metrics import evaluate
from activelearning.domain.selection import SelectionConfig
from activelearning.engine import acquisition, evaluation, full, scorer, trained, trainer
from activelearning.engine.bound import bound, machine, native_dtype
from activelearning.engine.checkpoints import resolve
from activelearning.engine.devices import CPU, settle
from activelearning.engine.fast import FastModel
from activelearning.engine.features import FeatureStore
from activelearning.engine.model import Tagger, load_encoder, parts
from activelearning.engine.types import EngineError, Example, Text, Tier, TrainConfig

WHOLE_LEARNING_RATE = 1e-4
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """One measurement, the same for both sides."""

    labelled: list[Example]
    """In the order they were labelled; the last `new` came since the previous version."""
    new: int
    pool: list[Text]
    test: list[Example]
    labels: tuple[str, ...]
    folder: Path
    """For the models and cached features that one stage hands to the next."""
    checkpoint: str = ""
    seed: int = 13
    seed_steps: int = 100
    full_seeds: int = 3
    """Trainings of the full tier whose mean is reported: one run's F1 says little to a point."""

    @property
    def store(self) -> FeatureStore:
        return FeatureStore(resolve(self.checkpoint), self.folder / "features")

    def config(self, tier: Tier) -> TrainConfig:
        return TrainConfig(self.labels, self.checkpoint, self.seed, tier)


def plan(
    train: Sequence[Example],
    test: Sequence[Example],
    folder: Path,
    *,
    labelled: int,
    new: int,
    seed: int,
    **options: Any,
) -> Plan:
    """Draw the labelled documents from `train`; the rest is the pool.

    Raises EngineError when `train` is too small for it.
    """
    if not 0 < new < labelled < len(train):
        raise EngineError(
            f"{len(train)} training documents are too few: {labelled} are labelled, {new} of them since the last version."
        )
    order = random.Random(seed).sample(train, len(train))  # noqa: S311  a reproducible draw
    labels = tuple(sorted({span.label for example in train for span in example.spans}))
    pool = [Text(e.document_id, e.text, e.tokens) for e in order[labelled:]]
    return Plan(order[:labelled], new, pool, list(test), labels, folder, seed=seed, **options)


class Laps:
    """Processor and wall seconds of what was done inside `with laps(name)`."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        cpu, wall = _cpu_seconds(), time.monotonic()
        yield
        self.cpu[name] = _cpu_seconds() - cpu
        self.wall[name] = time.monotonic() - wall

    def result(self, **more: Any) -> Result:
        return {"cpu_s": sum(self.cpu.values()), "wall_s": sum(self.wall.values()), "cpu_s_of": self.cpu, **more}


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def in_fresh_process(stage: Callable[[Plan], Result], plan: Plan) -> Result:
    """What `stage` returns, and its peak memory. Its exceptions come through."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_run, stage, plan).result()


def _run(stage: Callable[[Plan], Result], plan: Plan) -> Result:
    import torch._dynamo  # noqa: F401  by itself only at an optimiser's first step, on the clock

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    settle(1)
    result = stage(plan)
    return result | {"peak_memory_bytes": _peak_memory()}


def _peak_memory() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def feature_pass(plan: Plan) -> Result:
    """Read every document with the frozen encoder once and keep the features, as at import."""
    texts = [*plan.pool, *plan.labelled]
    laps = Laps()
    with laps("features"):
        store = plan.store
        store.of(texts)
    kept = sum(path.stat().st_size for path in (plan.folder / "features").rglob("*") if path.is_file())
    return laps.result(documents=len(texts), words=_words(texts), cache_bytes=kept)


def previous_version(plan: Plan) -> Result:
    """The version that the warm round goes on from; it lacks the newest documents."""
    laps = Laps()
    with laps("train"):
        model = trainer.fit(plan.labelled[: -plan.new], plan.config(Tier.FAST), features=plan.store, device=CPU)
    model.save(plan.folder / "previous")
    return laps.result()


def cold_retrain(plan: Plan) -> Result:
    laps = Laps()
    with laps("load"):
        store = plan.store
    with laps("train"):
        model = trainer.fit(plan.labelled, plan.config(Tier.FAST), features=store, device=CPU)
    return laps.result(f1=_f1(model, plan))


def our_round(plan: Plan) -> Result:
    """Go on from the previous version, read the whole pool, put it in order."""
    laps = Laps()
    with laps("load"):
        store = plan.store
        previous = trained.load(plan.folder / "previous", features=store, device=CPU)
        assert isinstance(previous, FastModel)
    with laps("train"):
        model = trainer.fit(plan.labelled, plan.config(Tier.FAST), features=store, warm_start=previous, device=CPU)
    with laps("score"):
        scored = list(scorer.score(model, plan.pool, vectors=True))
    with laps("order"):
        words = _words(plan.labelled)
        selection = SelectionConfig(labelled_documents=len(plan.labelled), labelled_words=words)
        acquisition.order(scored, {text.document_id: text.text for text in plan.pool}, selection)
    return laps.result(f1=_f1(model, plan))


def seed_round(plan: Plan) -> Result:
    """Fine-tune from the checkpoint, read the whole pool, put it in order."""
    from activelearning.engine import seed_recipe

    checkpoint = resolve(plan.checkpoint)
    seed_recipe.import_architecture(checkpoint)
    laps = Laps()
    with laps("load"):
        tagger = seed_recipe.load(checkpoint, plan.labels)
    with laps("train"):
        tagger.train(plan.labelled, steps=plan.seed_steps, seed=plan.seed)
    with laps("score"):
        scores = tagger.scores(plan.pool)
    with laps("order"):
        sorted(range(len(scores)), key=scores.__getitem__)
    quality = evaluate(zip((example.spans for example in plan.test), tagger.spans(plan.test), strict=True))
    return laps.result(f1=quality.overall.f1, steps=plan.seed_steps)


def full_tier(plan: Plan) -> Result:
    laps = Laps()
    with laps("load"):
        store = plan.store
    with laps("train"):
        model = trainer.fit(plan.labelled, plan.config(Tier.FULL), features=store, device=CPU)
    return laps.result(f1=_f1(model, plan))


def full_fine_tuning(plan: Plan) -> Result:
    """The tagger of the full tier with the whole encoder learning, embeddings too, at a rate that suits it."""
    config = replace(plan.config(Tier.FULL), learning_rate=WHOLE_LEARNING_RATE)
    laps = Laps()
    with laps("train"), patch.object(full, "Tagger", _WholeTagger):
        model = full.fit_tagger(plan.labelled, config, device=CPU)
    return laps.result(f1=_f1(model, plan))


class _WholeTagger(Tagger):
    def __init__(self, encoder: Any, labels: Sequence[str]) -> None:
        super().__init__(encoder, labels)
        self.lower = []  # no layer is left out because its output is known
        encoder.requires_grad_(True)

    def _parts(self) -> tuple[list[nn.Module], list[nn.Module]]:
        frozen, learned, left_out = parts(self.encoder)
        return frozen, learned + left_out


REPEATED = (full_tier, full_fine_tuning)
"""Stages whose mean over seeds is reported."""


def matrix_bound(plan: Plan) -> Result:
    """What `bound` says of the whole encoder, of the layers that the feature pass runs, and of the fast head."""
    store = plan.store
    encoder, words = load_encoder(store.checkpoint)
    depth, _ = store.checkpoint.shape()
    pieces = sum(len(window.pieces) for window in words.windows(plan.pool)) / len(plan.pool)
    linear = [m for name, m in encoder.named_modules() if isinstance(m, nn.Linear) and "pooler" not in name]
    reading = bound(linear, native_dtype())
    head: Any = trained.load(plan.folder / "previous", features=store, device=CPU)
    tagging = bound([m for m in head.head.modules() if isinstance(m, nn.Linear)], native_dtype())
    return {
        "encoder": 1 / (reading.seconds * pieces),
        "feature_layers": depth / store.layer / (reading.seconds * pieces),
        "head": len(plan.pool) / (tagging.seconds * _words(plan.pool)),
        "gflop_per_cpu_s": reading.operations / reading.seconds / 1e9,
        "dtype": str(native_dtype()).removeprefix("torch."),
        "pieces_per_sentence": pieces,
    }


def _repeated(stage: Callable[[Plan], Result], plan: Plan) -> Result:
    """Means over seeds of training, the highest memory, and every seed's F1."""
    runs = [in_fresh_process(stage, replace(plan, seed=plan.seed + number)) for number in range(plan.full_seeds)]
    means = {name: fmean(run[name] for run in runs) for name in ("cpu_s", "wall_s", "f1")}
    return means | {
        "f1_of_seeds": [run["f1"] for run in runs],
        "peak_memory_bytes": max(run["peak_memory_bytes"] for run in runs),
    }


def measure(plan: Plan, *, full: bool = False, tell: Callable[[str], None] = lambda line: None) -> Result:
    """All stages one after the other, in the shape of the command's JSON.

    `tell` hears of each stage as it ends.
    Raises EngineError for an unusable checkpoint or when there is nothing to learn.
    """
    stages = [feature_pass, previous_version, matrix_bound, cold_retrain, our_round, seed_round]
    done = _done([*stages, *(REPEATED if full else ())], plan, tell)
    return _report(plan, done) | {"machine": machine()}


def measure_full(plan: Plan, *, tell: Callable[[str], None] = lambda line: None) -> Result:
    """The full tier and full fine-tuning alone; word features are made on the full tier's clock."""
    return _done(REPEATED, plan, tell) | {"corpus": _corpus(plan), "machine": machine()}


def _done(stages: Iterable[Callable[[Plan], Result]], plan: Plan, tell: Callable[[str], None]) -> dict[str, Result]:
    done: dict[str, Result] = {}
    for stage in stages:
        done[stage.__name__] = result = (_repeated if stage in REPEATED else in_fresh_process)(stage, plan)
        cost = f"{result['cpu_s']:.2f} CPU seconds" if "cpu_s" in result else "measured"
        tell(f"{stage.__name__.replace('_', ' ')}: {cost}")
    return done


def _report(plan: Plan, done: dict[str, Result]) -> Result:
    ours, seed, cold, features = (done[name] for name in ("our_round", "seed_round", "cold_retrain", "feature_pass"))
    limits, pool_words = done["matrix_bound"], _words(plan.pool)
    rescoring, reading = len(plan.pool) / ours["cpu_s_of"]["score"], features["documents"] / features["cpu_s"]
    report: Result = {
        "round": {"ours": ours, "seed_recipe": seed, "cpu_ratio": seed["cpu_s"] / ours["cpu_s"]},
        "warm_retrain_cpu_s": ours["cpu_s_of"]["load"] + ours["cpu_s_of"]["train"],
        "cold_retrain_cpu_s": cold["cpu_s"],
        "cold_retrain_f1": cold["f1"],
        "scoring": {
            "sentences_per_cpu_s": rescoring,
            "words_per_cpu_s": pool_words / ours["cpu_s_of"]["score"],
            "share_of_head_bound": rescoring / limits["head"],
            "feature_pass_sentences_per_cpu_s": reading,
            "feature_pass_words_per_cpu_s": features["words"] / features["cpu_s"],
            "feature_pass_share_of_encoder_bound": reading / limits["encoder"],
            "feature_pass_share_of_its_layers_bound": reading / limits["feature_layers"],
            "encoder_bound_sentences_per_cpu_s": limits["encoder"],
            "bound": limits,
        },
        "memory": {
            "cache_bytes_per_100000_documents": features["cache_bytes"] / features["documents"] * 100_000,
            "peak_bytes": {name: result["peak_memory_bytes"] for name, result in done.items()},
        },
        "corpus": _corpus(plan),
    }
    return report | {stage.__name__: done[stage.__name__] for stage in REPEATED if stage.__name__ in done}


def _corpus(plan: Plan) -> Result:
    return {
        "labelled": len(plan.labelled),
        "new": plan.new,
        "pool": len(plan.pool),
        "pool_words_per_sentence": _words(plan.pool) / len(plan.pool),
        "test": len(plan.test),
    }


def _f1(model: Any, plan: Plan) -> float:
    return evaluation.evaluate_model(model, plan.test).overall.f1


def _words(texts: Iterable[Text]) -> int:
    return sum(len(text.tokens) for text in texts)
