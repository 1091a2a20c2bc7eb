"""Reads for the pages that list documents and show one with its layers.

Both show one person's spans to another: callers have checked `VIEW_LAYERS`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from annotation.domain.formats import FORMATS
from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Assignment, Document, Doubt, ImportJob, Project, Split, Suggestion
from annotation.selectors.doubts import doubt_of
from annotation.selectors.layers import document_layers
from annotation.selectors.marked import Piece, colored
from annotation.selectors.progress import TO_LABEL
from daner_site.accounts.models import User
from daner_site.core.sentences import Sentence

PAGE_SIZE = 50

STATUSES = {
    "open": Sentence("Open: still to be labelled"),
    "work": Sentence("In work"),
    "labelled": Sentence("Labelled by somebody"),
    "several": Sentence("Labelled by several people"),
    "gold": Sentence("With gold"),
    "rejected": Sentence("Rejected by somebody"),
    "doubted": Sentence("Doubted by a model trained on the other texts"),
}

GOLD_NOTES = {
    "import": "imported",
    "unanimous": Sentence("everybody marked the same; no reviewer decided"),
}
"""What is said of gold that was not decided by a reviewer."""


@dataclass(frozen=True)
class ShownLayer:
    """One column of the document page."""

    title: str
    kind: str
    """gold, annotator or model"""
    note: str
    count: int
    pieces: list[Piece]


def documents_page(
    project: Project, *, number: str, search: str = "", split: str = "", status: str = "", label: str = ""
) -> Page[Document]:
    """A page of documents with counts `people`, `rejections`, `working` and the flags `has_gold` and `unanimous`."""
    documents = _with_counts(project.documents.defer("tokens", "meta"))
    if search:
        documents = documents.filter(Q(text__icontains=search) | Q(external_id=search))
    if split in Split.values:
        documents = documents.filter(split=split)
    if status in STATUSES:
        documents = documents.filter(_condition(status))
    if label:
        marked = Annotation.objects.filter(document=OuterRef("pk"), current=True, spans__label__name=label)
        documents = documents.filter(Exists(marked))
    return Paginator(documents.order_by("position", "pk"), PAGE_SIZE).get_page(number)


def _with_counts(documents: QuerySet[Document]) -> QuerySet[Document]:
    current = Annotation.objects.filter(document=OuterRef("pk"), current=True)
    of_status = {
        name: Count("assignments", filter=Q(assignments__status=status, assignments__is_check=False))
        for name, status in {
            "people": Assignment.Status.SUBMITTED,
            "rejections": Assignment.Status.REJECTED,
            "working": Assignment.Status.ACTIVE,
        }.items()
    }
    gold = current.filter(kind=Annotation.Kind.GOLD)
    unanimous = Exists(gold.filter(provenance__source="unanimous"))
    return documents.annotate(has_gold=Exists(gold), unanimous=unanimous, **of_status)


def _condition(status: str) -> Q:
    return {
        "open": TO_LABEL & Q(has_gold=False, overlap_target__gt=F("people") + F("rejections")),
        "work": Q(working__gt=0),
        "labelled": Q(people__gt=0),
        "several": Q(people__gt=1),
        "gold": Q(has_gold=True),
        "rejected": Q(rejections__gt=0),
        "doubted": Q(doubt__asked_at__isnull=False) | Q(doubt__annotation__current=True),
    }[status]


def shown_layers(project: Project, document: Document) -> list[ShownLayer]:
    """Gold first, then everybody's own spans, then the newest model's."""
    found = document_layers(document)
    colors = dict(project.labels.values_list("name", "color"))
    shown = []
    if found.gold is not None:
        note = GOLD_NOTES.get(found.gold.source) or gettext("decided by {author_name}").format(
            author_name=found.gold.author_name
        )
        shown.append(_shown(document, gettext("Gold"), "gold", note, found.gold.spans, colors))
    for layer in found.layers:
        note = gettext("imported") if layer.imported else gettext("with suggestions") if layer.with_suggestions else ""
        if layer.author_id in found.partly_asked:
            asked = gettext("asked about {labels} only").format(
                labels=", ".join(sorted(layer.asked)) or gettext("nothing")
            )
            note = f"{note}, {asked}".removeprefix(", ")
        shown.append(_shown(document, layer.author_name, "annotator", note, layer.spans, colors))
    doubt = doubt_of(document)
    if doubt is not None:
        spans = [LabelledSpan(item["start"], item["end"], item["label"]) for item in doubt.spans]
        shown.append(
            _shown(document, gettext("A model trained on the other texts"), "model", _doubted(doubt), spans, colors)
        )
    suggestion = Suggestion.objects.filter(project=project, document=document).first()
    if suggestion is not None:
        spans = [LabelledSpan(item["start"], item["end"], item["label"]) for item in suggestion.spans]
        shown.append(
            _shown(
                document,
                gettext("Model {model_name}").format(model_name=suggestion.model_name),
                "model",
                gettext("suggested"),
                spans,
                colors,
            )
        )
    return shown


def _doubted(doubt: Doubt) -> str:
    words = max(1, round(doubt.wrong_words))
    amount = "a word" if words == 1 else f"{words} words"
    note = gettext("made beside {model_name}, disagrees with {name} on about {amount}").format(
        model_name=doubt.model_name, name=doubt.annotation.author.name, amount=amount
    )
    return (
        gettext("{note}; a second person was asked on {asked_at:%Y-%m-%d}").format(note=note, asked_at=doubt.asked_at)
        if doubt.asked_at
        else note
    )


def _shown(
    document: Document, title: str, kind: str, note: str, spans: Iterable[LabelledSpan], colors: dict[str, str]
) -> ShownLayer:
    spans = list(spans)
    return ShownLayer(title, kind, note, len(spans), colored(document.text, spans, colors))


def in_work_of(document: Document, user: User) -> bool:
    """Whether the person is labelling it at this moment, or next."""
    return document.assignments.filter(annotator=user, status__in=Assignment.HELD).exists()


def turns(document: Document) -> QuerySet[Assignment]:
    """Everybody's turns at the document, newest first."""
    return document.assignments.select_related("annotator").order_by("-created_at", "-pk")


def import_preview(job: ImportJob) -> dict[str, Any]:
    """What a checked job found, ready to show: counts, messages, and the first texts with spans."""
    colors = dict(job.project.labels.values_list("name", "color"))
    first = [
        item | {"pieces": colored(item["text"], [LabelledSpan(*span) for span in item["spans"]], colors)}
        for item in job.preview["first"]
    ]
    found: dict[str, Any] = job.preview
    return found | {
        "format": FORMATS[job.format],
        "first": first,
        "untold_errors": found["error_count"] - len(found["errors"]),
    }


def imports_listed(project: Project) -> QuerySet[ImportJob]:
    """The imports without their content: it can be 50 MB, and pages ask again and again."""
    return project.imports.select_related("project", "created_by").defer("content")


def recent_imports(project: Project) -> QuerySet[ImportJob]:
    """The last imports somebody confirmed."""
    return imports_listed(project).exclude(status=ImportJob.Status.CHECKED).defer("content", "preview")[:10]


def export_counts(project: Project) -> dict[str, int]:
    """How many documents each layer of an export has."""
    current = project.annotations.filter(current=True).order_by()
    return {
        "gold": current.filter(kind=Annotation.Kind.GOLD).count(),
        "annotators": current.filter(kind=Annotation.Kind.HUMAN).values("document").distinct().count(),
        "model": project.suggestions.count(),
        "all": project.documents.count(),
    }


def imports_running(project: Project) -> int:
    """How many imports are queued or running."""
    return project.imports.filter(status__in=[ImportJob.Status.QUEUED, ImportJob.Status.RUNNING]).count()
