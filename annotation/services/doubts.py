"""Labels of one person that a model trained on the other texts would not expect: keep them, ask a second person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from annotation.models import Doubt, OverlapReason, Project
from annotation.selectors.doubts import single_labels
from annotation.selectors.people import somebody_left
from annotation.services.capacity import capacity_set
from daner_site.core.clock import now

KEPT = 500
"""Doubts of one training that are stored, the worst first."""
LEAST_WRONG_WORDS = 0.5
"""Fewer expected wrong words are no reason to ask anybody."""


@dataclass(frozen=True)
class DoubtedDocument:
    annotation_uuid: UUID
    """The labels that were doubted; passed over where there are others by now."""
    wrong_words: float
    spans: list[dict[str, Any]]
    """`[{"start", "end", "label", "confidence"}, …]`: what the model reads there."""


@transaction.atomic
def doubts_publish(*, project: Project, model_uuid: UUID, model_name: str, doubted: Sequence[DoubtedDocument]) -> int:
    """Replace the project's doubts and ask a second person about the worst; returns how many were asked for.

    Args:
        doubted: the worst first; what is not worth asking about is left out.

    Doubts that led to a second person stay on record. Those asked for are never more than the project's
    share of the texts that one person labelled, counted over the project's whole life.
    """
    asked = project.doubts.filter(asked_at__isnull=False)
    project.doubts.filter(asked_at__isnull=True).delete()
    worst = [item for item in doubted[:KEPT] if item.wrong_words >= LEAST_WRONG_WORDS]
    singles = single_labels(project)
    doubtable = {
        uuid: (pk, document_id)
        for uuid, pk, document_id in singles.filter(
            uuid__in=[item.annotation_uuid for item in worst], document__doubt__isnull=True
        ).values_list("uuid", "pk", "document_id")
    }
    rows = [
        Doubt(
            organization_id=project.organization_id,
            project=project,
            document_id=doubtable[item.annotation_uuid][1],
            annotation_id=doubtable[item.annotation_uuid][0],
            wrong_words=item.wrong_words,
            spans=item.spans,
            model_uuid=model_uuid,
            model_name=model_name,
            created_at=now(),
        )
        for item in worst
        if item.annotation_uuid in doubtable
    ]
    Doubt.objects.bulk_create(rows)
    already = asked.count()
    room = int(project.doubt_share * (singles.count() + already)) - already
    return _ask(project, room)


def _ask(project: Project, room: int) -> int:
    """Ask for a second person on the worst documents while there is room and somebody to ask."""
    number = 0
    for doubt in project.doubts.filter(asked_at__isnull=True).select_related("document__project"):
        if number >= room:
            break
        # Nothing is raised where more people are to label the document anyway.
        if somebody_left(doubt.document) and capacity_set(
            project=project, document_id=doubt.document_id, people=2, reason=OverlapReason.TARGETED
        ):
            Doubt.objects.filter(pk=doubt.pk).update(asked_at=now())
            number += 1
    return number
