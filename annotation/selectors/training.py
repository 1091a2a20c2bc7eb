"""What a model may learn from, is measured on, and has to rank."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import (
    Avg,
    BooleanField,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from annotation.domain.resolution import resolve
from annotation.domain.spans import LabelledSpan, SpanOverlap
from annotation.models import Annotation, Assignment, Document, Label, Project, Span, Split, Suggestion
from annotation.selectors.batches import in_batches
from annotation.selectors.knowledge import LabelKnowledge, label_knowledge
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
    """gold, consensus, agreed, single or vote"""
    annotation_uuids: tuple[str, ...]
    weight: float = 1.0
    """How much it counts in training, in (0, 1]."""


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
    """What is measured on and never trained on: the gold of the test split, and the labels of the
    documents that chance picked for it once all have come.
    """
    complete = _complete_probes(project)
    found = _labelled(project, Split.TEST, beat)
    return [text for text in found if text.source == "gold" or text.document_uuid in complete]


def open_pool(project: Project) -> Iterator[PoolText]:
    """Pool documents that somebody can still be given, in import order."""
    for batch in in_batches(_open_documents(project), BATCH):
        for document in batch:
            yield PoolText(
                str(document.uuid),
                document.text,
                tuple((start, end) for start, end in document.tokens),
            )


def unfinished_probes(project: Project) -> list[int]:
    """Ids of the documents to measure on that somebody can still be given, in import order."""
    probes = project.documents.filter(~_is_gold(), probe=True).annotate(taken=_taken())
    return list(probes.filter(taken__lt=F("overlap_target")).values_list("pk", flat=True))


def open_uuids(project: Project) -> set[UUID]:
    """Which documents `open_pool` holds, without their texts."""
    return set(_open_documents(project).values_list("uuid", flat=True))


@dataclass(frozen=True)
class OpenWork:
    documents: int
    """As many as `open_pool` holds."""
    turns: int
    """That people still have to take on them: each document as many as are planned for it, less those it had."""


def open_work(project: Project) -> OpenWork:
    left = Sum(F("overlap_target") - F("taken"), default=0)
    return OpenWork(**_open_documents(project).aggregate(documents=Count("pk"), turns=left))


def unread_by(project: Project, model_uuid: UUID) -> bool:
    """Whether some document that can still be given out has no suggestion of this model."""
    read = Suggestion.objects.filter(document=OuterRef("pk"), model_uuid=model_uuid)
    return _open_documents(project).filter(~Exists(read)).exists()


def _open_documents(project: Project) -> QuerySet[Document]:
    pool = project.documents.filter(~_is_gold(), split=Split.POOL)
    return pool.annotate(taken=_taken()).filter(taken__lt=F("overlap_target"))


def _is_gold() -> Exists:
    return Exists(Annotation.objects.filter(document=OuterRef("pk"), kind=Annotation.Kind.GOLD, current=True))


def _taken() -> Coalesce:
    """How many people have labelled or rejected a document."""
    closed = Assignment.objects.filter(
        document=OuterRef("pk"),
        status__in=[Assignment.Status.SUBMITTED, Assignment.Status.REJECTED],
        is_check=False,
    ).order_by()
    return Coalesce(Subquery(closed.values("document").annotate(n=Count("pk")).values("n")), 0)


def _complete_probes(project: Project) -> set[str]:
    """Documents to measure on that all who were to label them have labelled."""
    rejected = _rejections(project).values("document")
    complete = project.documents.filter(probe=True).annotate(taken=_taken()).filter(taken__gte=F("overlap_target"))
    return {str(uuid) for uuid in complete.exclude(pk__in=rejected).values_list("uuid", flat=True)}


@dataclass(frozen=True)
class Amount:
    documents: int
    words: int


def labelled(project: Project) -> Amount:
    """Pool documents that carry a current annotation, and teach."""
    current = Annotation.objects.filter(document=OuterRef("pk"), current=True)
    return _amount(_teaching(project).filter(Exists(current)))


def labelled_since(project: Project, watermark: int) -> Amount:
    """Pool documents that got an annotation with an id above `watermark`, and teach."""
    new = Annotation.objects.filter(document=OuterRef("pk"), pk__gt=watermark)
    return _amount(_teaching(project).filter(Exists(new)))


def entities_labelled(project: Project) -> bool:
    """Whether a pool document that teaches has an entity."""
    spans = Span.objects.filter(annotation__document=OuterRef("pk"), annotation__current=True)
    return _teaching(project).filter(Exists(spans)).exists()


def _teaching(project: Project) -> QuerySet[Document]:
    """The pool without what `training_set` passes over for want of questions, so that nobody waits for a model
    of labels that none learns from: documents without gold in which nobody was asked about some label.

    The rule is that of `DocumentLayers.unasked`, here for the database to count by.
    """
    people = Annotation.objects.filter(kind=Annotation.Kind.HUMAN, current=True)
    # Most documents have nobody who was asked about less than all: they need no look at each label.
    partly = people.filter(document=OuterRef("pk"), asked__isnull=False)
    here = people.filter(document=OuterRef(OuterRef("pk")))
    there = Q(pk__gt=OuterRef("newer_than"))
    asked = Q(there, asked__isnull=True) | Q(Holds("asked", OuterRef("pk")))
    unasked = Label.objects.filter(Exists(here.filter(there)), ~Exists(here.filter(asked)), project=project)
    return project.documents.filter(~(Exists(partly) & Exists(unasked)) | _is_gold(), split=Split.POOL)


def corrected_since(project: Project, watermark: int) -> bool:
    """Whether anybody changed a label of the pool by an annotation with an id above `watermark`."""
    changed = project.annotations.filter(document__split=Split.POOL, pk__gt=watermark, revision__gt=1, current=True)
    return changed.exists()


def timings(project: Project) -> list[tuple[int, int, float]]:
    """(words, entities, active seconds) of what people labelled on the page."""
    rows = timed(project).annotate(words=ArrayLength("document__tokens"), entities=Count("spans")).order_by("pk")
    return [
        (words, entities, seconds or 0.0)
        for words, entities, seconds in rows.values_list("words", "entities", "seconds")
    ]


def turn_seconds(project: Project) -> float | None:
    """Mean active time of one person on one document, later changes included; None where nobody was timed.

    Labels that were imported have no time and say nothing about it.
    """
    mean: float | None = timed(project).aggregate(mean=Avg("seconds"))["mean"]
    return mean


def timed(project: Project) -> QuerySet[Annotation]:
    """What people labelled and were timed at."""
    return project.annotations.filter(kind=Annotation.Kind.HUMAN, current=True, seconds__gt=0)


class ArrayLength(Func):
    """How many elements a JSON array has."""

    function = "JSON_ARRAY_LENGTH"
    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSONB_ARRAY_LENGTH", **context)


class Holds(Func):
    """Whether a JSON array holds a number."""

    output_field = BooleanField()
    template = "EXISTS (SELECT 1 FROM JSON_EACH(%(expressions)s)"
    arg_joiner = ") WHERE value = "

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s))", arg_joiner=" @> TO_JSONB(", **context)


def _amount(documents: QuerySet[Document]) -> Amount:
    found = documents.aggregate(documents=Count("pk"), words=Sum(ArrayLength("tokens"), default=0))
    return Amount(**found)


def newest_label_id(project: Project) -> int:
    """The highest annotation id of the pool: the watermark of "everything so far"; 0 if none."""
    return project.annotations.filter(document__split=Split.POOL).aggregate(newest=Max("pk"))["newest"] or 0


def last_label_at(project: Project) -> datetime | None:
    """When the newest annotation of the pool was written."""
    labels = project.annotations.filter(document__split=Split.POOL)
    newest: datetime | None = labels.aggregate(newest=Max("created_at"))["newest"]
    return newest


def active_labels(project: Project) -> list[str]:
    """The label names a model is to know, in palette order."""
    return list(project.labels.filter(retired_at__isnull=True).values_list("name", flat=True))


def _rejected_ids(project: Project) -> set[str]:
    return {str(uuid) for uuid in _rejections(project).values_list("document__uuid", flat=True)}


def _rejections(project: Project) -> QuerySet[Assignment]:
    """Votes against a text. Whoever refuses a check has not been asked about the text."""
    return project.assignments.filter(status=Assignment.Status.REJECTED, is_check=False)


def _labelled(project: Project, split: str, beat: Beat) -> Iterator[TrainingText]:
    known = label_knowledge(project) if split == Split.POOL else LabelKnowledge()
    allowed = SpanOverlap(project.span_overlap)
    for number, item in enumerate(layers_of(project, at_least=0, split=split)):
        if number % BATCH == 0:
            beat()
        if item.gold is None and item.unasked:
            # A label nobody was asked about is missing here; a model would learn that there is none.
            continue
        resolved = resolve(
            None if item.gold is None else item.gold.spans,
            [layer.spans for layer in item.layers],
            known.consensus_of(item),
            [item.partly_asked.get(layer.author_id) for layer in item.layers],
            allowed,
        )
        used = [item.gold] if item.gold is not None else list(item.layers)
        yield TrainingText(
            document_uuid=str(item.document_uuid),
            text=item.text,
            tokens=item.tokens,
            spans=tuple(resolved.spans),
            source=resolved.source,
            annotation_uuids=tuple(str(layer.annotation_uuid) for layer in used),
            weight=known.weight_of(item, resolved.source),
        )
