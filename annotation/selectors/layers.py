"""Reading documents with everybody's current annotations.

This is the one place that shows one person's spans to another; callers have checked
`VIEW_LAYERS` or are workers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet, Subquery

from annotation.domain.spans import LabelledSpan, SpanOverlap
from annotation.models import Annotation, Document, Label, Project, Span
from annotation.selectors.batches import in_batches
from daner_site.accounts.models import User

BATCH = 500


@dataclass(frozen=True)
class Layer:
    """One author's current spans; an empty tuple is the judgement "nothing here"."""

    annotation_id: int
    annotation_uuid: UUID
    author_id: int
    author_name: str
    spans: tuple[LabelledSpan, ...]
    with_suggestions: bool
    imported: bool
    source: str
    """Of its provenance: import, interface, adjudication, unanimous; empty where unknown."""
    guideline_version: int | None
    created_at: datetime
    asked: frozenset[str]
    """The labels they were asked about. Of another one they said nothing, not that there is none."""


@dataclass(frozen=True)
class DocumentLayers:
    document_id: int
    document_uuid: UUID
    split: str
    overlap_reason: str
    text: str
    tokens: tuple[tuple[int, int], ...]
    layers: tuple[Layer, ...]
    """Human layers in the order they were written."""
    gold: Layer | None
    labels: frozenset[str]
    """All that were in the project when the newest layer was written."""
    allowed: SpanOverlap
    """Which spans of one person may share characters in the project."""

    def of(self, author: User) -> Layer:
        """Raises StopIteration for somebody who has not labelled it."""
        return next(layer for layer in self.layers if layer.author_id == author.pk)

    @property
    def partly_asked(self) -> dict[int, frozenset[str]]:
        """Author → the labels they were asked about, of those who were not asked about all."""
        return {layer.author_id: layer.asked for layer in self.layers if not layer.asked >= self.labels}

    @property
    def questions(self) -> dict[frozenset[str], tuple[Layer, ...]]:
        """Labels that the same people were asked about → what those said, about other labels too."""
        by_people: dict[tuple[Layer, ...], set[str]] = defaultdict(set)
        for label in self.labels:
            by_people[tuple(layer for layer in self.layers if label in layer.asked)].add(label)
        return {frozenset(labels): people for people, labels in by_people.items()}

    @property
    def unasked(self) -> frozenset[str]:
        """The labels nobody was asked about."""
        return self.labels.difference(*(layer.asked for layer in self.layers))


def layers_of(
    project: Project,
    *,
    at_least: int = 2,
    split: str | None = None,
    document_ids: Iterable[int] | None = None,
) -> Iterator[DocumentLayers]:
    """Annotated documents that at least so many people have labelled, in import order.

    With `at_least=0` also those that carry gold only.
    """
    documents = project.documents.all()
    if split is not None:
        documents = documents.filter(split=split)
    if document_ids is not None:
        documents = documents.filter(pk__in=list(document_ids))
    current = Annotation.objects.filter(document=OuterRef("pk"), current=True).order_by()
    if at_least:
        people = current.filter(kind=Annotation.Kind.HUMAN).values("document")
        documents = documents.annotate(people=Subquery(people.annotate(n=Count("pk")).values("n"))).filter(
            people__gte=at_least
        )
    else:
        documents = documents.filter(Exists(current))
    labels = list(project.labels.all())
    for batch in in_batches(_with_annotations(documents), BATCH):
        spans = _spans_of(batch)
        yield from (_layers(document, spans, labels, SpanOverlap(project.span_overlap)) for document in batch)


def document_layers(document: Document) -> DocumentLayers:
    """The document with all its current layers."""
    labels = list(Label.objects.filter(project=document.project_id))
    allowed = SpanOverlap(document.project.span_overlap)
    read = _with_annotations(Document.objects.filter(pk=document.pk)).get()
    return _layers(read, _spans_of([read]), labels, allowed)


def _with_annotations(documents: QuerySet[Document]) -> QuerySet[Document]:
    current = (
        Annotation.objects.filter(current=True)
        # One author of many layers is read once.
        .prefetch_related("author")
        .order_by("created_at", "pk")
    )
    return documents.prefetch_related(Prefetch("annotations", current, to_attr="current_annotations"))


def _current(document: Document) -> list[Annotation]:
    """What `_with_annotations` read of it."""
    current: list[Annotation] = document.current_annotations  # type: ignore[attr-defined]
    return current


def _spans_of(documents: Iterable[Document]) -> dict[int, list[LabelledSpan]]:
    """Annotation → its spans. Without an object of the database's for each, which took as long as all else."""
    annotations = [annotation.pk for document in documents for annotation in _current(document)]
    rows = Span.objects.filter(annotation__in=annotations).values_list("annotation", "start", "end", "label__name")
    result: dict[int, list[LabelledSpan]] = defaultdict(list)
    for annotation, start, end, label in rows:
        result[annotation].append(LabelledSpan(start, end, label))
    return result


def _layers(
    document: Document, spans: Mapping[int, Sequence[LabelledSpan]], labels: Sequence[Label], allowed: SpanOverlap
) -> DocumentLayers:
    current = _current(document)
    gold = [item for item in current if item.kind == Annotation.Kind.GOLD]
    layers = tuple(_layer(item, spans, labels) for item in current if item.kind == Annotation.Kind.HUMAN)
    newest = max((layer.annotation_id for layer in layers), default=0)
    return DocumentLayers(
        document_id=document.pk,
        document_uuid=document.uuid,
        split=document.split,
        overlap_reason=document.overlap_reason,
        text=document.text,
        tokens=tuple((start, end) for start, end in document.tokens),
        layers=layers,
        gold=_layer(gold[0], spans, labels) if gold else None,
        labels=_there(labels, newest).union(*(layer.asked for layer in layers)),
        allowed=allowed,
    )


def _there(labels: Sequence[Label], annotation_id: int) -> frozenset[str]:
    """The labels that were in the project when the annotation was written."""
    return frozenset(label.name for label in labels if label.newer_than < annotation_id)


def _layer(annotation: Annotation, spans_of: Mapping[int, Sequence[LabelledSpan]], labels: Sequence[Label]) -> Layer:
    spans = spans_of.get(annotation.pk, ())
    asked = _there(labels, annotation.pk)
    if annotation.asked is not None:
        asked = frozenset(label.name for label in labels if label.pk in annotation.asked)
    return Layer(
        annotation_id=annotation.pk,
        annotation_uuid=annotation.uuid,
        author_id=annotation.author_id,
        author_name=annotation.author.name,
        spans=tuple(spans),
        with_suggestions=bool(annotation.suggestions),
        imported=annotation.provenance.get("source") == "import",
        source=annotation.provenance.get("source", ""),
        guideline_version=annotation.guideline_version,
        created_at=annotation.created_at,
        asked=asked.union(span.label for span in spans),
    )
