"""Publishing the order in which documents are served.

A publication is a new generation: all its entries are written, then one UPDATE of the project
makes it the one that claims read. A half-written generation is never seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q

from annotation.domain.overlap import overlap_target, seeded_order
from annotation.models import Assignment, Document, Project, QueueEntry, Split, Strategy
from daner_site.core.live import nudge_on_commit, project_group

BATCH = 1000


@dataclass(frozen=True)
class RankedDocument:
    document_uuid: UUID
    score: float | None = None


@transaction.atomic
def queue_publish(
    *,
    project: Project,
    ranked: Sequence[RankedDocument],
    strategy: str,
    model_uuid: UUID | None,
    model_name: str = "",
) -> int:
    """Publish `ranked` (best first) as the project's next generation and return its number.

    Pool documents that are not in `ranked`, for instance imported while the model was scoring,
    follow in seeded random order, so that none is ever unreachable.

    Raises: ValueError when `ranked` names a document twice or one that is not in the pool.
    """
    generation = _locked(project).queue_generation + 1
    ids = dict(project.documents.filter(split=Split.POOL).values_list("uuid", "pk"))
    order = [item.document_uuid for item in ranked]
    if len(set(order)) != len(order):
        raise ValueError("a document is ranked twice")
    if unknown := [str(uuid) for uuid in order if uuid not in ids]:
        raise ValueError(f"not in the project's pool: {', '.join(unknown[:3])}")

    entries = [
        _entry(project, generation, position, ids[item.document_uuid], strategy, model_uuid, item.score)
        for position, item in enumerate(ranked)
    ]
    rest = _in_random_order(project, set(ids) - set(order))
    entries += [
        _entry(project, generation, position, ids[uuid], Strategy.RANDOM, None, None)
        for position, uuid in enumerate(rest, start=len(entries))
    ]
    QueueEntry.objects.bulk_create(entries, batch_size=BATCH)
    Project.objects.filter(pk=project.pk).update(queue_generation=generation)
    # The one before stays for claims that read the old number a moment ago.
    project.queue.filter(generation__lt=generation - 1).delete()
    nudge_on_commit(project_group(project.uuid), "queue", generation=generation, model=model_name)
    return generation


@transaction.atomic
def queue_extend(*, project: Project) -> int:
    """Append pool documents that are in no place of the current generation; returns how many.

    The order among the new ones is seeded random. The first call opens generation 1.
    """
    current = _locked(project)
    if current.queue_generation == 0:
        queue_publish(project=project, ranked=[], strategy=Strategy.RANDOM, model_uuid=None)
        return project.queue.filter(generation=1).count()
    entries = project.queue.filter(generation=current.queue_generation)
    queued = entries.values("document_id")
    new = dict(project.documents.filter(split=Split.POOL).exclude(pk__in=queued).values_list("uuid", "pk"))
    last = entries.aggregate(last=Max("position"))["last"]
    QueueEntry.objects.bulk_create(
        [
            _entry(
                project,
                current.queue_generation,
                position,
                new[uuid],
                Strategy.RANDOM,
                None,
                None,
            )
            for position, uuid in enumerate(_in_random_order(project, new), start=0 if last is None else last + 1)
        ],
        batch_size=BATCH,
    )
    if new:
        nudge_on_commit(project_group(project.uuid), "queue", generation=current.queue_generation)
    return len(new)


@transaction.atomic
def queue_reshuffle(*, project: Project) -> int:
    """Publish the whole pool in seeded random order (no model, or strategy random)."""
    order = _in_random_order(project, project.documents.filter(split=Split.POOL).values_list("uuid", flat=True))
    return queue_publish(
        project=project,
        ranked=[RankedDocument(uuid) for uuid in order],
        strategy=Strategy.RANDOM,
        model_uuid=None,
    )


def draw_overlap(project: Project, sha256: str) -> int:
    """How many people are to label the text with this hash."""
    return overlap_target(seed=project.seed, key=sha256, overlap=project.overlap, share=project.overlap_share)


@transaction.atomic
def overlap_redraw(*, project: Project) -> int:
    """Apply changed overlap settings to the pool; returns how many documents changed.

    Never below the slots a document has already given out. What came with its layers has all the
    labels it is to get.
    """
    changed = []
    imported = Assignment.objects.filter(document=OuterRef("pk"), annotator__imported=True)
    documents: Iterable[Document] = (
        project.documents.filter(~Exists(imported), split=Split.POOL)
        .only("pk", "sha256", "overlap_target")
        .annotate(last_slot=Max("assignments__slot", filter=Q(assignments__status__in=Assignment.LIVE)))
    )
    for document in documents:
        used = 0 if document.last_slot is None else document.last_slot + 1  # type: ignore[attr-defined]
        target = max(draw_overlap(project, document.sha256), used)
        if target != document.overlap_target:
            document.overlap_target = target
            changed.append(document)
    Document.objects.bulk_update(changed, ["overlap_target"], batch_size=BATCH)
    if changed:
        nudge_on_commit(project_group(project.uuid), "progress")
    return len(changed)


def _locked(project: Project) -> Project:
    """The row as it is now, locked: two publications at once would number their generations alike.

    `no_key`, so that nobody's submission, which refers to the row, waits for a long publication.
    SQLite has one writer anyway.
    """
    return Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _in_random_order(project: Project, uuids: Iterable[UUID]) -> list[UUID]:
    return [UUID(key) for key in seeded_order([str(uuid) for uuid in uuids], project.seed)]


def _entry(
    project: Project,
    generation: int,
    position: int,
    document_id: int,
    strategy: str,
    model_uuid: UUID | None,
    score: float | None,
) -> QueueEntry:
    return QueueEntry(
        organization_id=project.organization_id,
        project=project,
        document_id=document_id,
        generation=generation,
        position=position,
        strategy=strategy,
        model_uuid=model_uuid,
        score=score,
    )
