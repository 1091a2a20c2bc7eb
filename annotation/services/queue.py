"""Publishing the order in which documents are served.

A publication is a new generation: its entries are written in short transactions, then one UPDATE of
the project makes it the one that claims read. A half-written generation is never seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q

from annotation.domain.overlap import drawn_to_measure, overlap_target, seeded_order
from annotation.models import Assignment, Document, OverlapReason, Project, QueueEntry, Split, Strategy
from annotation.selectors.training import unfinished_probes
from annotation.services.reservations import reservations_end
from daner_site.core.live import nudge_on_commit, project_group

BATCH = 1000


@dataclass(frozen=True)
class RankedDocument:
    document_uuid: UUID
    score: float | None = None
    strategy: str = ""
    """What placed it; "": the strategy of the whole order."""
    probe: bool = False
    """Whether chance drew this place to measure on."""


@transaction.atomic
def queue_publish(
    *,
    project: Project,
    ranked: Sequence[RankedDocument],
    strategy: str,
    model_uuid: UUID | None,
    model_name: str = "",
) -> int:
    """Publish `ranked` (best first) as the project's next generation and return its number; see `queue_write`."""
    generation = queue_write(project=project, ranked=ranked, strategy=strategy, model_uuid=model_uuid)
    queue_turn_to(project=project, generation=generation, model_name=model_name)
    return generation


def queue_write(
    *,
    project: Project,
    ranked: Sequence[RankedDocument],
    strategy: str,
    model_uuid: UUID | None,
    beat: Callable[[], None] = lambda: None,
) -> int:
    """Write the next generation, which nobody is served from yet, and return its number.

    Documents to measure on that still lack labels come first. Pool documents that are not in
    `ranked` follow in seeded random order, so that none is ever unreachable; ranked ones that have
    left the pool are passed over. `beat` is called between the transactions.

    Raises: ValueError when `ranked` names a document twice or one of another project.
    """
    order = [item.document_uuid for item in ranked]
    named = set(order)
    if len(named) != len(order):
        raise ValueError("a document is ranked twice")
    pool = dict(project.documents.filter(split=Split.POOL).values_list("uuid", "pk"))
    gone = named - pool.keys()
    if gone and project.documents.filter(uuid__in=list(gone)[:BATCH]).count() < min(len(gone), BATCH):
        raise ValueError("not in the project's pool: a ranked document is of another project, or deleted")

    entries = [_entry(project, pk, Strategy.RANDOM, probe=True) for pk in unfinished_probes(project)]
    entries += [
        _entry(project, pool[item.document_uuid], item.strategy or strategy, item.score, model_uuid, probe=item.probe)
        for item in ranked
        if item.document_uuid in pool
    ]
    entries += _random_entries(project, {uuid: pk for uuid, pk in pool.items() if uuid not in named})
    generation = _generation_open(project, entries[:BATCH])
    for start in range(BATCH, len(entries), BATCH):
        beat()
        _append(generation, start, entries[start : start + BATCH])
    return generation


@transaction.atomic
def queue_turn_to(*, project: Project, generation: int, model_name: str = "") -> None:
    """Serve from this written generation from now on, unless a later one is served already."""
    if generation <= _locked(project).queue_generation:
        return
    Project.objects.filter(pk=project.pk).update(queue_generation=generation)
    reservations_end(project)
    _append_missing(project, generation)
    nudge_on_commit(project_group(project.uuid), "queue", generation=generation, model=model_name)


@transaction.atomic
def queue_extend(*, project: Project) -> int:
    """Append pool documents that are in no place of the current generation; returns how many.

    The order among the new ones is seeded random. The first call opens generation 1.
    """
    current = _locked(project)
    if current.queue_generation == 0:
        queue_publish(project=project, ranked=[], strategy=Strategy.RANDOM, model_uuid=None)
        return project.queue.filter(generation=1).count()
    added = _append_missing(project, current.queue_generation)
    if added:
        nudge_on_commit(project_group(project.uuid), "queue", generation=current.queue_generation)
    return added


@transaction.atomic
def queue_reshuffle(*, project: Project) -> int:
    """Publish the whole pool in seeded random order (no model, or strategy random)."""
    return queue_publish(project=project, ranked=[], strategy=Strategy.RANDOM, model_uuid=None)


def draw_overlap(project: Project, sha256: str) -> int:
    """How many people are to label the text with this hash."""
    return overlap_target(seed=project.seed, key=sha256, overlap=project.overlap, share=project.overlap_share)


def reason_of(target: int) -> str:
    """Why so many people are to label a text that nothing but chance was asked about."""
    return OverlapReason.RANDOM if target > 1 else ""


@transaction.atomic
def overlap_redraw(*, project: Project) -> int:
    """Apply changed overlap settings to the pool; returns how many documents changed.

    Never below the slots a document has already given out. What came with its layers has all the
    labels it is to get. Texts that several people label for another reason than chance keep both
    until chance draws them as well.
    """
    changed = []
    imported = Assignment.objects.filter(document=OuterRef("pk"), annotator__imported=True)
    documents: Iterable[Document] = (
        project.documents.filter(~Exists(imported), split=Split.POOL)
        .only("pk", "sha256", "overlap_target", "overlap_reason")
        .annotate(
            last_slot=Max(
                "assignments__slot",
                filter=Q(assignments__status__in=Assignment.LIVE, assignments__is_check=False),
            )
        )
    )
    for document in documents:
        used = 0 if document.last_slot is None else document.last_slot + 1  # type: ignore[attr-defined]
        target = draw_overlap(project, document.sha256)
        reason = reason_of(target)
        if not reason and document.overlap_reason in (OverlapReason.START, OverlapReason.TARGETED):
            target, reason = document.overlap_target, document.overlap_reason
        elif not reason and used > 1:
            reason = document.overlap_reason
        target = max(target, used)
        if (target, reason) != (document.overlap_target, document.overlap_reason):
            document.overlap_target, document.overlap_reason = target, reason
            changed.append(document)
    Document.objects.bulk_update(changed, ["overlap_target", "overlap_reason"], batch_size=BATCH)
    if changed:
        nudge_on_commit(project_group(project.uuid), "progress")
    return len(changed)


def _locked(project: Project) -> Project:
    """The row as it is now, locked: two publications at once would number their generations alike.

    `no_key`, so that nobody's submission, which refers to the row, waits for a long publication.
    SQLite has one writer anyway.
    """
    return Project.objects.select_for_update(no_key=True).get(pk=project.pk)


@transaction.atomic
def _generation_open(project: Project, first: Sequence[QueueEntry]) -> int:
    """Take the next free number, put its first entries there and drop what nobody is served from any more."""
    current = _locked(project).queue_generation
    # The one before stays for claims that read the old number a moment ago.
    project.queue.filter(generation__lt=current).delete()
    last = project.queue.aggregate(last=Max("generation"))["last"] or 0
    generation = max(current, last) + 1
    _append(generation, 0, first)
    return generation


def _append_missing(project: Project, generation: int) -> int:
    entries = project.queue.filter(generation=generation)
    queued = entries.values("document_id")
    new = dict(project.documents.filter(split=Split.POOL).exclude(pk__in=queued).values_list("uuid", "pk"))
    if new:
        last = entries.aggregate(last=Max("position"))["last"]
        _append(generation, 0 if last is None else last + 1, _random_entries(project, new))
    return len(new)


@transaction.atomic
def _append(generation: int, start: int, entries: Sequence[QueueEntry]) -> None:
    for position, entry in enumerate(entries, start=start):
        entry.generation, entry.position = generation, position
    QueueEntry.objects.bulk_create(entries, batch_size=BATCH)


def _random_entries(project: Project, ids: Mapping[UUID, int]) -> list[QueueEntry]:
    """In seeded random order; chance draws the same share to measure on as in a ranked order."""
    share = project.random_share
    return [
        _entry(
            project,
            ids[UUID(key)],
            Strategy.RANDOM,
            probe=drawn_to_measure(seed=project.seed, key=key, share=share),
        )
        for key in seeded_order([str(uuid) for uuid in ids], project.seed)
    ]


def _entry(
    project: Project,
    document_id: int,
    strategy: str,
    score: float | None = None,
    model_uuid: UUID | None = None,
    *,
    probe: bool,
) -> QueueEntry:
    return QueueEntry(
        organization_id=project.organization_id,
        project=project,
        document_id=document_id,
        strategy=strategy,
        model_uuid=model_uuid,
        score=score,
        probe=probe,
    )
