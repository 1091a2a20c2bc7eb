"""What became of one person's own work: their version, the gold, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from annotation.domain.spans import LabelledSpan, SpanOverlap, of_labels
from annotation.models import Annotation, Document, Project
from annotation.selectors.layers import layers_of
from annotation.selectors.marked import Piece, colored
from daner_site.accounts.models import User
from quality.domain.adjudication import Reason
from quality.domain.conflicts import conflict_groups
from quality.models import Review


@dataclass(frozen=True)
class Change:
    """One place where gold is not what the person wrote."""

    before: str
    inside: str
    after: str
    own: tuple[LabelledSpan, ...]
    gold: tuple[LabelledSpan, ...]
    reason: str
    """In words, if the reviewer gave one."""


@dataclass(frozen=True)
class ReviewedRow:
    document: Document
    decided_at: datetime
    own: list[Piece]
    gold: list[Piece]
    changes: tuple[Change, ...]
    comment: str


CONTEXT = 30
"""Characters of text around a change."""


def reviewed_documents(project: Project, user: User) -> QuerySet[Document]:
    """Documents of theirs that a reviewer decided on, the newest decision first."""
    own = Annotation.objects.filter(document=OuterRef("pk"), author=user, kind=Annotation.Kind.HUMAN, current=True)
    decided = Review.objects.filter(document=OuterRef("pk"), gold__current=True)
    documents = project.documents.filter(Exists(own), Exists(decided))
    return documents.annotate(decided=decided.order_by("-pk").values("pk")[:1]).order_by("-decided")


def reviewed_rows(project: Project, user: User, documents: Sequence[Document]) -> list[ReviewedRow]:
    """The rows of a page. Nothing of other people is in them, neither names nor what they wrote."""
    colors = dict(project.labels.values_list("name", "color"))
    found = {item.document_id: item for item in layers_of(project, at_least=1, document_ids=[d.pk for d in documents])}
    reviews = Review.objects.filter(document__in=documents, gold__current=True).select_related("gold").order_by("pk")
    newest = {review.document_id: review for review in reviews}
    allowed = SpanOverlap(project.span_overlap)
    rows = []
    for document in documents:
        layers, review = found[document.pk], newest[document.pk]
        own = layers.of(user)
        gold = layers.gold.spans if layers.gold else ()
        rows.append(
            ReviewedRow(
                document=document,
                decided_at=review.created_at,
                own=colored(document.text, own.spans, colors),
                gold=colored(document.text, gold, colors),
                changes=tuple(_changes(document.text, own.spans, of_labels(gold, own.asked), review.places, allowed)),
                comment=review.gold.provenance.get("comment", "") if review.gold else "",
            )
        )
    return rows


def _changes(
    text: str,
    own: Iterable[LabelledSpan],
    gold: Iterable[LabelledSpan],
    places: Sequence[Mapping[str, object]],
    allowed: SpanOverlap,
) -> list[Change]:
    changes = []
    for group in conflict_groups({"own": own, "gold": gold}, allowed=allowed):
        if not group.open:
            continue
        versions = {name: option.spans for option in group.options for name in option.supporters}
        reason = next(
            (
                str(place["reason"])
                for place in places
                if place["reason"] and int(str(place["start"])) < group.end and group.start < int(str(place["end"]))
            ),
            "",
        )
        changes.append(
            Change(
                before=("…" if group.start > CONTEXT else "") + text[max(0, group.start - CONTEXT) : group.start],
                inside=text[group.start : group.end],
                after=text[group.end : group.end + CONTEXT] + ("…" if group.end + CONTEXT < len(text) else ""),
                own=versions.get("own", ()),
                gold=versions.get("gold", ()),
                reason=Reason(reason).words if reason else "",
            )
        )
    return changes
