"""What a run found becomes what people see: a version, scores, suggestions, an order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from activelearning import selectors
from activelearning.domain.selection import RANDOM, rank
from activelearning.engine import job as files
from activelearning.engine.types import ScoredDocument
from activelearning.models import ModelVersion, Score, TrainingRun
from activelearning.services.leases import Lease
from annotation.models import Project
from annotation.selectors.training import open_uuids
from annotation.services.queue import RankedDocument, queue_publish
from annotation.services.suggestions import DocumentSuggestion, suggestions_publish
from daner_site.core.clock import now
from daner_site.core.live import nudge_on_commit, project_group

BATCH = 500
VERSIONS_WITH_SCORES = 2


@transaction.atomic
def version_create(*, run: TrainingRun, folder: Path) -> ModelVersion:
    """Record the model in `folder`, not yet active; the one there is when the run was started over."""
    found = ModelVersion.objects.filter(run=run).first()
    if found is not None:
        return found
    model = folder / files.MODEL
    description = files.read_json(model / files.DESCRIPTION)
    metrics = files.read_json(folder / files.METRICS)
    last = ModelVersion.objects.filter(project=run.project).aggregate(last=Max("number"))["last"] or 0
    return ModelVersion.objects.create(
        organization_id=run.organization_id,
        project=run.project,
        run=run,
        number=last + 1,
        artefact=f"{run.project.uuid}/{run.uuid}/{files.MODEL}",
        artefact_sha256=files.model_sha256(model),
        checkpoint=description["checkpoint"],
        labels=description["labels"],
        strategy=run.project.strategy,
        metrics=metrics,
        train_documents=len(run.snapshot["documents"]),
        test_documents=metrics["documents"],
        seconds=round(sum(run.seconds.values()), 1),
    )


@transaction.atomic
def version_discard(*, run: TrainingRun) -> None:
    """Forget the version of a run that did not come to its end; it was never active."""
    ModelVersion.objects.filter(run=run, active=False).delete()


def scores_store(
    *, version: ModelVersion, documents: Iterable[ScoredDocument], beat: Callable[[], None] = lambda: None
) -> int:
    """Store scores and suggestions in short transactions, each document under its own id; returns how many.

    `beat` is called between them. Documents deleted meanwhile are passed over.
    """
    stored = 0
    stream = iter(documents)
    while batch := list(islice(stream, BATCH)):
        beat()
        stored += _store(version, batch)
    return stored


@transaction.atomic
def _store(version: ModelVersion, batch: list[ScoredDocument]) -> int:
    uuids = [UUID(document.document_id) for document in batch]
    ids = dict(version.project.documents.filter(uuid__in=uuids).values_list("uuid", "pk"))
    rows = [
        Score(
            organization_id=version.organization_id,
            version=version,
            document_id=ids[uuid],
            n_words=document.n_words,
            values=document.scores,
        )
        for uuid, document in zip(uuids, batch, strict=True)
        if uuid in ids
    ]
    Score.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["version", "document"], update_fields=["n_words", "values"]
    )
    suggestions = [
        DocumentSuggestion(uuid, [asdict(span) for span in document.spans])
        for uuid, document in zip(uuids, batch, strict=True)
    ]
    suggestions_publish(
        project=version.project, model_uuid=version.uuid, model_name=version.name, suggestions=suggestions
    )
    return len(rows)


@transaction.atomic
def run_publish(*, lease: Lease, version: ModelVersion, seconds: Mapping[str, Any]) -> None:
    """Make the version the active one, publish its order and end the run, all or nothing.

    A version that is older than the active one stays on record and its order is not published.
    Raises RunLost, RunCancelled: then nothing happened.
    """
    project = version.project
    lease.beat(seconds=dict(seconds), status=TrainingRun.Status.READY, finished_at=now(), progress={})
    if not ModelVersion.objects.filter(project=project, active=True, number__gt=version.number).exists():
        ModelVersion.objects.filter(project=project, active=True).exclude(pk=version.pk).update(active=False)
        ModelVersion.objects.filter(pk=version.pk).update(active=True)
        version.active = True
        _publish_order(project, version)
        old = version.number - VERSIONS_WITH_SCORES
        Score.objects.filter(version__project=project, version__number__lte=old).delete()
    nudge_on_commit(project_group(project.uuid), "model")
    nudge_on_commit(project_group(project.uuid), "run")


@transaction.atomic
def queue_rerank(*, project_id: int) -> None:
    """Publish the active version's scores in the order of the project's strategy, if that changed."""
    project = Project.objects.select_for_update(no_key=True).filter(pk=project_id, archived_at=None).first()
    version = selectors.active_version(project) if project is not None else None
    if project is None or version is None:
        return
    shown = project.queue.filter(generation=project.queue_generation).order_by("position").first()
    if shown is None or shown.strategy != project.strategy:
        _publish_order(project, version)


def _publish_order(project: Project, version: ModelVersion) -> None:
    """Rank the documents that can still be given out; what the version has no score for follows by chance."""
    project.refresh_from_db(fields=["strategy", "seed"])
    still_open = open_uuids(project)
    scores = {
        str(uuid): values
        for uuid, values in Score.objects.filter(version=version).values_list("document__uuid", "values")
        if uuid in still_open
    }
    ranked = rank(project.strategy, scores, seed=project.seed)
    queue_publish(
        project=project,
        ranked=[RankedDocument(UUID(item.document_id), item.score) for item in ranked],
        strategy=project.strategy,
        model_uuid=None if project.strategy == RANDOM else version.uuid,
        model_name="" if project.strategy == RANDOM else version.name,
    )
