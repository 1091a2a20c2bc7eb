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
from activelearning.models import ModelVersion, Tier, TrainingRun
from annotation.domain.spans import resolve_overlaps
from annotation.models import Project
from annotation.selectors.training import (
    Amount,
    Beat,
    PoolText,
    TrainingText,
    active_labels,
    newest_label_id,
    open_pool,
    test_set,
    training_set,
    unread_by,
)

TEXTS_PER_BEAT = 1000


def run_folder(run: TrainingRun) -> Path:
    """Where the run works; its model stays here as the version's artefact."""
    return Path(settings.DANER_ARTEFACTS) / str(run.project.uuid) / str(run.uuid)


def run_folder_drop(run: TrainingRun) -> None:
    """Remove the texts and the model of a run that made no version."""
    shutil.rmtree(run_folder(run), ignore_errors=True)


def features_folder(project: Project) -> Path:
    """Where the word features of the project's texts are kept for all its runs."""
    return Path(settings.DANER_ARTEFACTS).resolve() / str(project.uuid) / "features"


def artefact_folder(version: ModelVersion) -> Path:
    return Path(settings.DANER_ARTEFACTS).resolve() / version.artefact


def artefact_is_whole(version: ModelVersion) -> bool:
    """Whether the version's model is on disk as it was made, and of a kind that is still read."""
    folder = artefact_folder(version)
    if not version.artefact or not (folder / files.TENSORS).is_file():
        return False
    try:
        description = files.read_json(folder / files.DESCRIPTION)
    except (OSError, ValueError):
        return False
    return files.model_is_readable(description) and files.model_sha256(folder) == version.artefact_sha256


def training_job_write(run: TrainingRun, folder: Path, *, beat: Beat) -> dict[str, Any] | None:
    """Write the job of a training run; returns the run's fields that say what it learns from.

    None, and nothing written, when the active version was made from exactly the same: labels often
    come between the opening of a run and its snapshot, and the run that they open has nothing new.
    `beat` is called now and then: a large project takes longer to read than a lease lasts.
    """
    project = run.project
    watermark = newest_label_id(project)
    train, test = training_set(project, beat), test_set(project, beat)
    config = TrainConfig(
        labels=tuple(active_labels(project)),
        checkpoint=selectors.checkpoint_of(project),
        seed=run.seed,
        tier=run.tier,
    )
    learned = snapshot(train) | {"test": {text.document_uuid: list(text.annotation_uuids) for text in test}}
    parameters = asdict(config) | {"labels": list(config.labels)}
    active = selectors.active_version(project)
    if _made_from(active, learned, parameters):
        return None
    amount = Amount(len(train), sum(len(text.tokens) for text in train))
    base = selectors.warm_base(project) if run.warm else None
    job = files.Job(
        config,
        warm_start=_whole(base),
        previous=_whole(active),
        features=str(features_folder(project)),
        selection=selectors.selection_config(project, amount),
        threads=settings.DANER_TRAIN_THREADS,
    )
    order = selectors.order_settings(project)
    files.write_job(
        folder,
        job,
        train=_examples(train),
        test=_examples(test),
        pool=_texts(open_pool(project), beat),
        judged=[text.document_uuid for text in train if text.source == "single"] if _judges(run) else (),
    )
    return {
        "snapshot": learned,
        "parameters": parameters | {"order": order, "previous": _named(active)},
        "watermark": watermark,
        "words": amount.words,
        "warm": bool(job.warm_start),
    }


def scoring_job_write(run: TrainingRun, folder: Path, *, beat: Beat) -> dict[str, Any] | None:
    """Write a job that reads the open pool with the active version and puts it in order; without a version
    one that only reads it and orders it for a cold start. Returns fields of the run.

    None, and nothing written, when all is read and in the order that the project wants.
    """
    project, version = run.project, selectors.active_version(run.project)
    if version is not None and selectors.order_is_current(project) and not unread_by(project, version.uuid):
        return None
    config, amount = TrainConfig((), checkpoint=selectors.checkpoint_of(project), tier=Tier.FAST), Amount(0, 0)
    if version is not None:
        config = TrainConfig(tuple(version.labels), checkpoint=version.checkpoint, tier=version.tier)
        amount = Amount(version.train_documents, version.train_words)
    job = files.Job(
        config,
        model=str(artefact_folder(version)) if version else "",
        fit=False,
        features=str(features_folder(project)),
        selection=selectors.selection_config(project, amount),
        threads=settings.DANER_TRAIN_THREADS,
    )
    order = selectors.order_settings(project)
    files.write_job(folder, job, train=(), test=(), pool=_texts(open_pool(project), beat))
    return {"kind": TrainingRun.Kind.SCORE if version else TrainingRun.Kind.PREPARE, "parameters": {"order": order}}


def _named(version: ModelVersion | None) -> dict[str, str]:
    return {"uuid": str(version.uuid), "name": version.name} if version else {}


def _whole(version: ModelVersion | None) -> str:
    """The version's folder; "" without one or where its files are not what they were."""
    return str(artefact_folder(version)) if version and artefact_is_whole(version) else ""


def _made_from(version: ModelVersion | None, learned: dict[str, Any], parameters: dict[str, Any]) -> bool:
    """Whether the version is what this would give but for the seed, or better, and its model still whole."""
    if version is None or not artefact_is_whole(version):
        return False
    before = {name: version.run.parameters.get(name) for name in parameters} | {"seed": parameters["seed"]}
    if version.tier == Tier.FULL:
        before["tier"] = parameters["tier"]
    return bool(version.run.snapshot == learned and before == parameters)


def snapshot(train: Sequence[TrainingText]) -> dict[str, Any]:
    """`{documents: {document uuid: [annotation uuids]}, sha256}`; the hash covers sources, spans and weights too.

    What the annotations alone do not give again stands beside them: `consensus` has the spans of documents
    that were learned as the consensus said then, `weights` those that count less than 1. `left_out`: how many
    spans are not learned because they share words with a longer one.
    """
    spans = {text.document_uuid: [[s.start, s.end, s.label] for s in text.spans] for text in train}
    content = sorted(
        [text.document_uuid, list(text.annotation_uuids), text.source, spans[text.document_uuid], text.weight]
        for text in train
    )
    digest = hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
    found: dict[str, Any] = {
        "documents": {text.document_uuid: list(text.annotation_uuids) for text in train},
        "sha256": digest,
    }
    left_out = sum(len(set(text.spans)) - len(resolve_overlaps(text.spans)) for text in train)
    consensus = {text.document_uuid: spans[text.document_uuid] for text in train if text.source == "consensus"}
    weights = {text.document_uuid: text.weight for text in train if text.weight != 1}
    found |= {"left_out": left_out} if left_out else {}
    return found | ({"consensus": consensus} if consensus else {}) | ({"weights": weights} if weights else {})


def _judges(run: TrainingRun) -> bool:
    """Whether the run looks for labels to check: those that are long anyway, in projects that want it."""
    return run.tier == Tier.FULL and run.project.doubt_share > 0


def _examples(texts: Iterable[TrainingText]) -> Iterator[Example]:
    for text in texts:
        yield Example(text.document_uuid, text.text, text.tokens, text.spans, text.weight)


def _texts(texts: Iterable[PoolText], beat: Beat) -> Iterator[Text]:
    for number, text in enumerate(texts):
        if number % TEXTS_PER_BEAT == 0:
            beat()
        yield Text(text.document_uuid, text.text, text.tokens)
