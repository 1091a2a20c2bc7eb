"""What a run found becomes what people see: a version, suggestions, an order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from activelearning.domain.selection import RANDOM, is_chance
from activelearning.domain.succession import withheld
from activelearning.engine import job as files
from activelearning.engine.types import PredictedSpan, ScoredDocument
from activelearning.models import ModelVersion, TrainingRun
from activelearning.services.leases import Lease
from activelearning.services.snapshots import run_folder
from annotation.models import Project
from annotation.selectors.training import open_uuids
from annotation.services.doubts import DoubtedDocument, doubts_publish
from annotation.services.queue import RankedDocument, queue_turn_to, queue_write
from annotation.services.suggestions import DocumentSuggestion, suggestions_publish
from daner_site.core.clock import now
from daner_site.core.live import nudge_on_commit, project_group

BATCH = 500


@transaction.atomic
def version_create(*, run: TrainingRun, folder: Path) -> ModelVersion:
    """Record the model in `folder`, not yet active; the one there is when the run was started over."""
    found = ModelVersion.objects.filter(run=run).first()
    if found is not None:
        return found
    model = folder / files.MODEL
    description = files.read_json(model / files.DESCRIPTION)
    metrics = files.read_json(folder / files.METRICS)
    if "against" in metrics:
        metrics["against"] |= run.parameters["previous"]
    last = ModelVersion.objects.filter(project=run.project).aggregate(last=Max("number"))["last"] or 0
    return ModelVersion.objects.create(
        organization_id=run.organization_id,
        project=run.project,
        run=run,
        number=last + 1,
        tier=run.tier,
        withheld=withheld(metrics),
        artefact=f"{run.project.uuid}/{run.uuid}/{files.MODEL}",
        artefact_sha256=files.model_sha256(model),
        checkpoint=description["checkpoint"],
        labels=description["labels"],
        strategy=run.project.strategy,
        metrics=metrics,
        train_documents=len(run.snapshot["documents"]),
        train_words=run.words,
        test_documents=metrics["documents"],
        seconds=round(sum(run.seconds.values()), 1),
    )


@transaction.atomic
def version_discard(*, run: TrainingRun) -> None:
    """Forget the version of a run that did not come to its end; it was never active."""
    ModelVersion.objects.filter(run=run, active=False).delete()


def suggestions_store(
    *, version: ModelVersion, documents: Iterable[ScoredDocument], beat: Callable[[], None] = lambda: None
) -> None:
    """Make what the version found the suggestions of its documents, in short transactions; `beat` is called between."""
    stream = iter(documents)
    while batch := list(islice(stream, BATCH)):
        beat()
        suggestions_publish(
            project=version.project,
            model_uuid=version.uuid,
            model_name=version.name,
            suggestions=[
                DocumentSuggestion(UUID(document.document_id), [_shown(span) for span in document.spans])
                for document in batch
            ],
        )


def order_write(*, run: TrainingRun, version: ModelVersion | None, folder: Path, beat: Callable[[], None]) -> int:
    """Write the ranking in `folder` as a generation of the queue, not yet served; returns its number.

    What can no longer be given out is left out.
    """
    by_model = version if version and run.parameters["order"]["strategy"] != RANDOM else None
    return queue_write(
        project=run.project,
        ranked=_ranked(run, folder),
        strategy=RANDOM,
        model_uuid=by_model.uuid if by_model else None,
        beat=beat,
    )


@transaction.atomic
def run_publish(
    *, lease: Lease, version: ModelVersion | None, generation: int | None, seconds: Mapping[str, Any]
) -> None:
    """Make the version the active one, serve its order, publish its doubts and end the run, all or nothing.

    A version that is older than the active one stays on record and its order is not served. Without a `generation`
    the version was withheld: its doubts alone are published, which other models than it have made.
    Raises RunLost, RunCancelled: then nothing happened.
    """
    project = lease.run.project
    lease.beat(seconds=dict(seconds), status=TrainingRun.Status.READY, finished_at=now(), progress={})
    current = version is None or not superseded(version)
    if current and version is not None:
        _doubts_publish(lease.run, version)
    if current and generation is not None:
        if version is not None:
            _activate(project, version)
        queue_turn_to(project=project, generation=generation, model_name=version.name if version else "")
    nudge_on_commit(project_group(project.uuid), "model")
    nudge_on_commit(project_group(project.uuid), "run")


def _doubts_publish(run: TrainingRun, version: ModelVersion) -> None:
    """Hand on whose labels a model trained on the other texts would not expect, if the run looked for them."""
    found = run_folder(run) / files.DOUBTS
    if not found.exists():
        return
    learned = run.snapshot["documents"]
    doubts_publish(
        project=run.project,
        model_uuid=version.uuid,
        model_name=version.name,
        doubted=[
            DoubtedDocument(UUID(learned[item.document_id][0]), item.wrong_words, [_shown(span) for span in item.spans])
            for item in files.read_doubts(found)
        ],
    )


def superseded(version: ModelVersion) -> bool:
    return ModelVersion.objects.filter(project=version.project, active=True, number__gt=version.number).exists()


def _activate(project: Project, version: ModelVersion) -> None:
    ModelVersion.objects.filter(project=project, active=True).exclude(pk=version.pk).update(active=False)
    ModelVersion.objects.filter(pk=version.pk).update(active=True)
    version.active = True


def _ranked(run: TrainingRun, folder: Path) -> list[RankedDocument]:
    still_open, share = open_uuids(run.project), run.parameters["order"]["random_share"]
    return [
        RankedDocument(uuid, item.score, item.strategy, probe=item.strategy == RANDOM and is_chance(place, share))
        for place, item in enumerate(files.read_ranking(folder / files.RANKING))
        if (uuid := UUID(item.document_id)) in still_open
    ]


def _shown(span: PredictedSpan) -> dict[str, Any]:
    """With as much of the confidence as people are shown: what looks the same is not written again."""
    return asdict(span) | {"confidence": round(span.confidence, 2)}
