"""The work a case is about: everybody's current spans of the document, grouped."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from annotation.models import Document, Project
from annotation.selectors.layers import DocumentLayers, document_layers
from quality.domain.agreement_counting import MeasuredDocument
from quality.domain.conflicts import ConflictGroup, conflict_groups


@dataclass(frozen=True)
class CaseContent:
    project: Project
    layers: DocumentLayers
    groups: list[ConflictGroup]
    """Annotators are keyed by user id, as text."""
    sha: str
    """Changes with every new revision of anybody's work."""

    @property
    def open_groups(self) -> list[ConflictGroup]:
        return [group for group in self.groups if group.open]


def case_content(document: Document) -> CaseContent:
    return grouped(document.project, document_layers(document))


def grouped(project: Project, layers: DocumentLayers) -> CaseContent:
    spans = {str(layer.author_id): layer.spans for layer in layers.layers}
    groups = conflict_groups(spans, layers.text, asked_by_name(layers), layers.allowed)
    ids = sorted(str(layer.annotation_uuid) for layer in layers.layers)
    return CaseContent(project, layers, groups, hashlib.sha256("|".join(ids).encode()).hexdigest())


def measured(layers: DocumentLayers) -> MeasuredDocument:
    """As the agreement takes it; annotators are keyed by user id, as text."""
    return MeasuredDocument(
        text=layers.text,
        tokens=layers.tokens,
        layers={str(layer.author_id): layer.spans for layer in layers.layers},
        with_suggestions=any(layer.with_suggestions for layer in layers.layers),
        asked=asked_by_name(layers),
        labels=layers.labels,
        allowed=layers.allowed,
    )


def asked_by_name(layers: DocumentLayers) -> dict[str, frozenset[str]]:
    """User id, as text → the labels they were asked about, of those who were not asked about all."""
    return {str(author): labels for author, labels in layers.partly_asked.items()}
