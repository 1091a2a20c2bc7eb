"""Work in which spans share words."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F, Max, RowRange, Window

from annotation.domain.spans import LabelledSpan, SpanError, SpanOverlap, validate_overlap
from annotation.models import Annotation, Project, Span


@dataclass(frozen=True)
class NotAllowed:
    document: str
    """The first such document, as pages call it."""
    reason: str
    more: int
    """Further documents like it."""


def work_not_allowed(project: Project, allowed: SpanOverlap) -> NotAllowed | None:
    """Current work and gold whose spans share words otherwise than `allowed`; None where there is none."""
    reasons: dict[int, str] = {}
    for annotation in annotations_with_overlaps(project):
        try:
            validate_overlap(
                [LabelledSpan(span.start, span.end, span.label.name) for span in annotation.spans.all()], allowed
            )
        except SpanError as error:
            reasons.setdefault(annotation.document_id, error.args[0])
    if not reasons:
        return None
    first = project.documents.filter(pk__in=list(reasons)).only("external_id", "position").order_by("position")[0]
    return NotAllowed(first.external_id or str(first.position + 1), reasons[first.pk], len(reasons) - 1)


def annotations_with_overlaps(project: Project) -> list[Annotation]:
    """Current annotations with spans that share words, with their spans and labels read."""
    reach = Window(
        Max("end"),
        partition_by="annotation",
        order_by=["start", "-end", "pk"],
        frame=RowRange(start=None, end=-1),
    )
    spans = Span.objects.filter(annotation__project=project, annotation__current=True).annotate(reach=reach)
    ids = {row["annotation"] for row in spans.filter(reach__gt=F("start")).values("annotation")}
    return list(Annotation.objects.filter(pk__in=ids).prefetch_related("spans__label"))
