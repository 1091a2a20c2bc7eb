"""Storing what is known of the labels before a model learns from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from django.db import transaction

from annotation.domain.spans import LabelledSpan
from annotation.models import AnnotatorTrust, Project, ResolvedLabels

BATCH = 500


@dataclass(frozen=True)
class ResolvedDocument:
    """What the layers of one document come to."""

    document_id: int
    annotation_uuids: Sequence[UUID]
    """Of the layers it was made from."""
    spans: Sequence[LabelledSpan]
    weight: float


def resolved_labels_replace(
    *, project: Project, run_uuid: UUID, method: str, documents: Iterable[ResolvedDocument]
) -> int:
    """Put these in the place of all that are stored; returns how many there are.

    In short transactions: a row is used only while its layers are the document's, so that a mixture of
    two runs does no harm.
    """
    stored = 0
    stream = iter(documents)
    while batch := list(islice(stream, BATCH)):
        ResolvedLabels.objects.bulk_create(
            [
                ResolvedLabels(
                    organization_id=project.organization_id,
                    project=project,
                    document_id=item.document_id,
                    method=method,
                    run_uuid=run_uuid,
                    annotations=sorted(str(uuid) for uuid in item.annotation_uuids),
                    spans=[[span.start, span.end, span.label] for span in sorted(item.spans)],
                    weight=item.weight,
                )
                for item in batch
            ],
            update_conflicts=True,
            unique_fields=["document"],
            update_fields=["method", "run_uuid", "annotations", "spans", "weight"],
        )
        stored += len(batch)
    project.resolved_labels.exclude(run_uuid=run_uuid).delete()
    return stored


@transaction.atomic
def trust_replace(*, project: Project, weights: Mapping[int, float]) -> None:
    """How much each person's labels count where nobody else has labelled a document, by user id."""
    project.trust.all().delete()
    AnnotatorTrust.objects.bulk_create(
        [
            AnnotatorTrust(organization_id=project.organization_id, project=project, annotator_id=person, weight=weight)
            for person, weight in weights.items()
        ]
    )
