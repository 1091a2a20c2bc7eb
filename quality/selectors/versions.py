"""What a reviewer decided beside what somebody else did meanwhile, place by place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.domain.spans import LabelledSpan
from annotation.selectors.marked import FALLBACK_COLOR
from daner_site.core.sentences import Sentence
from quality.domain.adjudication import Decision
from quality.domain.conflicts import ConflictGroup
from quality.domain.versions import Apart, places_apart, standing, touching
from quality.models import AdjudicationCase
from quality.selectors.content import CaseContent
from quality.selectors.review import CONTEXT, GroupRow, Piece, group_rows, span_data, stored_state

TITLES = {
    "added": Sentence("added meanwhile"),
    "removed": Sentence("not in the other version"),
    "changed": Sentence("changed meanwhile"),
}


@dataclass(frozen=True)
class VersionRow:
    before: str
    inside: str
    after: str
    kind: str
    title: str
    mine: tuple[Piece, ...]
    theirs: tuple[Piece, ...]
    again: GroupRow | None
    """The place as it is to be decided now, where nobody has decided it."""


@dataclass(frozen=True)
class VersionsApart:
    who: str
    """Who decided meanwhile; empty where annotators changed their work."""
    rows: tuple[VersionRow, ...]
    data: list[dict[str, Any]]
    """For the script, one for each row: start, end, mine, theirs, again."""
    state: dict[str, Any]
    """The reviewer's decisions, as far as they are about places that are still there."""


def versions_apart(
    case: AdjudicationCase,
    content: CaseContent,
    *,
    decisions: Sequence[Decision],
    added: Sequence[LabelledSpan],
    written: Sequence[LabelledSpan] | None,
    state: Mapping[str, Any],
) -> VersionsApart:
    """Both versions of a case that somebody else changed.

    Args:
        decisions, added, state: what was posted, parsed and as `AdjudicationCase.decisions`.
        written: all spans as they stood on the reviewer's page; None from a page without a script.
    """
    known = {group.id for group in content.groups}
    kept = [decision for decision in decisions if decision.group in known]
    mine = standing(content.groups, kept, added) if written is None else written
    gold = content.layers.gold
    if case.status == AdjudicationCase.Status.RESOLVED and gold is not None:
        theirs: Sequence[LabelledSpan] = gold.spans
        undecided: list[ConflictGroup] = []
    else:
        stored = [_decision(item) for item in stored_state(case).get("decisions", []) if item["group"] in known]
        decided = {decision.group: decision for decision in [*kept, *stored]}
        theirs = standing(content.groups, decided.values(), added)
        undecided = [group for group in content.open_groups if group.id not in decided]
    colors = {label.name: label.color for label in case.project.labels.all()}
    apart = places_apart(mine, theirs)
    again = {row.id: row for row in group_rows(content, colors)}
    open_at = [next((group for group in undecided if _meet(place, group)), None) for place in apart]
    text = content.layers.text
    return VersionsApart(
        who=case.resolved_by.name if case.status == AdjudicationCase.Status.RESOLVED and case.resolved_by else "",
        rows=tuple(
            _row(place, text, colors, again[group.id] if group else None)
            for place, group in zip(apart, open_at, strict=True)
        ),
        data=[
            {
                "start": place.start,
                "end": place.end,
                "mine": span_data(place.mine),
                "theirs": span_data(place.theirs),
                "again": group.id if group else None,
            }
            for place, group in zip(apart, open_at, strict=True)
        ],
        state={**state, "added": span_data(span for span in added if not touching(span, content.groups))},
    )


def _row(place: Apart, text: str, colors: Mapping[str, str], again: GroupRow | None) -> VersionRow:
    def parts(spans: Sequence[LabelledSpan]) -> tuple[Piece, ...]:
        return tuple(
            Piece(text[span.start : span.end], span.label, colors.get(span.label, FALLBACK_COLOR)) for span in spans
        )

    return VersionRow(
        before=("…" if place.start > CONTEXT else "") + text[max(0, place.start - CONTEXT) : place.start],
        inside=text[place.start : place.end],
        after=text[place.end : place.end + CONTEXT] + ("…" if place.end + CONTEXT < len(text) else ""),
        kind=place.kind,
        title=Sentence("to decide again") if again else TITLES[place.kind],
        mine=parts(place.mine),
        theirs=parts(place.theirs),
        again=again,
    )


def _meet(place: Apart, group: ConflictGroup) -> bool:
    return place.start < group.end and group.start < place.end


def _decision(item: Mapping[str, Any]) -> Decision:
    spans = tuple(LabelledSpan(**span) for span in item.get("spans", []))
    return Decision(item["group"], item["choice"], spans, item.get("reason", ""))
