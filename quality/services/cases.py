"""Adjudication cases: opened by disagreement, changed and closed with it, put in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Document, Project
from annotation.selectors.layers import layers_of
from daner_site.core.clock import now
from daner_site.core.live import nudge_on_commit, project_group
from quality.domain.conflicts import kind_counts, label_counts
from quality.domain.priority import expected_gain
from quality.models import AdjudicationCase
from quality.selectors.content import CaseContent, case_content, grouped
from quality.selectors.expected import label_weights, probable_spans_of

PART = 200
"""Cases that are put in order in one transaction."""

Status, Origin = AdjudicationCase.Status, AdjudicationCase.Origin


def cases_refresh(*, document_id: int) -> AdjudicationCase | None:
    """Bring the document's open case in line with its current annotations; the open case, if there is one now."""
    document = Document.objects.select_related("project").filter(pk=document_id).first()
    if document is None:
        return None
    return cases_refresh_all(project=document.project, document_ids=[document_id]).get(document_id)


def cases_refresh_all(*, project: Project, document_ids: Iterable[int]) -> dict[int, AdjudicationCase]:
    """Bring the open cases of these documents in line with their current annotations.

    Opens, changes or closes them; a document whose annotators agree, or whose gold is newer than
    the case, has none. Where an annotator changed their work after the decision, a new case holds
    the places that are not decided yet; the decision and its gold stay. Safe to repeat. Returns
    the open case by document, of those that have one now.
    """
    ids = sorted(document_ids)
    found: dict[int, AdjudicationCase] = {}
    for at in range(0, len(ids), PART):
        found |= _refresh(project, ids[at : at + PART])
    return found


@transaction.atomic
def _refresh(project: Project, ids: list[int]) -> dict[int, AdjudicationCase]:
    documents = Document.objects.select_for_update(no_key=True, of=("self",)).filter(project=project, pk__in=ids)
    locked = list(documents.order_by("pk"))
    # Locked as well: a reviewer may be settling it at this moment.
    waiting = AdjudicationCase.objects.select_for_update(of=("self",)).select_related("project").order_by("pk")
    cases = {case.document_id: case for case in waiting.filter(document__in=ids, status=Status.OPEN)}
    layers = {item.document_id: item for item in layers_of(project, at_least=0, document_ids=ids)}
    to_open: list[tuple[Document, CaseContent]] = []
    to_change: list[tuple[AdjudicationCase, CaseContent]] = []
    for document in locked:
        document.project = project
        content = grouped(project, layers[document.pk]) if document.pk in layers else case_content(document)
        case = cases.get(document.pk)
        if not _to_be_open(content, case):
            if again := _close(document, content, case):
                cases[document.pk] = again
        elif case is None:
            to_open.append((document, content))
        elif _outdated(case, content):
            to_change.append((case, content))
    facts = case_facts(project, [content for _, content in [*to_open, *to_change]])
    for case, _ in to_change:
        case_change(case, **facts[case.document_id])
    opened = AdjudicationCase.objects.bulk_create(_case(document, facts[document.pk]) for document, _ in to_open)
    if opened:
        nudge_on_commit(project_group(project.uuid), "quality")
    cases |= {case.document_id: case for case in opened}
    return {document_id: case for document_id, case in cases.items() if case.status == Status.OPEN}


def _to_be_open(content: CaseContent, case: AdjudicationCase | None) -> bool:
    if case is not None and case.before is not None and case.layers_sha == content.sha:
        # A check or a second decision: about this very work, whether or not people differ in it.
        return True
    # Gold stands, unless a reviewer reopened the case after it.
    gold = content.layers.gold
    return _disputed(content) and (gold is None or (case is not None and case.opened_at > gold.created_at))


def _outdated(case: AdjudicationCase, content: CaseContent) -> bool:
    """The same work is other places, too, once spans may lie over spans in another way."""
    return case.layers_sha != content.sha or (case.before is None and case.kinds != _kinds(content))


def _close(document: Document, content: CaseContent, case: AdjudicationCase | None) -> AdjudicationCase | None:
    """Returns the case that takes the place of the one closed, if any."""
    if case is not None:
        case_change(case, status=Status.OBSOLETE)
    return _changed_after(document, content) if _disputed(content) else None


def _disputed(content: CaseContent) -> bool:
    return len(content.layers.layers) > 1 and bool(content.open_groups)


def case_open(*, document: Document, content: CaseContent, **fields: Any) -> AdjudicationCase:
    """Put the document on the reviewers' list; the caller has checked that it has no open case."""
    facts = case_facts(document.project, [content])[document.pk]
    case = _case(document, facts | fields)
    case.save()
    nudge_on_commit(project_group(document.project.uuid), "quality")
    return case


def _case(document: Document, fields: Mapping[str, Any]) -> AdjudicationCase:
    return AdjudicationCase(
        organization_id=document.organization_id,
        project=document.project,
        document=document,
        opened_at=now(),
        **fields,
    )


def priorities_refresh(*, project_id: int) -> int:
    """Order the open cases by the newest consensus and the labels' weights; returns how many moved.

    A part of them at a time, so that a long list keeps nobody waiting. Safe to repeat.
    """
    project = Project.objects.filter(pk=project_id).first()
    if project is None:
        return 0
    moved, last = 0, 0
    cases = AdjudicationCase.objects.filter(project=project, status=Status.OPEN).order_by("pk")
    while part := dict(cases.filter(pk__gt=last).values_list("pk", "document")[:PART]):
        moved += _prioritise(project, part)
        last = max(part)
    return moved


@transaction.atomic
def _prioritise(project: Project, cases: Mapping[int, int]) -> int:
    """`cases`: case → document."""
    documents = {item.document_id: item for item in layers_of(project, at_least=0, document_ids=cases.values())}
    probable = probable_spans_of(project, list(documents.values()))
    weights = label_weights(project)
    moved = 0
    for pk, document_id in cases.items():
        if (layers := documents.get(document_id)) is not None:
            priority = _priority(grouped(project, layers), probable.get(document_id), weights)
            # No new version: what the reviewer sees of the case is the same.
            moved += AdjudicationCase.objects.filter(pk=pk).exclude(priority=priority).update(priority=priority)
    return moved


def _changed_after(document: Document, content: CaseContent) -> AdjudicationCase | None:
    """A case for what an annotator changed after the decision, if anything there is undecided."""
    last = AdjudicationCase.objects.filter(document=document, status=Status.RESOLVED).order_by("-resolved_at").first()
    review = None if last is None else last.reviews.last()
    if last is None or review is None or last.layers_sha == content.sha:
        return None
    again = Annotation.objects.filter(document=document, kind=Annotation.Kind.HUMAN, current=True, revision__gt=1)
    if not again.filter(created_at__gt=last.resolved_at).exists():
        return None
    decided = {place["group"] for place in review.places}
    stale = [group.id for group in content.open_groups if group.id not in decided]
    if not stale:
        return None
    return case_open(document=document, content=content, origin=Origin.CHANGED, decisions=last.decisions, stale=stale)


def case_facts(project: Project, contents: Sequence[CaseContent]) -> dict[int, dict[str, Any]]:
    """What cases say of their documents' work, by document; the questions that all share are asked once."""
    if not contents:
        return {}
    probable = probable_spans_of(project, [content.layers for content in contents])
    weights = label_weights(project)
    return {
        content.layers.document_id: {
            "layers_sha": content.sha,
            "kinds": (kinds := _kinds(content)),
            "n_groups": sum(kinds.values()),
            "labels": label_counts(content.groups),
            "priority": _priority(content, probable.get(content.layers.document_id), weights),
        }
        for content in contents
    }


def _kinds(content: CaseContent) -> dict[str, int]:
    """Those that occur."""
    return {kind: count for kind, count in kind_counts(content.groups).items() if count}


def _priority(
    content: CaseContent, probable: Sequence[tuple[LabelledSpan, float]] | None, weights: Mapping[str, float]
) -> float:
    return round(expected_gain(content.groups, probable, weights), 6)


def case_change(case: AdjudicationCase, **fields: Any) -> None:
    """Write the fields under a new version; the caller holds the lock of `case_take`."""
    case.version += 1
    for name, value in fields.items():
        setattr(case, name, value)
    case.save(update_fields=["version", *fields])
    nudge_on_commit(project_group(case.project.uuid), "quality")
