"""Writing annotations: append-only revisions with their spans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from annotation.domain.spans import (
    LabelledSpan,
    SpanOverlap,
    overlapping,
    validate_clusters,
    validate_overlap,
    validate_spans,
)
from annotation.models import Annotation, Assignment, Document, Project, Span
from daner_site.accounts.models import User


@transaction.atomic
def annotation_write(
    *,
    project: Project,
    document: Document,
    author: User,
    kind: str,
    spans: Sequence[LabelledSpan],
    origin: Callable[[LabelledSpan], str] = lambda _: Span.Origin.HUMAN,
    assignment: Assignment | None = None,
    seconds: float | None = None,
    provenance: dict[str, Any] | None = None,
    suggestions: dict[str, Any] | None = None,
) -> Annotation:
    """Make this the current annotation of `author` (kind human), or of the document (kind gold).

    Raises: SpanError when a span lies outside the text, has an unknown label, shares words with
    another in a way the project does not allow or, of a person, cuts a grapheme cluster; nothing is written then.
    """
    labels = labels_checked(project=project, document=document, spans=spans)
    if kind == Annotation.Kind.HUMAN:
        # Gold may rest on imported layers, whose bounds are what they are.
        validate_clusters(spans, document.text, document.tokens)
    previous = document.annotations.filter(kind=kind, current=True)
    if kind == Annotation.Kind.HUMAN:
        previous = previous.filter(author=author)
    last = previous.select_for_update().first()
    if last is not None:
        Annotation.objects.filter(pk=last.pk).update(current=False)
    annotation = Annotation.objects.create(
        organization_id=project.organization_id,
        project=project,
        document=document,
        author=author,
        kind=kind,
        revision=1 + (last.revision if last else _withdrawn(document, kind)),
        assignment=assignment,
        guideline_version=project.guidelines.values_list("version", flat=True).first(),
        seconds=seconds,
        provenance=provenance or {},
        suggestions=suggestions or {},
    )
    Span.objects.bulk_create(
        Span(
            organization_id=project.organization_id,
            annotation=annotation,
            label_id=labels[span.label],
            start=span.start,
            end=span.end,
            origin=origin(span),
        )
        for span in spans
    )
    return annotation


def _withdrawn(document: Document, kind: str) -> int:
    """The last revision of gold that was withdrawn; 0 without one. Nobody's own work can be."""
    if kind != Annotation.Kind.GOLD:
        return 0
    return document.annotations.filter(kind=kind).aggregate(last=Max("revision"))["last"] or 0


def labels_checked(*, project: Project, document: Document, spans: Sequence[LabelledSpan]) -> dict[str, int]:
    """Label name → primary key, after a look at the spans.

    Raises: SpanError when a span lies outside the text, has an unknown label, or shares words with
    another in a way the project does not allow; the message names the two.
    """
    labels = {label.name: label.pk for label in project.labels.all()}
    validate_spans(spans, len(document.text), set(labels))
    if overlapping(spans):
        validate_overlap(spans, span_overlap_held(project))
    return labels


def span_overlap_held(project: Project) -> SpanOverlap:
    """What the project allows, which nobody changes before this transaction ends."""
    held = Project.objects.select_for_update(no_key=True).filter(pk=project.pk)
    return SpanOverlap(held.values_list("span_overlap", flat=True).get())
