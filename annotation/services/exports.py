"""Taking texts and labels out of a project, layer by layer, as a stream.

Nothing here writes but the audit entry: documents are read in batches, so that an export of any
size needs the memory of one batch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.text import slugify

from annotation.access import ProjectContext
from annotation.domain.formats import PRINTERS, ExportedDocument
from annotation.domain.formats.base import ExportedLayer
from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Document, Project, Suggestion
from annotation.selectors.batches import in_batches
from annotation.selectors.layers import DocumentLayers, layers_of
from daner_site.accounts.audit import audit
from daner_site.core.clock import now
from daner_site.core.sentences import Sentence

BATCH = 300

LAYERS = {
    "gold": Sentence("Gold: the adjudicated spans, one answer a document"),
    "annotators": Sentence("Annotators: everybody's own spans, kept apart"),
    "model": Sentence("Model: the newest model's suggestions"),
    "all": Sentence("Everything: all documents with all layers"),
}
CONTENT_TYPES = {"jsonl": "application/x-ndjson; charset=utf-8", "conll": "text/plain; charset=utf-8"}


@dataclass(frozen=True)
class Export:
    """A download: `parts` are pieces of the file, read as they are taken."""

    filename: str
    content_type: str
    parts: Iterator[str] | Iterator[bytes]


@transaction.atomic
def export_open(*, ctx: ProjectContext, layer: str, fmt: str) -> Export:
    """Start an export of `layer` (a key of `LAYERS`) in `fmt` (a key of `PRINTERS`).

    Raises: KeyError for an unknown layer or format.
    """
    if layer not in LAYERS:
        raise KeyError(layer)
    content_type = CONTENT_TYPES[fmt]
    audit(
        organization=ctx.organization,
        actor=ctx.user,
        verb="export.download",
        project_uuid=ctx.project.uuid,
        target_uuid=ctx.project.uuid,
        payload={"layer": layer, "format": fmt},
    )
    name = slugify(ctx.project.name) or "project"
    return Export(
        filename=f"{name}-{layer}-{now():%Y-%m-%d}.{fmt}",
        content_type=content_type,
        parts=export_parts(ctx.project, layer=layer, fmt=fmt),
    )


def export_parts(project: Project, *, layer: str, fmt: str) -> Iterator[str]:
    """The file in pieces of up to `BATCH` documents, in import order."""
    printer = PRINTERS[fmt]
    names = annotator_names(project)
    labels = frozenset(project.labels.values_list("name", flat=True))
    for batch in in_batches(_selected(project, layer), BATCH):
        ids = [document.pk for document in batch]
        layers = {item.document_id: item for item in layers_of(project, at_least=0, document_ids=ids)}
        suggestions = {item.document_id: item for item in project.suggestions.filter(document__in=ids)}
        yield "".join(
            printer(_exported(document, layers.get(document.pk), suggestions.get(document.pk), names, labels, layer))
            for document in batch
        )


def annotator_names(project: Project) -> dict[int, str]:
    """A name for each author of the project by primary key, no two alike."""
    authors = project.annotations.filter(kind=Annotation.Kind.HUMAN).order_by("author").distinct()
    rows = list(authors.values_list("author", "author__display_name", "author__username"))
    taken = Counter(display or username for _, display, username in rows)
    return {
        pk: name if taken[name := display or username] == 1 else f"{name} ({username})"
        for pk, display, username in rows
    }


def _selected(project: Project, layer: str) -> QuerySet[Document]:
    current = Annotation.objects.filter(document=OuterRef("pk"), current=True)
    documents = project.documents.all()
    if layer == "gold":
        return documents.filter(Exists(current.filter(kind=Annotation.Kind.GOLD)))
    if layer == "annotators":
        return documents.filter(Exists(current.filter(kind=Annotation.Kind.HUMAN)))
    if layer == "model":
        return documents.filter(suggestion__isnull=False)
    return documents


def _exported(
    document: Document,
    layers: DocumentLayers | None,
    suggestion: Suggestion | None,
    names: dict[int, str],
    labels: frozenset[str],
    layer: str,
) -> ExportedDocument:
    exported = ExportedDocument(
        external_id=document.external_id or str(document.uuid),
        text=document.text,
        tokens=tuple((start, end) for start, end in document.tokens),
        split=document.split,
        meta=document.meta,
    )
    if layer in ("gold", "all"):
        gold = layers.gold if layers else None
        exported = replace(
            exported, gold=gold.spans if gold else None, with_gold=True, gold_source=gold.source if gold else ""
        )
    if layer in ("annotators", "all") and layers:
        annotators = tuple(
            ExportedLayer(names[item.author_id], item.spans, None if item.asked >= labels else item.asked)
            for item in layers.layers
        )
        exported = replace(exported, annotators=annotators)
    if layer in ("model", "all") and suggestion is not None:
        spans = tuple(LabelledSpan(item["start"], item["end"], item["label"]) for item in suggestion.spans)
        confidences = tuple(item.get("confidence", 0.0) for item in suggestion.spans)
        exported = replace(exported, model=ExportedLayer(suggestion.model_name, spans), confidences=confidences)
    return exported
