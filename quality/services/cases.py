"""Adjudication cases: opened by disagreement, settled by a reviewer, never overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from annotation.access import ProjectContext, require
from annotation.domain.permissions import Permission
from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Document
from annotation.services.gold import gold_publish
from daner_site.accounts.audit import audit
from daner_site.core.clock import now
from daner_site.core.live import nudge_on_commit, project_group
from quality.domain.adjudication import Decision, merge
from quality.domain.conflicts import ConflictGroup, kind_counts
from quality.models import AdjudicationCase
from quality.selectors.cases import worked_on
from quality.selectors.content import CaseContent, case_content

Status = AdjudicationCase.Status


class CaseError(Exception):
    """The decision cannot be taken; the message is for the reviewer."""


class StaleCaseError(CaseError):
    """The case changed since the reviewer's page was made."""


class OwnWorkError(CaseError):
    """Nobody judges a document they labelled themselves."""

    def __init__(self) -> None:
        super().__init__("You labelled this document yourself, so somebody else has to decide on it.")


@transaction.atomic
def cases_refresh(*, document_id: int) -> AdjudicationCase | None:
    """Bring the document's open case in line with its current annotations.

    Opens, changes or closes it; a document whose annotators agree, or whose gold is newer than
    the case, has none. Safe to repeat. Returns the open case, if there is one now.
    """
    document = (
        Document.objects.select_for_update(no_key=True, of=("self",))
        .select_related("project")
        .filter(pk=document_id)
        .first()
    )
    if document is None:
        return None
    # Locked as well: a reviewer may be settling it at this moment.
    open_case = AdjudicationCase.objects.select_for_update(of=("self",)).filter(document=document, status=Status.OPEN)
    case = open_case.first()
    content = case_content(document)
    disputed = len(content.layers.layers) > 1 and bool(content.open_groups)
    if not disputed or _settled(document, case):
        if case is not None:
            _change(case, status=Status.OBSOLETE)
        return None
    if case is None:
        case = AdjudicationCase.objects.create(
            organization_id=document.organization_id,
            project=document.project,
            document=document,
            opened_at=now(),
            **_facts(content),
        )
        nudge_on_commit(project_group(document.project.uuid), "quality")
    elif case.layers_sha != content.sha:
        _change(case, **_facts(content))
    return case


@transaction.atomic
def case_resolve(
    *,
    ctx: ProjectContext,
    case: AdjudicationCase,
    version: int,
    decisions: Sequence[Decision],
    added: Sequence[LabelledSpan] = (),
    comment: str = "",
) -> Annotation:
    """Settle the case: the decisions, merged with what was agreed, become the document's gold.

    Args:
        version: of the case as the reviewer saw it.
        decisions: one for every group in conflict, at will for agreed ones.
        added: spans nobody had marked.

    Returns: the gold annotation, with reviewer, decisions and the annotations judged.

    Raises:
        PermissionDenied: the role may not review.
        OwnWorkError: the reviewer labelled the document.
        StaleCaseError: somebody decided or annotated in the meantime.
        DecisionError: open groups, unknown groups or choices, overlapping spans.
        SpanError: a span outside the text or with an unknown label.
    """
    case, content = _take(ctx, case, version)
    spans = merge(content.groups, decisions, added)
    record = {
        "decisions": [_decision_json(item) for item in decisions],
        "added": [_span_json(span) for span in added],
        "comment": comment,
    }
    gold = gold_publish(
        project=ctx.project,
        document=case.document,
        author=ctx.user,
        spans=spans,
        provenance={
            "source": "adjudication",
            "case": str(case.uuid),
            "reviewer": ctx.user.pk,
            "annotations": [str(layer.annotation_uuid) for layer in content.layers.layers],
            "groups": [_group_json(group) for group in content.groups],
            **record,
        },
    )
    _change(
        case,
        status=Status.RESOLVED,
        resolved_by=ctx.user,
        resolved_at=now(),
        gold_annotation=gold,
        decisions=record,
        layers_sha=content.sha,
    )
    _audit(ctx, case, "case.resolve", {"gold": str(gold.uuid), "groups": len(decisions), "added": len(added)})
    return gold


@transaction.atomic
def case_reopen(*, ctx: ProjectContext, case: AdjudicationCase, version: int) -> AdjudicationCase:
    """Put a decided case back on the list; its gold stays until it is decided again.

    Raises: PermissionDenied, OwnWorkError, StaleCaseError as `case_resolve`; CaseError when
    there is nothing left to decide or the document has another open case.
    """
    case, content = _take(ctx, case, version)
    others = AdjudicationCase.objects.filter(document=case.document, status=Status.OPEN)
    if others.exclude(pk=case.pk).exists():
        raise CaseError("The document has a newer open case; decide that one.")
    if not content.open_groups:
        raise CaseError("The annotators agree by now; there is nothing to decide.")
    _change(case, status=Status.OPEN, opened_at=now(), **_facts(content))
    _audit(ctx, case, "case.reopen", {})
    return case


def _take(ctx: ProjectContext, case: AdjudicationCase, version: int) -> tuple[AdjudicationCase, CaseContent]:
    """Lock the case and check that this person may change it as they saw it."""
    require(ctx, Permission.REVIEW)
    locked = (
        AdjudicationCase.objects.select_for_update(of=("self",))
        .select_related("document", "project")
        .get(pk=case.pk, project=ctx.project)
    )
    if worked_on(locked.document, ctx.user):
        raise OwnWorkError
    if locked.version != version:
        raise StaleCaseError("Somebody changed this case while you worked on it.")
    content = case_content(locked.document)
    if content.sha != locked.layers_sha and locked.status == Status.OPEN:
        raise StaleCaseError("An annotator changed their work on this document in the meantime.")
    return locked, content


def _settled(document: Document, case: AdjudicationCase | None) -> bool:
    """Gold stands, unless a reviewer reopened the case after it."""
    gold = document.annotations.filter(kind=Annotation.Kind.GOLD, current=True).first()
    return gold is not None and (case is None or case.opened_at <= gold.created_at)


def _facts(content: CaseContent) -> dict[str, Any]:
    kinds = {kind: count for kind, count in kind_counts(content.groups).items() if count}
    return {
        "layers_sha": content.sha,
        "kinds": kinds,
        "n_groups": sum(kinds.values()),
        "priority": round(sum(group.doubt for group in content.open_groups), 6),
    }


def _change(case: AdjudicationCase, **fields: Any) -> None:
    case.version += 1
    for name, value in fields.items():
        setattr(case, name, value)
    case.save(update_fields=["version", *fields])
    nudge_on_commit(project_group(case.project.uuid), "quality")


def _audit(ctx: ProjectContext, case: AdjudicationCase, verb: str, payload: dict[str, Any]) -> None:
    audit(
        organization=ctx.organization,
        actor=ctx.user,
        verb=verb,
        project_uuid=ctx.project.uuid,
        target_uuid=case.uuid,
        payload={"document": str(case.document.uuid), **payload},
    )


def _decision_json(decision: Decision) -> dict[str, Any]:
    return {
        "group": decision.group,
        "choice": decision.choice,
        "spans": [_span_json(span) for span in decision.spans],
    }


def _group_json(group: ConflictGroup) -> dict[str, Any]:
    """What was to choose from, so that the decision can be read without the annotations."""
    return {
        "group": group.id,
        "kind": group.kind.value,
        "options": [
            {"spans": [_span_json(span) for span in option.spans], "by": list(option.supporters)}
            for option in group.options
        ],
        "silent": list(group.silent),
    }


def _span_json(span: LabelledSpan) -> dict[str, Any]:
    return {"start": span.start, "end": span.end, "label": span.label}
