"""What annotators read about their own work: against gold, nobody else's name, no comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from annotation.domain.spans import LabelledSpan, of_labels
from annotation.models import Annotation, Project
from annotation.selectors.layers import layers_of
from daner_site.accounts.models import User
from quality.domain.mistakes import Counts, Difference, Mistake, Record
from quality.domain.standing import LEAST_DOCUMENTS
from quality.selectors.repetitions import SelfAgreement, self_agreement

NEWEST = 300
"""Documents that are looked at; older ones say less about today's work."""
EXAMPLES = 10
PER_DOCUMENT = 3
CONTEXT = 40
FALLBACK_COLOR = "#7F7F7F"


@dataclass(frozen=True)
class LabelRow:
    name: str
    color: str
    counts: Counts

    @property
    def percent(self) -> int:
        """For the length of a bar."""
        return round(100 * (self.counts.f1 or 0))


@dataclass(frozen=True)
class Part:
    """One side of an example: a marked stretch, or nothing."""

    text: str
    label: str
    color: str


@dataclass(frozen=True)
class ExampleRow:
    """One place where the gold differs from what the person marked."""

    kind: str
    before: str
    inside: str
    after: str
    own: Part | None
    right: Part | None


@dataclass(frozen=True)
class FeedbackPage:
    documents: int
    total: Counts
    labels: tuple[LabelRow, ...]
    kinds: tuple[tuple[str, int, int], ...]
    """(words, how many, per cent of all differences), frequent ones first."""
    examples: tuple[ExampleRow, ...]
    few: bool
    """Whether this is too little to take the figures for more than a first impression."""
    again: SelfAgreement | None
    """Against their own earlier work, once there is enough: before, nobody needs to know that it is asked for."""


def feedback_page(project: Project, user: User) -> FeedbackPage:
    """The person's newest documents that have gold."""
    own = project.annotations.filter(kind=Annotation.Kind.HUMAN, current=True, author=user)
    gold = project.annotations.filter(kind=Annotation.Kind.GOLD, current=True)
    newest = own.filter(document__in=gold.values("document")).order_by("-pk").values_list("document", flat=True)
    order = {document: place for place, document in enumerate(newest[:NEWEST])}
    documents = sorted(layers_of(project, at_least=1, document_ids=order), key=lambda item: order[item.document_id])
    colors = dict(project.labels.values_list("name", "color"))
    record = Record()
    examples: list[ExampleRow] = []
    for item in documents:
        layer = item.of(user)
        found = record.add(layer.spans, of_labels(item.gold.spans, layer.asked) if item.gold else ())
        examples += [_example(difference, item.text, colors) for difference in found[:PER_DOCUMENT]]
    total = sum(record.kinds.values())
    return FeedbackPage(
        documents=record.documents,
        total=record.total,
        labels=tuple(
            LabelRow(name, color, record.labels[name]) for name, color in colors.items() if name in record.labels
        ),
        kinds=tuple(
            (Mistake(kind).words, count, round(100 * count / total)) for kind, count in record.kinds.most_common()
        ),
        examples=tuple(examples[:EXAMPLES]),
        few=record.documents < LEAST_DOCUMENTS,
        again=_again(project, user),
    )


def _again(project: Project, user: User) -> SelfAgreement | None:
    found = self_agreement(project, user).get(user.pk)
    return None if found is None or found.missing else found


def _example(difference: Difference, text: str, colors: Mapping[str, str]) -> ExampleRow:
    start, end = difference.start, difference.end
    return ExampleRow(
        kind=difference.kind.words,
        before=("…" if start > CONTEXT else "") + text[max(0, start - CONTEXT) : start],
        inside=text[start:end],
        after=text[end : end + CONTEXT] + ("…" if end + CONTEXT < len(text) else ""),
        own=_part(difference.own, text, colors),
        right=_part(difference.right, text, colors),
    )


def _part(span: LabelledSpan | None, text: str, colors: Mapping[str, str]) -> Part | None:
    if span is None:
        return None
    return Part(text[span.start : span.end], span.label, colors.get(span.label, FALLBACK_COLOR))
