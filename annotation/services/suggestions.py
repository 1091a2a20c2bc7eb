"""Publishing what the newest model proposes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction

from annotation.models import Project, Split, Suggestion

BATCH = 500


@dataclass(frozen=True)
class DocumentSuggestion:
    document_uuid: UUID
    spans: list[dict[str, Any]]
    """`[{"start", "end", "label", "confidence"}, …]`, code points, confidence in [0, 1]"""


@transaction.atomic
def suggestions_publish(
    *,
    project: Project,
    model_uuid: UUID,
    model_name: str,
    suggestions: Iterable[DocumentSuggestion],
) -> int:
    """Replace the suggestions of the named documents; returns how many there are.

    Documents that are not in the project's pool, or no longer, are passed over. Where the model
    proposes what the one before did, only its name is written.
    """
    stored = 0
    stream = iter(suggestions)
    while batch := list(islice(stream, BATCH)):
        stored += _publish(project, model_uuid, model_name, batch)
    return stored


def _publish(project: Project, model_uuid: UUID, model_name: str, batch: Sequence[DocumentSuggestion]) -> int:
    pool = project.documents.filter(split=Split.POOL, uuid__in=[item.document_uuid for item in batch])
    ids = dict(pool.values_list("uuid", "pk"))
    before = dict(Suggestion.objects.filter(document__in=ids.values()).values_list("document_id", "spans"))
    spans = {ids[item.document_uuid]: item.spans for item in batch if item.document_uuid in ids}
    same = [pk for pk, value in spans.items() if before.get(pk) == value]
    Suggestion.objects.filter(document__in=same).update(model_uuid=model_uuid, model_name=model_name)
    Suggestion.objects.bulk_create(
        [
            Suggestion(
                organization_id=project.organization_id,
                project=project,
                document_id=pk,
                model_uuid=model_uuid,
                model_name=model_name,
                spans=value,
            )
            for pk, value in spans.items()
            if before.get(pk) != value
        ],
        update_conflicts=True,
        unique_fields=["document"],
        update_fields=["model_uuid", "model_name", "spans", "created_at"],
    )
    return len(spans)
