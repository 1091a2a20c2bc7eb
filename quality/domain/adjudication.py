"""From a reviewer's decisions to the gold spans of one document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from annotation.domain.spans import LabelledSpan, SpanError, SpanOverlap, validate_overlap
from daner_site.core.sentences import Sentence
from quality.domain.conflicts import ConflictGroup


class Reason(StrEnum):
    """Why people came to differ, in the reviewer's view."""

    SLIP = "slip"
    GUIDELINE = "guideline"
    AMBIGUOUS = "ambiguous"
    SCHEMA = "schema"
    TOKENS = "tokens"
    SUBJECTIVE = "subjective"

    @property
    def words(self) -> str:
        """For people."""
        return _REASONS[self]


_REASONS = {
    Reason.SLIP: Sentence("somebody slipped"),
    Reason.GUIDELINE: Sentence("the guideline does not say"),
    Reason.AMBIGUOUS: Sentence("the text is ambiguous"),
    Reason.SCHEMA: Sentence("no label fits"),
    Reason.TOKENS: Sentence("the words are cut wrongly"),
    Reason.SUBJECTIVE: Sentence("a matter of taste"),
}

NOTHING = "nothing"
EDITED = "edited"


class DecisionError(ValueError):
    """The decisions do not settle the document; the message says what is wrong where."""


class OpenGroupsError(DecisionError):
    """Some groups have no decision yet."""

    def __init__(self, groups: Sequence[ConflictGroup]) -> None:
        count = len(groups)
        super().__init__(
            Sentence.counted(
                "{count} place is still open: decide each before finishing.",
                "{count} places are still open: decide each before finishing.",
                count,
            )
        )
        self.groups = tuple(groups)


@dataclass(frozen=True)
class Decision:
    """How one group was settled."""

    group: str
    choice: str
    """The option's number from "1", "nothing", or "edited" with the spans written out."""
    spans: tuple[LabelledSpan, ...] = ()
    reason: str = ""
    """A `Reason`, or empty."""
    applied: str = ""
    """Where the decision was taken over from, in words; empty for one made here."""


def settle(group: ConflictGroup, decision: Decision) -> tuple[LabelledSpan, ...]:
    """The gold spans of one group. Raises DecisionError for a choice the group does not offer."""
    if decision.choice == NOTHING:
        return ()
    if decision.choice == EDITED:
        return decision.spans
    # Not str.isdigit: it takes "²" for a digit.
    numbers = {str(number): option for number, option in enumerate(group.options, 1)}
    try:
        return numbers[decision.choice].spans
    except KeyError:
        raise DecisionError(
            Sentence(
                "There is no proposal {choice} for the place at {start}–{end}.",
                choice=decision.choice,
                start=group.start,
                end=group.end,
            )
        ) from None


def support(group: ConflictGroup, decision: Decision) -> str:
    """How many had written what was chosen: majority (more than half), half, minority or none."""
    chosen = settle(group, decision)
    votes = {option.spans: len(option.supporters) for option in group.options} | {(): len(group.silent)}
    voters, mine = sum(votes.values()), votes.get(tuple(sorted(chosen)), 0)
    if not mine:
        return "none"
    if 2 * mine == voters:
        return "half"
    return "majority" if 2 * mine > voters else "minority"


def merge(
    groups: Sequence[ConflictGroup],
    decisions: Iterable[Decision],
    added: Iterable[LabelledSpan] = (),
    allowed: SpanOverlap = SpanOverlap.NONE,
) -> list[LabelledSpan]:
    """The gold spans: decided groups as decided, agreed ones as agreed unless decided otherwise.

    Args:
        groups: all groups of the document, from `conflict_groups`.
        decisions: at most one per group; one for every group in conflict.
        added: spans nobody had marked.
        allowed: which spans may share words in the project.

    Returns: spans in reading order.

    Raises:
        OpenGroupsError: a group in conflict has no decision.
        DecisionError: a decision for an unknown group, two for one, or spans that may not share words;
            the message names the two.
    """
    by_group = _by_group(groups, decisions)
    missing = [group for group in groups if group.open and group.id not in by_group]
    if missing:
        raise OpenGroupsError(missing)
    spans: set[LabelledSpan] = set(added)
    for group in groups:
        spans.update(settle(group, by_group.get(group.id, Decision(group.id, "1"))))
    result = sorted(spans)
    check_overlap(result, allowed)
    return result


def check_overlap(spans: Sequence[LabelledSpan], allowed: SpanOverlap) -> None:
    """Raises DecisionError naming the first two that may not share characters in gold."""
    try:
        validate_overlap(spans, allowed)
    except SpanError as error:
        raise DecisionError(Sentence("{problem}: gold spans must not.", problem=error.args[0])) from None


def _by_group(groups: Sequence[ConflictGroup], decisions: Iterable[Decision]) -> Mapping[str, Decision]:
    known = {group.id for group in groups}
    by_group: dict[str, Decision] = {}
    for decision in decisions:
        if decision.group not in known:
            raise DecisionError(Sentence("A decision is about a place that is no longer there."))
        if decision.group in by_group:
            raise DecisionError(Sentence("Two decisions are about the same place."))
        by_group[decision.group] = decision
    return by_group
