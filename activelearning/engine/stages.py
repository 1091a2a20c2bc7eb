"""The stages of a job, each leaving a file; one whose file exists is not done again."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from activelearning.domain.metrics import DocumentCounts, document_counts, total
from activelearning.domain.succession import against, withheld
from activelearning.engine import acquisition, evaluation, scorer, suspicion, trained, trainer
from activelearning.engine import job as files
from activelearning.engine.checkpoints import resolve
from activelearning.engine.fast import FastModel
from activelearning.engine.features import FeatureStore
from activelearning.engine.reading import Model
from activelearning.engine.types import EngineError, Example, OnProgress, Progress, ScoredDocument, Text, Tier
from annotation.domain.spans import LabelledSpan

SCORED_TOGETHER = 2048
"""Documents of a part of the pool; a process started over scores only the parts that are missing."""
STABILITY_DOCUMENTS: dict[str, int] = {Tier.FAST: 500, Tier.FULL: 100}
"""Open documents that both versions read once more; a full one takes a second for every 60."""


class Stages:
    """One job's work in `folder`. Raises EngineError where a person can put something right."""

    def __init__(self, folder: Path, job: files.Job, on_progress: OnProgress) -> None:
        self.folder, self.job, self.on_progress = folder, job, on_progress
        self.seconds: dict[str, float] = {}
        kept = Path(job.features) if job.features else None
        self.features = FeatureStore(resolve(job.config.checkpoint), kept)

    def run(self) -> None:
        """All of them in order; `seconds` then says how long each took, those already done left out."""
        if not self.job.model:
            self._once(files.RANKING, "select", self._cold_start)
            return
        model = self._model()
        if self.job.fit:
            self._once(files.METRICS, "evaluate", lambda: self._evaluate(model))
            if judged := files.read_judged(self.folder):
                self._once(files.DOUBTS, "suspect", lambda: self._suspect(judged))
        scored = (self.folder / files.SCORES).exists() and (self.folder / files.RANKING).exists()
        if not scored and not self._withheld():
            self._score_and_rank(model)
        self.features.cache.touch()

    def _once(self, output: str, stage: str, work: Callable[[], None]) -> None:
        if not (self.folder / output).exists():
            with self._timed(stage):
                work()

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[stage] = round(time.monotonic() - began, 3)

    def _model(self) -> Model:
        place = files.model_folder(self.folder, self.job)
        if not self.job.fit or files.model_exists(place):
            return trained.load(place, features=self.features)
        examples = files.read_examples(self.folder / files.TRAIN)
        with self._timed("features"):
            self.features.of(examples, on_progress=self.on_progress)
        with self._timed("fit"):
            model = trainer.fit(
                examples,
                self.job.config,
                features=self.features,
                warm_start=self._warm_start(),
                partial=self.folder / files.PARTIAL,
                on_progress=self.on_progress,
            )
        model.save(place)
        shutil.rmtree(self.folder / files.PARTIAL, ignore_errors=True)
        return model

    def _warm_start(self) -> FastModel | None:
        """The model to go on from; None if there is none, or it is gone or of another kind."""
        if not self.job.warm_start:
            return None
        try:
            found = trained.load(Path(self.job.warm_start), features=self.features)
        except EngineError:
            return None
        return found if isinstance(found, FastModel) and found.checkpoint == self.features.checkpoint else None

    def _evaluate(self, model: Model) -> None:
        test = files.read_examples(self.folder / files.TEST)
        counts = evaluation.count_entities(model, test, on_progress=self.on_progress)
        files.write_json(files.model_folder(self.folder, self.job) / files.COUNTS, counts)
        found = evaluation.measured(list(counts.values()))
        if self.job.previous:
            found |= self._beside_former(model, test, counts)
        files.write_json(self.folder / files.METRICS, found)

    def _withheld(self) -> bool:
        """Whether the version is not to be used, so that nobody needs what it makes of the pool."""
        return self.job.fit and withheld(files.read_json(self.folder / files.METRICS))

    def _suspect(self, judged: set[str]) -> None:
        """How far the labels of these documents are from what a model of the others expects."""
        examples = files.read_examples(self.folder / files.TRAIN)
        found = suspicion.suspicions(
            examples, judged, self.job.config, features=self.features, on_progress=self.on_progress
        )
        files.write_doubts(self.folder / files.DOUBTS, found)

    def _beside_former(
        self, model: Model, test: Sequence[Example], counts: Mapping[str, DocumentCounts]
    ) -> dict[str, Any]:
        """What the metrics say of this version beside the one before: `stability`, None if that one is gone, and
        `against` for one of the full tier after a fast one, where there is something to measure.
        """
        try:
            former = trained.load(Path(self.job.previous), features=self.features)
        except EngineError:
            return {"stability": None}
        found: dict[str, Any] = {"stability": self._stability(former, model)}
        if (former.tier, model.tier) == (Tier.FAST, Tier.FULL):
            theirs = evaluation.count_entities(former, test, labels=model.labels)
            shared = [label for label in model.labels if label in former.labels]
            measured = against(list(theirs.values()), list(counts.values()), shared)
            found |= {"against": measured} if measured else {}
        return found

    def _stability(self, former: Model, model: Model) -> dict[str, float]:
        """Span F1 between this version and the one before on open documents."""
        pool = files.read_texts(self.folder / files.POOL)
        size = min(STABILITY_DOCUMENTS[tier] for tier in (former.tier, model.tier))
        texts = random.Random(0).sample(pool, min(size, len(pool)))  # noqa: S311  the same for all
        first, second = _spans(former, texts), _spans(model, texts)
        agreement = total(document_counts(first[text.document_id], second[text.document_id]) for text in texts)
        return {"documents": len(texts), "f1": agreement.overall.f1}

    def _score_and_rank(self, model: Model) -> None:
        pool = files.read_texts(self.folder / files.POOL)
        with self._timed("score"):
            self.features.of(pool, on_progress=self.on_progress)
            parts = self.folder / files.PARTS
            scored: list[ScoredDocument] = []
            for start in range(0, len(pool), SCORED_TOGETHER):
                scored += self._part(model, pool, start, parts)
            files.write_scores(self.folder / files.SCORES, scored)
        with self._timed("select"):
            texts = {text.document_id: text.text for text in pool}
            files.write_ranking(self.folder / files.RANKING, acquisition.order(scored, texts, self.job.selection))
        shutil.rmtree(parts, ignore_errors=True)

    def _part(self, model: Model, pool: Sequence[Text], start: int, parts: Path) -> list[ScoredDocument]:
        """The documents from `start` on, read back if they were scored before this process."""
        vectors, rows = parts / f"{start}.npy", parts / f"{start}.jsonl"
        if rows.exists():
            return [
                replace(document, vector=vector)
                for document, vector in zip(files.read_scores(rows), np.load(vectors), strict=True)
            ]

        def tell(progress: Progress) -> None:
            self.on_progress(Progress("score", start + progress.done, len(pool)))

        texts = pool[start : start + SCORED_TOGETHER]
        found = list(scorer.score(model, texts, vectors=True, on_progress=tell))
        parts.mkdir(exist_ok=True)
        width = next((len(document.vector) for document in found if document.vector is not None), 1)
        blank = np.zeros(width, np.float32)
        np.save(vectors, np.stack([blank if d.vector is None else d.vector for d in found]))
        files.write_scores(rows, found)
        return found

    def _cold_start(self) -> None:
        """Read the open documents once and put them in the order of a project without a model."""
        pool = files.read_texts(self.folder / files.POOL)
        found = self.features.of(pool, on_progress=self.on_progress)
        vectors = acquisition.content_vectors(pool, (features.states.float().numpy() for features in found))
        files.write_ranking(self.folder / files.RANKING, acquisition.cold_order(pool, vectors, self.job.selection))


def _spans(model: Model, texts: Sequence[Text]) -> dict[str, list[LabelledSpan]]:
    return {
        found.document_id: [LabelledSpan(span.start, span.end, span.label) for span in found.spans]
        for found in scorer.score(model, texts)
    }
