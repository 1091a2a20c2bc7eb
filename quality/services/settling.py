"""Settling cases: what a reviewer decides becomes gold, and nothing is overwritten unseen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from annotation.access import ProjectContext, require
from annotation.domain.permissions import Permission
from annotation.domain.spans import LabelledSpan, SpanOverlap, validate_spans
from annotation.models import Annotation, Document
from annotation.services.gold import gold_publish
from daner_site.accounts.audit import audit
from daner_site.core.clock import now
from daner_site.core.sentences import Sentence
from quality.domain.adjudication import Decision, Reason, merge
from quality.domain.samples import in_sample
from quality.models import AdjudicationCase, Review
from quality.selectors.cases import another_reviewer, worked_on
from quality.selectors.content import CaseContent, case_content
from quality.services.cases import case_change, case_facts, case_open
from quality.services.decisions import decision_json, group_json, review_write, span_json
from quality.services.rulings import ruling_ask

Status, Origin = AdjudicationCase.Status, AdjudicationCase.Origin


class CaseError(Exception):
    """The decision cannot be taken; the message is for the reviewer."""


class StaleCaseError(CaseError):
    """The case changed since the reviewer's page was made."""


class OwnWorkError(CaseError):
    """Nobody judges a document they labelled themselves."""

    def __init__(self) -> None:
        super().__init__(gettext("You labelled this document yourself, so somebody else has to decide on it."))


class EscalatedError(CaseError):
    """The case waits for somebody who manages the project."""

    def __init__(self) -> None:
        super().__init__(gettext("This case was passed on: a manager of the project decides it."))


class DecidedBeforeError(CaseError):
    """Two independent decisions need two people."""

    def __init__(self) -> None:
        super().__init__(gettext("You decided on this document first; somebody else has to be the second."))


@transaction.atomic
def case_resolve(
    *,
    ctx: ProjectContext,
    case: AdjudicationCase,
    version: int,
    decisions: Sequence[Decision],
    added: Sequence[LabelledSpan] = (),
    comment: str = "",
    seconds: float | None = None,
) -> Annotation:
    """Settle the case: the decisions, merged with what was agreed, become the document's gold.

    The second of two independent decisions becomes no gold: if it is the same, the case is closed,
    if not, it is passed to a manager. A seeded sample of first decisions asks for a second one. What
    the reviewer puts down to the guideline is asked in the guideline log.

    Args:
        version: of the case as the reviewer saw it.
        decisions: one for every group in conflict, at will for agreed ones.
        added: spans nobody had marked.
        seconds: active time on the page, if known.

    Returns: the document's gold annotation, with reviewer, decisions and the annotations judged.

    Raises:
        PermissionDenied: the role may not review.
        OwnWorkError: the reviewer labelled the document.
        EscalatedError, DecidedBeforeError: it is for somebody else to decide.
        StaleCaseError: somebody decided or annotated in the meantime.
        DecisionError: open groups, unknown groups or choices, overlapping spans.
        SpanError: a span outside the text or with an unknown label.
    """
    case, content = case_take(ctx, case, version)
    spans = merge(content.groups, decisions, added, SpanOverlap(ctx.project.span_overlap))
    validate_spans(spans, len(content.layers.text), set(ctx.project.labels.values_list("name", flat=True)))
    record = {
        "decisions": [decision_json(item) for item in decisions],
        "added": [span_json(span) for span in added],
        "comment": comment,
    }
    second = case.origin == Origin.SECOND and case.escalated_at is None
    gold = None if second else _publish(ctx, case, content, spans, record)
    review = review_write(
        ctx=ctx, case=case, content=content, decisions=decisions, spans=spans, seconds=seconds, gold=gold
    )
    for decision in decisions:
        if decision.reason == Reason.GUIDELINE:
            ruling_ask(ctx=ctx, case=case, content=content, group=decision.group, question=comment)
    if second and review.spans != review.before:
        case_change(
            case, escalated_at=now(), escalated_by=None, escalation=Sentence("Two reviewers decided differently.")
        )
    else:
        case_change(
            case,
            status=Status.RESOLVED,
            resolved_by=ctx.user,
            resolved_at=now(),
            gold_annotation=gold or _gold_of(case.document),
            decisions=record,
            layers_sha=content.sha,
            stale=[],
        )
    # A page of another case of this document shows a gold that is no longer the last word.
    siblings = AdjudicationCase.objects.filter(document=case.document).exclude(pk=case.pk)
    siblings.update(version=F("version") + 1)
    if gold is not None and case.origin == Origin.CONFLICT:
        _ask_second(ctx, case, content, review)
    standing = gold or _gold_of(case.document)
    case_audit(ctx, case, "case.resolve", {"gold": str(standing.uuid), "groups": len(decisions), "added": len(added)})
    return standing


@transaction.atomic
def case_escalate(*, ctx: ProjectContext, case: AdjudicationCase, version: int, note: str) -> AdjudicationCase:
    """Pass an open case to those who manage the project, with the reason in words.

    Raises: as `case_resolve`; CaseError for a case that is not open or without a reason.
    """
    case, _ = case_take(ctx, case, version)
    if case.status != Status.OPEN:
        raise CaseError(gettext("The case is not open any more."))
    if not note.strip():
        raise CaseError(gettext("Say in a few words why a manager should decide."))
    case_change(case, escalated_at=now(), escalated_by=ctx.user, escalation=note.strip()[:500])
    case_audit(ctx, case, "case.escalate", {})
    return case


@transaction.atomic
def suggestions_ask(*, ctx: ProjectContext, case: AdjudicationCase) -> AdjudicationCase:
    """Note that this reviewer asked for suggestions before they decided.

    Raises: as `case_resolve`; CaseError for a case drawn to be decided without.
    """
    case, _ = case_take(ctx, case, None)
    if in_sample("blind", seed=ctx.project.seed, key=case.document.sha256):
        raise CaseError(gettext("This case was drawn to be decided without suggestions."))
    if ctx.user.pk not in case.suggested_to:
        # No new version: the reviewer's page is still right.
        case.suggested_to = [*case.suggested_to, ctx.user.pk]
        case.save(update_fields=["suggested_to"])
    return case


@transaction.atomic
def case_reopen(*, ctx: ProjectContext, case: AdjudicationCase, version: int) -> AdjudicationCase:
    """Put a decided case back on the list; its gold stays until it is decided again.

    Raises: PermissionDenied, OwnWorkError, StaleCaseError as `case_resolve`; CaseError when
    there is nothing left to decide or the document has another open case.
    """
    case, content = case_take(ctx, case, version)
    others = AdjudicationCase.objects.filter(document=case.document, status=Status.OPEN)
    if others.exclude(pk=case.pk).exists():
        raise CaseError(gettext("The document has a newer open case; decide that one."))
    if not content.open_groups:
        raise CaseError(gettext("The annotators agree by now; there is nothing to decide."))
    case_change(case, status=Status.OPEN, opened_at=now(), **case_facts(case.project, [content])[case.document_id])
    if case.before is not None:
        # It is an ordinary case from now on.
        case_change(case, origin=Origin.CONFLICT, before=None, barred=None)
    case_audit(ctx, case, "case.reopen", {})
    return case


def case_take(ctx: ProjectContext, case: AdjudicationCase, version: int | None) -> tuple[AdjudicationCase, CaseContent]:
    """Lock the case and check that this person may change it as they saw it; `version` None: as it is.

    Raises: as `case_resolve`, for who and when.
    """
    require(ctx, Permission.REVIEW)
    # The document first, as in `cases_refresh`: it may have several cases.
    Document.objects.select_for_update(no_key=True).get(pk=case.document_id)
    locked = (
        AdjudicationCase.objects.select_for_update(of=("self",))
        .select_related("document", "project")
        .get(pk=case.pk, project=ctx.project)
    )
    if worked_on(locked.document, ctx.user):
        raise OwnWorkError
    if locked.status == Status.OPEN and locked.escalated_at is not None and not ctx.can(Permission.MANAGE):
        raise EscalatedError
    if locked.barred_id == ctx.user.pk and locked.escalated_at is None:
        raise DecidedBeforeError
    if version is not None and locked.version != version:
        raise StaleCaseError(gettext("Somebody changed this case while you worked on it."))
    content = case_content(locked.document)
    if content.sha != locked.layers_sha and locked.status == Status.OPEN:
        raise StaleCaseError(gettext("An annotator changed their work on this document in the meantime."))
    return locked, content


def _publish(
    ctx: ProjectContext,
    case: AdjudicationCase,
    content: CaseContent,
    spans: Sequence[LabelledSpan],
    record: dict[str, Any],
) -> Annotation:
    groups = {group.id: group for group in content.groups}
    ambiguous = [groups[item["group"]] for item in record["decisions"] if item.get("reason") == Reason.AMBIGUOUS]
    return gold_publish(
        project=ctx.project,
        document=case.document,
        author=ctx.user,
        spans=spans,
        provenance={
            "source": "adjudication",
            "case": str(case.uuid),
            "origin": case.origin,
            "reviewer": ctx.user.pk,
            "annotations": [str(layer.annotation_uuid) for layer in content.layers.layers],
            "groups": [group_json(group) for group in content.groups],
            # What else the text can mean, for those who measure strictly.
            "ambiguous": [group_json(group) for group in ambiguous],
            **record,
        },
    )


def _ask_second(ctx: ProjectContext, case: AdjudicationCase, content: CaseContent, review: Review) -> None:
    document = case.document
    if not in_sample("second", seed=ctx.project.seed, key=document.sha256) or not another_reviewer(ctx, document):
        return
    case_open(document=document, content=content, origin=Origin.SECOND, before=review.spans, barred=ctx.user)


def _gold_of(document: Document) -> Annotation:
    return document.annotations.get(kind=Annotation.Kind.GOLD, current=True)


def case_audit(ctx: ProjectContext, case: AdjudicationCase, verb: str, payload: dict[str, Any]) -> None:
    """Note in the audit log what this person did to the case."""
    audit(
        organization=ctx.organization,
        actor=ctx.user,
        verb=verb,
        project_uuid=ctx.project.uuid,
        target_uuid=case.uuid,
        payload={"document": str(case.document.uuid), **payload},
    )
