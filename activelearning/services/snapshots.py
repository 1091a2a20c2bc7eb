"""What a run learns from, written down: as files for the engine and as ids for the record."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings

from activelearning import selectors
from activelearning.engine import job as files
from activelearning.engine.types import Example, Text, TrainConfig
from activelearning.models import ModelVersion, Score, TrainingRun
from annotation.selectors.training import (
    Beat,
    PoolText,
    TrainingText,
    active_labels,
    newest_label_id,
    open_pool,
    test_set,
    training_set,
)

TEXTS_PER_BEAT = 1000


def run_folder(run: TrainingRun) -> Path:
    """Where the run works; its model stays here as the version's artefact."""
    return Path(settings.DANER_ARTEFACTS) / str(run.project.uuid) / str(run.uuid)


def run_folder_drop(run: TrainingRun) -> None:
    """Remove the texts and the model of a run that made no version."""
    shutil.rmtree(run_folder(run), ignore_errors=True)


def training_job_write(run: TrainingRun, folder: Path, *, beat: Beat) -> dict[str, Any] | None:
    """Write the job of a training run; returns the run's `snapshot`, `parameters` and `watermark`.

    None, and nothing written, when the active version was made from exactly the same: labels often
    come between the opening of a run and its snapshot, and the run that they open has nothing new.
    `beat` is called now and then: a large project takes longer to read than a lease lasts.
    """
    project = run.project
    watermark = newest_label_id(project)
    train, test = training_set(project, beat), test_set(project, beat)
    config = TrainConfig(
        labels=tuple(active_labels(project)),
        checkpoint=project.checkpoint or settings.DANER_DEFAULT_CHECKPOINT,
        seed=run.seed,
    )
    found = {
        "snapshot": snapshot(train) | {"test": {text.document_uuid: list(text.annotation_uuids) for text in test}},
        "parameters": asdict(config) | {"labels": list(config.labels)},
    }
    if _made_from(selectors.active_version(project), **found):
        return None
    job = files.Job(config, threads=settings.DANER_TRAIN_THREADS)
    files.write_job(folder, job, train=_examples(train), test=_examples(test), pool=_texts(open_pool(project), beat))
    return found | {"watermark": watermark}


def scoring_job_write(run: TrainingRun, folder: Path, *, beat: Beat) -> ModelVersion | None:
    """Write a job that scores what the active version has not; None when there is nothing to do."""
    version = selectors.active_version(run.project)
    if version is None:
        return None
    if not files.is_complete(folder):
        scored = Score.objects.filter(version=version).values_list("document__uuid", flat=True)
        known = {str(uuid) for uuid in scored}
        new = [text for text in open_pool(run.project) if text.document_uuid not in known]
        if not new:
            return None
        model = str((Path(settings.DANER_ARTEFACTS) / version.artefact).resolve())
        config = TrainConfig(tuple(version.labels))
        job = files.Job(config, model=model, fit=False, threads=settings.DANER_TRAIN_THREADS)
        files.write_job(folder, job, train=(), test=(), pool=_texts(new, beat))
    return version


def _made_from(version: ModelVersion | None, snapshot: dict[str, Any], parameters: dict[str, Any]) -> bool:
    """Whether the version is what this would give but for the seed, and its model still whole."""
    if version is None:
        return False
    model = Path(settings.DANER_ARTEFACTS) / version.artefact
    if not files.model_exists(model) or files.model_sha256(model) != version.artefact_sha256:
        return False
    before = version.run.parameters | {"seed": parameters["seed"]}
    return bool(version.run.snapshot == snapshot and before == parameters)


def snapshot(train: Sequence[TrainingText]) -> dict[str, Any]:
    """`{documents: {document uuid: [annotation uuids]}, sha256}`; the hash covers the spans too."""
    content = sorted(
        [text.document_uuid, list(text.annotation_uuids), [[s.start, s.end, s.label] for s in text.spans]]
        for text in train
    )
    digest = hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
    return {"documents": {text.document_uuid: list(text.annotation_uuids) for text in train}, "sha256": digest}


def _examples(texts: Iterable[TrainingText]) -> Iterator[Example]:
    for text in texts:
        yield Example(text.document_uuid, text.text, text.tokens, text.spans)


def _texts(texts: Iterable[PoolText], beat: Beat) -> Iterator[Text]:
    for number, text in enumerate(texts):
        if number % TEXTS_PER_BEAT == 0:
            beat()
        yield Text(text.document_uuid, text.text, text.tokens)
