"""One decision applied to the same words elsewhere; each place is decided on its own, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from annotation.access import ProjectContext
from annotation.domain.spans import LabelledSpan, validate_spans
from annotation.services.gold import gold_withdraw
from daner_site.core.clock import now
from quality.domain.adjudication import DecisionError
from quality.domain.conflicts import ConflictGroup
from quality.domain.same import traits, transferred
from quality.domain.samples import in_sample
from quality.models import AdjudicationCase, DecisionApplication
from quality.selectors.cases import cases_of, lease_of_another
from quality.selectors.review import stored_state
from quality.selectors.same import undecided
from quality.services.cases import case_change
from quality.services.decisions import decision_json, decision_of
from quality.services.settling import CaseError, case_audit, case_resolve, case_take

Status = AdjudicationCase.Status

Place = tuple[UUID, str]
"""A case and one of its groups."""


@transaction.atomic
def decision_apply(
    *,
    ctx: ProjectContext,
    case: AdjudicationCase,
    group: str,
    spans: Sequence[LabelledSpan],
    reason: str = "",
    places: Iterable[Place],
) -> DecisionApplication:
    """Decide other places like `group` of `case`; what changed meanwhile is left alone.

    A document whose last open place this was is finished like any other, through `case_resolve`; of the
    others the decision is kept for whoever reviews them. Documents that have gold already, or were drawn
    for a second decision, are never finished from afar.

    Args:
        spans: what was decided; none for "nothing here".

    Raises: PermissionDenied, OwnWorkError and the like as `case_resolve`; DecisionError when the place is
        gone or the decision reaches beyond it; SpanError.
    """
    case, content = case_take(ctx, case, None)
    source = next((item for item in content.groups if item.id == group), None)
    if source is None:
        raise DecisionError(gettext("The place is no longer there."))
    validate_spans(spans, len(content.layers.text), set(ctx.project.labels.values_list("name", flat=True)))
    wanted = traits(source, content.layers.text)
    done = []
    for uuid, target in dict.fromkeys(places):
        try:
            with transaction.atomic():
                done.append(_apply(ctx, case, source, spans, reason, wanted, uuid, target))
        except CaseError:
            continue
    return DecisionApplication.objects.create(
        organization=ctx.organization, project=ctx.project, case=case, reviewer=ctx.user, places=done
    )


@transaction.atomic
def application_undo(*, ctx: ProjectContext, application: DecisionApplication) -> int:
    """Take back what `decision_apply` did, where nobody has gone on since; returns in how many places.

    Gold that came of it is withdrawn: it had nothing before it.
    """
    rows = DecisionApplication.objects.filter(pk=application.pk, reviewer=ctx.user, undone_at=None)
    if not rows.update(undone_at=now()):
        return 0
    return sum(_take_back(ctx, place) for place in application.places)


def _apply(
    ctx: ProjectContext,
    source_case: AdjudicationCase,
    source: ConflictGroup,
    spans: Sequence[LabelledSpan],
    reason: str,
    wanted: tuple[str, frozenset[str]],
    uuid: UUID,
    target: str,
) -> dict[str, Any]:
    found = cases_of(ctx.project).filter(uuid=uuid, status=Status.OPEN, before__isnull=True, escalated_at=None).first()
    if found is None or found.pk == source_case.pk or lease_of_another(ctx, found.document):
        raise CaseError(gettext("The case is not open any more."))
    case, content = case_take(ctx, found, None)
    left = {group.id: group for group in undecided(case, content)}
    if target not in left or traits(left[target], content.layers.text) != wanted:
        raise CaseError(gettext("The place has changed."))
    applied = f"applied from {_name(source_case)}"
    decision = transferred(source, spans, left[target], reason=reason, applied=applied)
    state = stored_state(case)
    decisions = [*state.get("decisions", []), decision_json(decision)]
    finished = len(left) == 1 and content.layers.gold is None and not _second(ctx, case)
    if finished:
        _finish(ctx, case, state, decisions)
        case.refresh_from_db()
    else:
        stale = [item for item in case.stale if item != target]
        case_change(case, decisions={**state, "decisions": decisions}, stale=stale)
    case_audit(ctx, case, "case.apply", {"from": str(source_case.uuid), "reason": applied, "finished": finished})
    return {"case": str(case.uuid), "group": target, "version": case.version, "finished": finished}


def _finish(ctx: ProjectContext, case: AdjudicationCase, state: dict[str, Any], decisions: list[Any]) -> None:
    case_resolve(
        ctx=ctx,
        case=case,
        version=case.version,
        decisions=[decision_of(item) for item in decisions],
        added=[LabelledSpan(**span) for span in state.get("added", [])],
        comment=state.get("comment", ""),
    )


def _take_back(ctx: ProjectContext, place: dict[str, Any]) -> bool:
    found = cases_of(ctx.project).filter(uuid=place["case"], version=place["version"]).first()
    if found is None:
        return False
    try:
        case, _ = case_take(ctx, found, place["version"])
    except CaseError:
        return False
    kept = [item for item in case.decisions.get("decisions", []) if item["group"] != place["group"]]
    fields: dict[str, Any] = {"decisions": {**case.decisions, "decisions": kept}}
    if place["finished"]:
        gold_withdraw(project=ctx.project, document=case.document, actor=ctx.user)
        fields |= {"status": Status.OPEN, "resolved_by": None, "resolved_at": None, "gold_annotation": None}
    case_change(case, **fields)
    case_audit(ctx, case, "case.unapply", {})
    return True


def _second(ctx: ProjectContext, case: AdjudicationCase) -> bool:
    return in_sample("second", seed=ctx.project.seed, key=case.document.sha256)


def _name(case: AdjudicationCase) -> str:
    return case.document.external_id or f"document {case.document.position + 1}"
