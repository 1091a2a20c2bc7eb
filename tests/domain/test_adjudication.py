"""From decisions to gold."""

from __future__ import annotations

import pytest

from annotation.domain.spans import LabelledSpan
from quality.domain.adjudication import (
    EDITED,
    NOTHING,
    Decision,
    DecisionError,
    OpenGroupsError,
    merge,
)
from quality.domain.conflicts import ConflictGroup, conflict_groups
from tests.domain.test_agreement import GOLD, USER_1, USER_2


@pytest.fixture
def groups() -> list[ConflictGroup]:
    return conflict_groups({"user 1": USER_1, "user 2": USER_2})


def option_with(group: ConflictGroup, span: LabelledSpan) -> str:
    return str(next(n for n, option in enumerate(group.options, 1) if option.spans == (span,)))


def test_the_running_example_reaches_its_gold_with_two_decisions(groups: list[ConflictGroup]) -> None:
    person, date, _ = groups
    decisions = [
        Decision(person.id, "1"),
        Decision(date.id, option_with(date, LabelledSpan(5, 8, "DATE"))),
    ]
    assert merge(groups, decisions) == GOLD


def test_open_groups_block(groups: list[ConflictGroup]) -> None:
    with pytest.raises(OpenGroupsError, match="2 places are still open") as caught:
        merge(groups, [])
    assert caught.value.groups == tuple(groups[:2])
    with pytest.raises(OpenGroupsError, match="1 place is still open"):
        merge(groups, [Decision(groups[0].id, "1")])


def test_nothing_leaves_the_place_empty(groups: list[ConflictGroup]) -> None:
    decisions = [Decision(groups[0].id, NOTHING), Decision(groups[1].id, NOTHING)]
    assert merge(groups, decisions) == [LabelledSpan(11, 12, "NORP")]


def test_an_agreed_span_can_be_overruled(groups: list[ConflictGroup]) -> None:
    decisions = [Decision(group.id, NOTHING) for group in groups]
    assert merge(groups, decisions) == []


def test_edited_and_added_spans_are_kept_as_written(groups: list[ConflictGroup]) -> None:
    edited, added = LabelledSpan(0, 2, "PERSON"), LabelledSpan(14, 16, "GPE")
    decisions = [Decision(groups[0].id, EDITED, (edited,)), Decision(groups[1].id, NOTHING)]
    assert merge(groups, decisions, [added]) == [edited, LabelledSpan(11, 12, "NORP"), added]


@pytest.mark.parametrize("added", [LabelledSpan(11, 13, "GPE"), LabelledSpan(10, 12, "GPE")])
def test_gold_never_overlaps(groups: list[ConflictGroup], added: LabelledSpan) -> None:
    decisions = [Decision(groups[0].id, NOTHING), Decision(groups[1].id, NOTHING)]
    with pytest.raises(DecisionError, match=r"NORP at 11–12 .*overlap|overlap"):
        merge(groups, decisions, [added])


@pytest.mark.parametrize("choice", ["0", "2", "-1", "²", "", "one"])
def test_a_choice_that_is_not_offered_is_refused(groups: list[ConflictGroup], choice: str) -> None:
    decisions = [Decision(groups[0].id, choice), Decision(groups[1].id, NOTHING)]
    with pytest.raises(DecisionError, match="no proposal"):
        merge(groups, decisions)


def test_a_decision_about_a_vanished_place_is_refused(groups: list[ConflictGroup]) -> None:
    with pytest.raises(DecisionError, match="no longer there"):
        merge(groups, [Decision("elsewhere", "1")])


def test_two_decisions_about_one_place_are_refused(groups: list[ConflictGroup]) -> None:
    with pytest.raises(DecisionError, match="same place"):
        merge(groups, [Decision(groups[0].id, "1"), Decision(groups[0].id, NOTHING)])
