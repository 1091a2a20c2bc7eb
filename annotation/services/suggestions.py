"""Publishing what the newest model proposes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction

from annotation.models import Project, Suggestion

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
    """Replace the suggestions of the named documents; returns how many were stored.

    Documents of other projects, or deleted meanwhile, are passed over.
    """
    stored = 0
    stream = iter(suggestions)
    while batch := list(islice(stream, BATCH)):
        ids = dict(project.documents.filter(uuid__in=[item.document_uuid for item in batch]).values_list("uuid", "pk"))
        rows = [
            Suggestion(
                organization_id=project.organization_id,
                project=project,
                document_id=ids[item.document_uuid],
                model_uuid=model_uuid,
                model_name=model_name,
                spans=item.spans,
            )
            for item in batch
            if item.document_uuid in ids
        ]
        Suggestion.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["document"],
            update_fields=["model_uuid", "model_name", "spans", "created_at"],
        )
        stored += len(rows)
    return stored
