"""Rows of the list of conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.access import ProjectContext
from annotation.selectors.layers import layers_of
from quality.domain.conflicts import CONFLICT_KINDS, Kind
from quality.models import AdjudicationCase
from quality.selectors.content import grouped
from quality.selectors.review import GroupRow, group_rows

SHOWN_GROUPS = 4

KINDS = [(kind.value, kind.words) for kind in CONFLICT_KINDS]


@dataclass(frozen=True)
class ConflictRow:
    case: AdjudicationCase
    kinds: tuple[tuple[str, int], ...]
    """(title, how many), frequent ones first"""
    groups: tuple[GroupRow, ...]
    """The first few."""
    more: int


def conflict_rows(ctx: ProjectContext, cases: Sequence[AdjudicationCase]) -> list[ConflictRow]:
    """The cases with what is in dispute, annotators under their letters."""
    documents = {
        item.document_id: item for item in layers_of(ctx.project, document_ids=[case.document_id for case in cases])
    }
    colors = {label.name: label.color for label in ctx.project.labels.all()}
    rows = []
    for case in cases:
        layers = documents.get(case.document_id)
        groups = [row for row in group_rows(grouped(ctx.project, layers), colors) if row.number] if layers else []
        kinds = sorted(case.kinds.items(), key=lambda item: -item[1])
        rows.append(
            ConflictRow(
                case=case,
                kinds=tuple((Kind(kind).words, count) for kind, count in kinds),
                groups=tuple(groups[:SHOWN_GROUPS]),
                more=max(0, len(groups) - SHOWN_GROUPS),
            )
        )
    return rows
