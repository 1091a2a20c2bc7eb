"""Asking more people about a document, one at a time, where it pays."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef

from annotation.domain.spans import of_labels
from annotation.models import Annotation, Document, OverlapReason, Project, Split
from annotation.selectors.layers import document_layers
from annotation.selectors.people import somebody_left
from annotation.services.capacity import capacity_set
from quality.domain.overlap import needs_another
from quality.selectors.expected import expected_errors
from quality.selectors.turns import all_are_in

START_SHARE = 10
"""At most one in so many texts of the pool is labelled several times for being among the first."""


@transaction.atomic
def overlap_consider(*, document_id: int) -> bool:
    """After a submission: let somebody else label the document too, if that pays; returns whether.

    The first documents of a guideline version get as many people as an overlapping one. Others get
    a second person and then one more at a time, while `needs_another` says so, the project's cap
    allows it and somebody is left who has not had it. Documents that chance drew stay as they were
    drawn, or agreement measured on them would no longer stand for the project. Safe to repeat;
    the work does not grow with the project.
    """
    document = (
        Document.objects.select_for_update(no_key=True, of=("self",))
        .select_related("project")
        .filter(pk=document_id, split=Split.POOL)
        .first()
    )
    if document is None or document.overlap_reason == OverlapReason.RANDOM:
        return False
    project = document.project
    if _among_the_first(project, document):
        return capacity_set(
            project=project, document_id=document.pk, people=project.overlap, reason=OverlapReason.START
        )
    if not project.overlap_targeted or document.overlap_target >= project.overlap_cap or not all_are_in(document):
        return False
    layers = document_layers(document)
    errors = expected_errors(project, layers)
    more = any(
        needs_another(
            [of_labels(layer.spans, labels) for layer in people],
            agreement=project.overlap_agreement,
            expected_errors=errors,
        )
        for labels, people in layers.questions.items()
    )
    if not more or not somebody_left(document):
        return False
    return capacity_set(
        project=project, document_id=document.pk, people=document.overlap_target + 1, reason=OverlapReason.TARGETED
    )


def _among_the_first(project: Project, document: Document) -> bool:
    if project.overlap_start == 0 or document.overlap_target >= project.overlap:
        return False
    version = project.guidelines.values_list("version", flat=True).first()
    current = Annotation.objects.filter(document=OuterRef("pk"), kind=Annotation.Kind.HUMAN, guideline_version=version)
    chosen = project.documents.filter(Exists(current), overlap_reason=OverlapReason.START).count()
    if chosen >= project.overlap_start:
        return False
    # A small project is not labelled twice over for having just begun.
    return chosen < project.documents.filter(split=Split.POOL).count() // START_SHARE
