"""The reviewer's queue as shown beside a case: what waits, and who is at what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from annotation.access import ProjectContext
from quality.domain.conflicts import Kind
from quality.models import AdjudicationCase, ReviewLease
from quality.selectors.cases import lease_of_another, others_leases, own_queue

SHOWN = 12


@dataclass(frozen=True)
class LeaseShown:
    """Who has the document, to one reviewer's page."""

    holder: ReviewLease | None
    """Somebody else."""
    lost: bool
    """Whether they took it from this page."""
    changed: bool
    """Whether the case is not any more what the page shows."""

    @property
    def state(self) -> str:
        """Two that are equal need not be announced twice."""
        return f"{self.holder.reviewer_id if self.holder else ''}:{self.changed:d}"


@dataclass(frozen=True)
class QueueRow:
    case: AdjudicationCase
    opening: str
    """How the document begins."""
    kinds: tuple[tuple[str, str, int], ...]
    """(kind, in words, how many), frequent ones first."""
    lease: ReviewLease | None
    """Of somebody else who has it open."""


@dataclass(frozen=True)
class ReviewQueue:
    rows: tuple[QueueRow, ...]
    more: int


def review_queue(ctx: ProjectContext) -> ReviewQueue:
    """The first cases this person may judge, those that others have open included."""
    cases = own_queue(ctx)
    leases = {lease.document_id: lease for lease in others_leases(ctx)}
    rows = tuple(
        QueueRow(
            case=case,
            opening=case.document.text[:60],
            kinds=tuple(
                (kind, Kind(kind).words, count) for kind, count in sorted(case.kinds.items(), key=lambda item: -item[1])
            ),
            lease=leases.get(case.document_id),
        )
        for case in cases[:SHOWN]
    )
    return ReviewQueue(rows, max(0, cases.count() - len(rows)))


def lease_shown(ctx: ProjectContext, case: AdjudicationCase, known: Mapping[str, str]) -> LeaseShown:
    """`known`: what the page said of itself: `version`, and `held` if it had the document; empty for a new page."""
    holder = lease_of_another(ctx, case.document)
    changed = known.get("version", str(case.version)) != str(case.version)
    return LeaseShown(holder, lost=holder is not None and "held" in known, changed=changed)


def leased_count(ctx: ProjectContext) -> int:
    """How many open cases of theirs somebody else is at."""
    return own_queue(ctx).filter(document__in=others_leases(ctx).values("document")).count()
