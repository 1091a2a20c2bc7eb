"""What a run learns from, written down: as files for the engine and as ids for the record."""

from __future__ import annotations

import hashlib
import json
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
    PoolText,
    TrainingText,
    active_labels,
    open_pool,
    test_set,
    training_set,
)


def training_job_write(run: TrainingRun, folder: Path) -> dict[str, Any]:
    """Write the job of a training run; returns the run's `snapshot` and `parameters`."""
    project = run.project
    train, test = training_set(project), test_set(project)
    config = TrainConfig(
        labels=tuple(active_labels(project)),
        checkpoint=project.checkpoint or settings.DANER_DEFAULT_CHECKPOINT,
        seed=run.seed,
    )
    job = files.Job(config, threads=settings.DANER_TRAIN_THREADS)
    files.write_job(folder, job, train=_examples(train), test=_examples(test), pool=_texts(open_pool(project)))
    return {
        "snapshot": snapshot(train) | {"test": {text.document_uuid: list(text.annotation_uuids) for text in test}},
        "parameters": asdict(config),
    }


def scoring_job_write(run: TrainingRun, folder: Path) -> ModelVersion | None:
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
        job = files.Job(TrainConfig(tuple(version.labels)), model=model, threads=settings.DANER_TRAIN_THREADS)
        files.write_job(folder, job, train=(), test=(), pool=_texts(new))
    return version


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


def _texts(texts: Iterable[PoolText]) -> Iterator[Text]:
    for text in texts:
        yield Text(text.document_uuid, text.text, text.tokens)
