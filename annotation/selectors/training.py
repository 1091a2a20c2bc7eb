"""What a model may learn from, is measured on, and has to rank."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotation.domain.resolution import resolve
from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Assignment, Document, Project, Split
from annotation.selectors.batches import in_batches
from annotation.selectors.layers import layers_of

BATCH = 1000

Beat = Callable[[], None]


@dataclass(frozen=True)
class TrainingText:
    """A labelled text and exactly which annotations its spans come from."""

    document_uuid: str
    text: str
    tokens: tuple[tuple[int, int], ...]
    spans: tuple[LabelledSpan, ...]
    source: str
    """gold, agreed, single or vote"""
    annotation_uuids: tuple[str, ...]


@dataclass(frozen=True)
class PoolText:
    document_uuid: str
    text: str
    tokens: tuple[tuple[int, int], ...]


def training_set(project: Project, beat: Beat = lambda: None) -> list[TrainingText]:
    """Labelled pool documents; gold replaces single labels, rejected texts stay out unless gold.

    `beat` is called every so many documents, here and in `test_set`.
    """
    rejected = _rejected_ids(project)
    found = _labelled(project, Split.POOL, beat)
    return [text for text in found if text.source == "gold" or text.document_uuid not in rejected]


def test_set(project: Project, beat: Beat = lambda: None) -> list[TrainingText]:  # noqa: PT028  no test, the split
    """The gold of the test split; never trained on."""
    return [text for text in _labelled(project, Split.TEST, beat) if text.source == "gold"]


def open_pool(project: Project) -> Iterator[PoolText]:
    """Pool documents that somebody can still be given, in import order."""
    for batch in in_batches(_open_documents(project), BATCH):
        for document in batch:
            yield PoolText(
                str(document.uuid),
                document.text,
                tuple((start, end) for start, end in document.tokens),
            )


def open_uuids(project: Project) -> set[UUID]:
    """Which documents `open_pool` holds, without their texts."""
    return set(_open_documents(project).values_list("uuid", flat=True))


def _open_documents(project: Project) -> QuerySet[Document]:
    of_document = Assignment.objects.filter(document=OuterRef("pk"), status__in=Assignment.LIVE).order_by()
    closed = of_document.exclude(status=Assignment.Status.ACTIVE)
    taken = closed.values("document").annotate(n=Count("pk")).values("n")
    gold = Annotation.objects.filter(document=OuterRef("pk"), kind=Annotation.Kind.GOLD, current=True)
    return (
        project.documents.filter(~Exists(gold), split=Split.POOL)
        .annotate(taken=Coalesce(Subquery(taken), 0))
        .filter(taken__lt=F("overlap_target"))
    )


def labelled_count(project: Project) -> int:
    """How many pool documents carry a current annotation."""
    return project.documents.filter(split=Split.POOL, annotations__current=True).distinct().count()


def newest_label_id(project: Project) -> int:
    """The highest annotation id of the pool: the watermark of "everything so far"; 0 if none."""
    return project.annotations.filter(document__split=Split.POOL).aggregate(newest=Max("pk"))["newest"] or 0


def labels_since(project: Project, watermark: int) -> int:
    """How many pool documents got an annotation with an id above `watermark`."""
    return (
        project.annotations.filter(document__split=Split.POOL, pk__gt=watermark).values("document").distinct().count()
    )


def last_label_at(project: Project) -> datetime | None:
    """When the newest annotation of the pool was written."""
    labels = project.annotations.filter(document__split=Split.POOL)
    newest: datetime | None = labels.aggregate(newest=Max("created_at"))["newest"]
    return newest


def active_labels(project: Project) -> list[str]:
    """The label names a model is to know, in palette order."""
    return list(project.labels.filter(retired_at__isnull=True).values_list("name", flat=True))


def _rejected_ids(project: Project) -> set[str]:
    return {
        str(uuid)
        for uuid in project.assignments.filter(status=Assignment.Status.REJECTED).values_list(
            "document__uuid", flat=True
        )
    }


def _labelled(project: Project, split: str, beat: Beat) -> Iterator[TrainingText]:
    for number, item in enumerate(layers_of(project, at_least=0, split=split)):
        if number % BATCH == 0:
            beat()
        resolved = resolve(
            None if item.gold is None else item.gold.spans,
            [layer.spans for layer in item.layers],
        )
        used = [item.gold] if item.gold is not None else list(item.layers)
        yield TrainingText(
            document_uuid=str(item.document_uuid),
            text=item.text,
            tokens=item.tokens,
            spans=tuple(resolved.spans),
            source=resolved.source,
            annotation_uuids=tuple(str(layer.annotation_uuid) for layer in used),
        )
