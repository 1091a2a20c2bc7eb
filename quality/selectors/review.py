"""What the review page shows: the text once, everybody's version under a letter, the groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.utils.translation import gettext

from annotation.access import ProjectContext
from annotation.domain.permissions import Permission
from annotation.domain.spans import LabelledSpan
from annotation.selectors.marked import FALLBACK_COLOR, Mark, colored
from annotation.selectors.projects import palette
from daner_site.core.language import translated
from daner_site.core.sentences import Sentence
from quality.domain.adjudication import EDITED, NOTHING, Reason
from quality.domain.anonymity import lane_letters
from quality.domain.conflicts import ConflictGroup
from quality.domain.samples import in_sample
from quality.models import AdjudicationCase
from quality.selectors.content import CaseContent

CONTEXT = 40
"""Characters of text shown on each side of a group."""

REASONS = [(reason.value, reason.words) for reason in Reason]
Origin = AdjudicationCase.Origin

Span = dict[str, Any]


@dataclass(frozen=True)
class Piece:
    """A stretch of text with its innermost span, and the marks that open before and close after it."""

    text: str
    label: str = ""
    color: str = ""
    opens: tuple[Mark, ...] = ()
    closes: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class OptionRow:
    value: str
    parts: tuple[Piece, ...]
    by: tuple[str, ...]
    """Letters of those who wrote it."""
    chosen: bool


@dataclass(frozen=True)
class GroupRow:
    id: str
    number: int | None
    """Place among the groups in conflict, from 1; None for agreed ones."""
    kind: str
    title: str
    before: str
    """Text around it, with an ellipsis where it is cut."""
    inside: str
    after: str
    options: tuple[OptionRow, ...]
    """The last one is "nothing here", or an edited version on top of it."""
    reason: str = ""
    """Why people differ, as the reviewer sees it."""
    stale: bool = False
    """Whether a decision was there and is to be made again."""
    applied: str = ""
    """Where the decision was taken over from, in words."""


@dataclass(frozen=True)
class CaseNotes:
    """What a reviewer has to know about the case besides its text."""

    blind: bool
    """Drawn to be decided without suggestions."""
    waits: bool
    """For a manager, which this person is not."""
    sentences: tuple[str, ...]
    order: str
    """Why it stands where it does in the list; empty for a case that is not open."""


def case_notes(ctx: ProjectContext, case: AdjudicationCase) -> CaseNotes:
    """Why the case is there and who may decide it. Nothing gives a first decision away."""
    waits = case.status == AdjudicationCase.Status.OPEN and case.escalated_at is not None
    sentences = []
    if case.origin == Origin.AUDIT and case.status == AdjudicationCase.Status.OPEN:
        sentences.append(
            gettext(
                "Everybody marked the same here, and it became gold without a reviewer. It was drawn to be "
                "checked: change what is wrong, then finish."
            )
        )
    if case.stale and case.status == AdjudicationCase.Status.OPEN:
        sentences.append(
            gettext("It was decided before. Only the places marked “decide again” are open; the rest is kept.")
        )
    if waits:
        by = f"{case.escalated_by.name}: " if case.escalated_by else ""
        why = translated(case.escalation)
        sentences.append(gettext("Passed to the managers. {by}{escalation}").format(by=by, escalation=why))
    return CaseNotes(
        blind=in_sample("blind", seed=ctx.project.seed, key=case.document.sha256),
        waits=waits and not ctx.can(Permission.MANAGE),
        sentences=tuple(sentences),
        order=_order(ctx, case) if case.status == AdjudicationCase.Status.OPEN and case.n_groups else "",
    )


def _order(ctx: ProjectContext, case: AdjudicationCase) -> str:
    weights = ctx.project.labels.filter(name__in=case.labels).exclude(review_weight=1)
    heavy = [
        translated(Sentence("{label} {weight:g} times", label=name, weight=weight))
        for name, weight in weights.values_list("name", "review_weight")
    ]
    return Sentence(
        "Counts {priority:.1f} in the order of the list: the mistakes that are to be expected here{weighed}.",
        priority=case.priority,
        weighed=Sentence(", mistakes in {labels}", labels=", ".join(heavy)) if heavy else "",
    )


def stored_state(case: AdjudicationCase) -> dict[str, Any]:
    """The decisions that stand: those that are to be made again are left out."""
    if case.status != AdjudicationCase.Status.OPEN or not case.stale:
        return dict(case.decisions)
    kept = [item for item in case.decisions.get("decisions", []) if item["group"] not in case.stale]
    return {**case.decisions, "decisions": kept}


@dataclass(frozen=True)
class Lane:
    letter: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class ReviewPage:
    text: tuple[Piece, ...]
    """With the gold once the case is decided, else with the places to decide."""
    lanes: tuple[Lane, ...]
    open_groups: tuple[GroupRow, ...]
    agreed_groups: tuple[GroupRow, ...]
    lost: int
    """Decisions of `state` about places that are no longer there."""
    data: dict[str, Any]
    """For the script: text, tokens, labels, groups, decisions, added."""


def review_page(case: AdjudicationCase, content: CaseContent, state: Mapping[str, Any]) -> ReviewPage:
    """The page of a case; `state` as `AdjudicationCase.decisions`, stored or just posted."""
    layers = content.layers
    colors = {label.name: label.color for label in case.project.labels.all()}
    letters = _lane_letters(content)
    decisions = {item["group"]: item for item in state.get("decisions", [])}
    rows = group_rows(content, colors, decisions, case.stale)
    known = {group.id for group in content.groups}
    decided = layers.gold if case.status == AdjudicationCase.Status.RESOLVED else None
    return ReviewPage(
        text=_merged(layers.text, content.groups, colors)
        if decided is None
        else _marked(layers.text, decided.spans, colors),
        lanes=tuple(
            Lane(letters[str(layer.author_id)], _marked(layers.text, layer.spans, colors))
            for layer in sorted(layers.layers, key=lambda layer: letters[str(layer.author_id)])
        ),
        open_groups=tuple(row for row in rows if row.number),
        agreed_groups=tuple(row for row in rows if not row.number),
        lost=sum(group not in known for group in decisions),
        data={
            "text": layers.text,
            "tokens": layers.tokens,
            "labels": [{"name": label.name, "color": label.color, "key": label.key} for label in palette(case.project)],
            "colors": colors,
            "overlap": case.project.span_overlap,
            "groups": [_group_data(group, letters) for group in content.groups],
            "decisions": [item for item in decisions.values() if item["group"] in known],
            "added": list(state.get("added", [])),
        },
    )


def group_rows(
    content: CaseContent,
    colors: Mapping[str, str],
    decisions: Mapping[str, Mapping[str, Any]] | None = None,
    stale: Sequence[str] = (),
) -> list[GroupRow]:
    """All groups in reading order; those in conflict are numbered from 1."""
    letters = _lane_letters(content)
    numbers = count(1)
    return [
        _group_row(
            group,
            content.layers.text,
            colors,
            letters,
            (decisions or {}).get(group.id),
            next(numbers) if group.open else None,
            stale=group.id in stale,
        )
        for group in content.groups
    ]


def _lane_letters(content: CaseContent) -> dict[str, str]:
    layers = content.layers
    return lane_letters(str(layers.document_uuid), (str(layer.author_id) for layer in layers.layers))


def span_data(spans: Iterable[LabelledSpan]) -> list[Span]:
    return [{"start": span.start, "end": span.end, "label": span.label} for span in spans]


def _group_row(
    group: ConflictGroup,
    text: str,
    colors: Mapping[str, str],
    letters: Mapping[str, str],
    decision: Mapping[str, Any] | None,
    number: int | None,
    *,
    stale: bool,
) -> GroupRow:
    default = "" if group.open else "1"
    choice = decision["choice"] if decision else default
    options = [
        OptionRow(str(n), _parts(option.spans, text, colors), _letters(option.supporters, letters), choice == str(n))
        for n, option in enumerate(group.options, 1)
    ]
    options.append(OptionRow(NOTHING, (), _letters(group.silent, letters), choice == NOTHING))
    if decision and choice == EDITED:
        spans = [LabelledSpan(**span) for span in decision["spans"]]
        options.append(OptionRow(EDITED, _parts(spans, text, colors), (), True))
    return GroupRow(
        id=group.id,
        number=number,
        kind=group.kind.value,
        title=group.kind.words,
        before=("…" if group.start > CONTEXT else "") + text[max(0, group.start - CONTEXT) : group.start],
        inside=text[group.start : group.end],
        after=text[group.end : group.end + CONTEXT] + ("…" if group.end + CONTEXT < len(text) else ""),
        options=tuple(options),
        reason=decision.get("reason", "") if decision else "",
        stale=stale and decision is None,
        applied=decision.get("applied", "") if decision else "",
    )


def _group_data(group: ConflictGroup, letters: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": group.id,
        "start": group.start,
        "end": group.end,
        "kind": group.kind.words,
        "open": group.open,
        "options": [
            {"spans": span_data(option.spans), "by": _letters(option.supporters, letters)} for option in group.options
        ],
        "silent": _letters(group.silent, letters),
    }


def _letters(people: Sequence[str], letters: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(letters[person] for person in people))


def _parts(spans: Iterable[LabelledSpan], text: str, colors: Mapping[str, str]) -> tuple[Piece, ...]:
    return tuple(
        Piece(text[span.start : span.end], span.label, colors.get(span.label, FALLBACK_COLOR)) for span in spans
    )


def _merged(text: str, groups: Sequence[ConflictGroup], colors: Mapping[str, str]) -> tuple[Piece, ...]:
    """The text once: agreed spans with their label, groups in conflict as outlined stretches."""
    agreed = [span for group in groups if not group.open for span in group.options[0].spans]
    return _marked(text, agreed + [LabelledSpan(group.start, group.end, "") for group in groups if group.open], colors)


def _marked(text: str, spans: Iterable[LabelledSpan], colors: Mapping[str, str]) -> tuple[Piece, ...]:
    """The text with one version of its spans."""
    return tuple(
        Piece(piece["text"], piece["label"], piece["color"], tuple(piece["opens"]), tuple(piece["closes"]))
        for piece in colored(text, spans, colors)
    )
