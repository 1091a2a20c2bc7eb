"""Writing down what a reviewer decided, place by place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from annotation.access import ProjectContext
from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation
from quality.domain.adjudication import Decision, settle, support
from quality.domain.conflicts import ConflictGroup
from quality.domain.samples import in_sample
from quality.models import AdjudicationCase, Review
from quality.selectors.content import CaseContent


def review_write(
    *,
    ctx: ProjectContext,
    case: AdjudicationCase,
    content: CaseContent,
    decisions: Sequence[Decision],
    spans: Sequence[LabelledSpan],
    seconds: float | None,
    gold: Annotation | None,
) -> Review:
    """Keep a decision as it was made; called by `case_resolve`, in its transaction."""
    by_group = {decision.group: decision for decision in decisions}
    return Review.objects.create(
        organization=ctx.organization,
        project=ctx.project,
        document=case.document,
        case=case,
        reviewer=ctx.user,
        origin=case.origin,
        places=[
            _place(group, by_group[group.id], content.layers.text) for group in content.groups if group.id in by_group
        ],
        spans=span_rows(spans),
        before=case.before,
        seconds=seconds,
        with_suggestions=ctx.user.pk in case.suggested_to,
        blind=in_sample("blind", seed=ctx.project.seed, key=case.document.sha256),
        gold=gold,
    )


def span_rows(spans: Sequence[LabelledSpan]) -> list[list[int | str]]:
    """In reading order, as `Review.spans` holds them."""
    return [[span.start, span.end, span.label] for span in sorted(spans)]


def decision_json(decision: Decision) -> dict[str, Any]:
    return {
        "group": decision.group,
        "choice": decision.choice,
        "spans": [span_json(span) for span in decision.spans],
    } | {name: value for name, value in (("reason", decision.reason), ("applied", decision.applied)) if value}


def decision_of(item: Mapping[str, Any]) -> Decision:
    """Back from `decision_json`."""
    spans = tuple(LabelledSpan(**span) for span in item.get("spans", []))
    return Decision(item["group"], item["choice"], spans, item.get("reason", ""), item.get("applied", ""))


def group_json(group: ConflictGroup) -> dict[str, Any]:
    """What was to choose from, so that the decision can be read without the annotations."""
    return {
        "group": group.id,
        "kind": group.kind.value,
        "options": [
            {"spans": [span_json(span) for span in option.spans], "by": list(option.supporters)}
            for option in group.options
        ],
        "silent": list(group.silent),
    }


def span_json(span: LabelledSpan) -> dict[str, Any]:
    return {"start": span.start, "end": span.end, "label": span.label}


def _place(group: ConflictGroup, decision: Decision, text: str) -> dict[str, Any]:
    return {
        "group": group.id,
        "kind": group.kind.value,
        "text": text[group.start : group.end],
        "start": group.start,
        "end": group.end,
        "support": support(group, decision),
        "choice": decision.choice,
        "spans": [span_json(span) for span in settle(group, decision)],
        "reason": decision.reason,
    } | ({"applied": decision.applied} if decision.applied else {})
