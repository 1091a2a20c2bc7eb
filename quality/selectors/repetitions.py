"""How far people agree with themselves, from documents they were given again without being told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from annotation.domain.spans import LabelledSpan
from annotation.models import Assignment, Project, Span
from daner_site.accounts.models import User
from daner_site.core.sentences import Sentence
from quality.domain.agreement_counting import MeasuredDocument, document_row
from quality.domain.agreement_rows import DocumentRow
from quality.domain.standing import missing_evidence
from quality.numeric.measures import REASONS, figures

FIRST, AGAIN = "first", "again"


@dataclass(frozen=True)
class OwnFigure:
    value: float | None
    low: float | None
    high: float | None
    n: int
    """Spans of both times, or words."""
    reason: str
    """Why there is no value."""


@dataclass(frozen=True)
class SelfAgreement:
    documents: int
    """Answered a second time."""
    spans: int
    """Marked the first time."""
    helped: int
    """Documents that showed suggestions the first time; the second time none does."""
    exact: OwnFigure
    alpha: OwnFigure

    @property
    def missing(self) -> str:
        """What is still needed before the figures are shown; empty when they are."""
        return missing_evidence(self.documents, self.spans, of=Sentence("repeated documents"))


def answered_checks(project: Project, user: User | None = None) -> list[Assignment]:
    """What was given to see how people do, everybody or one person, and answered; the earliest first."""
    answered = project.assignments.filter(is_check=True, answer__isnull=False)
    if user is not None:
        answered = answered.filter(annotator=user)
    return list(answered.order_by("pk").select_related("document", "repeats"))


def self_agreement(project: Project, user: User | None = None) -> dict[int, SelfAgreement]:
    """User id → their second answers against their first, of everybody or of one person."""
    return compared_with_before(project, answered_checks(project, user))


def compared_with_before(project: Project, answered: Iterable[Assignment]) -> dict[int, SelfAgreement]:
    """As `self_agreement`; answers to documents with gold are left out."""
    turns = [turn for turn in answered if turn.repeats is not None]
    if not turns:
        return {}
    first: dict[int, list[LabelledSpan]] = defaultdict(list)
    marked = Span.objects.filter(annotation__in=[turn.repeats_id for turn in turns])
    for annotation, start, end, label in marked.values_list("annotation", "start", "end", "label__name"):
        first[annotation].append(LabelledSpan(start, end, label))
    known = set(project.labels.values_list("name", flat=True))
    rows: dict[int, list[DocumentRow]] = defaultdict(list)
    spans: dict[int, int] = defaultdict(int)
    helped: dict[int, int] = defaultdict(int)
    for turn in turns:
        assert turn.repeats is not None
        before = first[turn.repeats.pk]
        after = [LabelledSpan(**item) for item in turn.answer or []]
        pair = MeasuredDocument(turn.document.text, turn.document.tokens, {FIRST: before, AGAIN: after})
        rows[turn.annotator_id].append(document_row(pair, sorted(known | {span.label for span in after})))
        spans[turn.annotator_id] += len(before)
        helped[turn.annotator_id] += bool(turn.repeats.suggestions)
    return {person: _measured(found, spans[person], helped[person]) for person, found in rows.items()}


def _measured(rows: list[DocumentRow], spans: int, helped: int) -> SelfAgreement:
    found = figures(rows, [])
    exact = found["span_f1"]["exact"]
    return SelfAgreement(
        documents=len(rows),
        spans=spans,
        helped=helped,
        exact=_figure(exact | {"value": exact["micro"]}),
        alpha=_figure(found["alpha"]["bio"]),
    )


def _figure(found: dict[str, Any]) -> OwnFigure:
    return OwnFigure(found["value"], found["low"], found["high"], found["n"], REASONS.get(found["reason"] or "", ""))
