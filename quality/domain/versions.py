"""Two versions of one document's spans: where they are apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from annotation.domain.spans import LabelledSpan
from quality.domain.adjudication import Decision, DecisionError, settle
from quality.domain.conflicts import ConflictGroup, conflict_groups

MINE, THEIRS = "mine", "theirs"


@dataclass(frozen=True)
class Apart:
    """One place where the versions differ; an empty side has nothing there."""

    start: int
    end: int
    mine: tuple[LabelledSpan, ...]
    theirs: tuple[LabelledSpan, ...]

    @property
    def kind(self) -> str:
        """What happened from mine to theirs: added, removed or changed."""
        if not self.mine:
            return "added"
        return "changed" if self.theirs else "removed"


def places_apart(mine: Iterable[LabelledSpan], theirs: Iterable[LabelledSpan]) -> list[Apart]:
    """Every difference in reading order; what both have is in none."""
    found = []
    for group in conflict_groups({MINE: mine, THEIRS: theirs}):
        if group.open:
            versions = {who: option.spans for option in group.options for who in option.supporters}
            found.append(Apart(group.start, group.end, versions.get(MINE, ()), versions.get(THEIRS, ())))
    return found


def standing(
    groups: Sequence[ConflictGroup], decisions: Iterable[Decision], added: Iterable[LabelledSpan] = ()
) -> list[LabelledSpan]:
    """The spans as far as they are decided: open places without a decision have none.

    Decisions about places that are not there or choices they do not offer, and added spans that touch
    a place are left out: what they meant has to be looked at.
    """
    by_group = {decision.group: decision for decision in decisions}
    spans: list[LabelledSpan] = []
    for group in groups:
        decision = by_group.get(group.id)
        if decision is not None:
            with suppress(DecisionError):
                spans += settle(group, decision)
        elif not group.open:
            spans += settle(group, Decision(group.id, "1"))
    return sorted({*spans, *(span for span in added if not touching(span, groups))})


def touching(span: LabelledSpan, groups: Iterable[ConflictGroup]) -> bool:
    return any(span.start < group.end and group.start < span.end for group in groups)
