"""Where else the words of a place are in dispute between the same labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from annotation.access import ProjectContext
from annotation.selectors.layers import layers_of
from quality.domain.conflicts import ConflictGroup
from quality.domain.same import traits
from quality.models import AdjudicationCase, DecisionApplication
from quality.selectors.cases import others_leases, own_queue
from quality.selectors.content import CaseContent, grouped
from quality.selectors.review import GroupRow, group_rows, stored_state

Origin = AdjudicationCase.Origin

LIMIT = 200
"""So many cases are looked through at once, the most urgent first."""


@dataclass(frozen=True)
class SamePlace:
    case: AdjudicationCase
    group: ConflictGroup
    row: GroupRow
    here: bool
    """In the document that is being reviewed."""

    @property
    def key(self) -> str:
        """For a form."""
        return self.group.id if self.here else f"{self.case.uuid}:{self.group.id}"


def same_places(
    ctx: ProjectContext, case: AdjudicationCase, content: CaseContent, group: ConflictGroup
) -> list[SamePlace]:
    """Other places in dispute with the same words and labels: of this document, then of those this person
    may decide and nobody else has open. Checks and second decisions stay independent and are left out.
    """
    wanted = traits(group, content.layers.text)
    own = [item for item in _alike(case, content, wanted) if item.group.id != group.id]
    cases = own_queue(ctx).filter(
        document__text__contains=wanted[0],
        origin__in=[Origin.CONFLICT, Origin.CHANGED],
        before__isnull=True,
        escalated_at=None,
    )
    cases = cases.exclude(pk=case.pk).exclude(document__in=others_leases(ctx).values("document"))
    by_document = {item.document_id: item for item in cases[:LIMIT]}
    found = layers_of(ctx.project, document_ids=by_document)
    contents = {layers.document_id: grouped(ctx.project, layers) for layers in found}
    elsewhere = [
        place
        for pk, item in by_document.items()
        if pk in contents
        for place in _alike(item, contents[pk], wanted, here=False)
    ]
    return [*own, *elsewhere]


def applications_of(ctx: ProjectContext) -> QuerySet[DecisionApplication]:
    """What this person applied; nobody takes back what somebody else did."""
    return DecisionApplication.objects.filter(project=ctx.project, reviewer=ctx.user)


def undecided(case: AdjudicationCase, content: CaseContent) -> list[ConflictGroup]:
    """The places of an open case that no stored decision is about."""
    decided = {item["group"] for item in stored_state(case).get("decisions", [])}
    return [group for group in content.open_groups if group.id not in decided]


def _alike(
    case: AdjudicationCase, content: CaseContent, wanted: tuple[str, frozenset[str]], *, here: bool = True
) -> Iterator[SamePlace]:
    groups = content.open_groups if here else undecided(case, content)
    alike = [group for group in groups if traits(group, content.layers.text) == wanted]
    if alike:
        rows = {row.id: row for row in group_rows(content, {})}
        yield from (SamePlace(case, group, rows[group.id], here) for group in alike)
