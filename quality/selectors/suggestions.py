"""What the consensus, or else the newest model, would say: shown to a reviewer who asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from annotation.domain.spans import LabelledSpan
from annotation.models import Suggestion
from annotation.selectors.marked import FALLBACK_COLOR
from quality.domain.conflicts import ConflictGroup
from quality.selectors.content import CaseContent
from quality.selectors.expected import probable_spans
from quality.selectors.review import Piece


@dataclass(frozen=True)
class SuggestionRow:
    number: int | None
    """Of the place in dispute; None for a span that nobody marked."""
    parts: tuple[Piece, ...]
    proposal: str
    """The proposal that says the same, if one does."""
    percent: int | None
    """How sure the model is; the consensus' own figure is no probability and is not shown."""


def suggestion_rows(content: CaseContent) -> tuple[str, list[SuggestionRow]]:
    """Where it comes from, in words, and a row for every place; no rows where nothing is known."""
    probable = probable_spans(content.project, content.layers)
    if probable is not None:
        return gettext("What the annotators say together, each weighed by how reliable they are"), _rows(
            content, probable, None
        )
    model = Suggestion.objects.filter(project=content.project, document_id=content.layers.document_id).first()
    if model is None:
        return "", []
    spans = [(LabelledSpan(i["start"], i["end"], i["label"]), i.get("confidence", 0.0)) for i in model.spans]
    return gettext("What the model {model_name} would mark").format(model_name=model.model_name), _rows(
        content, spans, 100
    )


def _rows(content: CaseContent, spans: Sequence[tuple[LabelledSpan, float]], scale: int | None) -> list[SuggestionRow]:
    colors = {label.name: label.color for label in content.project.labels.all()}
    text = content.layers.text

    def row(
        number: int | None, group: ConflictGroup | None, inside: Sequence[tuple[LabelledSpan, float]]
    ) -> SuggestionRow:
        written = tuple(span for span, _ in inside)
        same = [str(n) for n, option in enumerate(group.options if group else (), 1) if option.spans == written]
        return SuggestionRow(
            number=number,
            parts=tuple(Piece(text[s.start : s.end], s.label, colors.get(s.label, FALLBACK_COLOR)) for s in written),
            proposal=same[0] if same else "x" if group and not written else "",
            percent=round(scale * min(p for _, p in inside)) if scale and inside else None,
        )

    def within(group: ConflictGroup) -> list[tuple[LabelledSpan, float]]:
        return [item for item in spans if item[0].start < group.end and group.start < item[0].end]

    rows = [row(number, group, within(group)) for number, group in enumerate(content.open_groups, 1)]
    known = {item for group in content.groups for item in within(group)}
    return rows + [row(None, None, [item]) for item in spans if item not in known]
