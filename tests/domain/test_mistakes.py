"""Somebody's spans against the right ones, and a consensus span in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.spans import LabelledSpan
from quality.domain.explanation import LEAST_RIGHT, Trust, explanation, sureness
from quality.domain.mistakes import Mistake, Record, differences, document_f1

TEXT = "Ada Lovelace met the Bank of England in London."
ADA, LOVELACE = LabelledSpan(0, 12, "PER"), LabelledSpan(4, 12, "PER")
BANK, BANK_LOC, ENGLAND = LabelledSpan(21, 36, "ORG"), LabelledSpan(21, 36, "LOC"), LabelledSpan(29, 36, "LOC")
LONDON = LabelledSpan(40, 46, "LOC")
NAMES = {"1": "A", "2": "B", "3": "C"}

span = st.builds(
    lambda start, length, label: LabelledSpan(start, start + length, label),
    st.integers(0, 12),
    st.integers(1, 4),
    st.sampled_from(["PER", "LOC"]),
)


@pytest.mark.parametrize(
    ("own", "right", "kind"),
    [
        ([], [LONDON], Mistake.MISSED),
        ([LONDON], [], Mistake.EXTRA),
        ([BANK_LOC], [BANK], Mistake.LABEL),
        ([LOVELACE], [ADA], Mistake.BOUNDS),
        ([ENGLAND], [BANK], Mistake.BOTH),
    ],
)
def test_every_difference_has_one_kind(own: list[LabelledSpan], right: list[LabelledSpan], kind: Mistake) -> None:
    assert [item.kind for item in differences(own, right)] == [kind]


def test_a_wrong_span_explains_one_right_span_the_one_it_covers_most() -> None:
    long, short = LabelledSpan(0, 9, "PER"), LabelledSpan(10, 13, "PER")
    found = differences([LabelledSpan(0, 13, "PER")], [long, short])
    assert [(item.kind, item.right) for item in found] == [(Mistake.BOUNDS, long), (Mistake.MISSED, short)]


@given(st.lists(span, max_size=6), st.lists(span, max_size=6))
def test_differences_account_for_every_span_that_is_not_shared(
    own: list[LabelledSpan], right: list[LabelledSpan]
) -> None:
    found = differences(own, right)
    assert sorted(item.own for item in found if item.own) == sorted(set(own) - set(right))
    assert sorted(item.right for item in found if item.right) == sorted(set(right) - set(own))


def test_a_record_adds_up_over_documents() -> None:
    record = Record()
    record.add([ADA, BANK_LOC], [ADA, BANK])
    record.add([LONDON], [])
    record.add([], [])
    assert record.documents == 3
    assert (record.total.precision, record.total.recall, record.total.f1) == (
        pytest.approx(1 / 3),
        pytest.approx(1 / 2),
        pytest.approx(2 / 5),
    )
    assert record.labels["PER"].f1 == 1
    assert (record.labels["LOC"].precision, record.labels["LOC"].recall) == (0, None)
    assert record.kinds == {Mistake.LABEL: 1, Mistake.EXTRA: 1}


def test_a_document_without_spans_on_either_side_has_no_figure() -> None:
    assert document_f1([], []) is None
    assert document_f1([], [ADA]) == 0


def explained(target: LabelledSpan, layers: dict[str, list[LabelledSpan]], **trust: Trust) -> list[str]:
    return explanation(target, TEXT, layers, NAMES, {(key[1], key[2:]): value for key, value in trust.items()})


def test_a_span_names_those_for_and_against_and_how_right_they_are() -> None:
    layers: dict[str, list[LabelledSpan]] = {"1": [], "2": [BANK], "3": [BANK]}
    assert explained(BANK, layers, p2ORG=Trust(46, 50), p3ORG=Trust(1, LEAST_RIGHT - 1), p1ORG=Trust(9, 10)) == [
        "B and C marked it, A did not.",
        "B is right 92 % of the time on ORG.",
    ]


def test_other_labels_and_other_words_are_quoted() -> None:
    layers = {"1": [BANK_LOC], "2": [ENGLAND], "3": [BANK]}
    assert explained(BANK, layers, p1LOC=Trust(1, 2), p2LOC=Trust(6, 10)) == [
        "C marked it.",
        "A marked it as LOC.",
        "B marked “England” as LOC.",
        "B is right 60 % of the time on LOC.",
    ]


def test_a_span_nobody_marked_exactly_says_so() -> None:
    assert explained(ADA, {"1": [LOVELACE], "2": []}) == [
        "Nobody marked exactly this; B marked nothing here.",
        "A marked “Lovelace” as PER.",
    ]
    assert explained(ADA, {"1": [LOVELACE]})[0] == "Nobody marked exactly this."


def test_confidence_that_is_no_probability_is_said_as_a_place_among_others() -> None:
    assert [sureness(value, (0.4, 0.8)) for value in (0.39, 0.4, 0.8)] == [
        "less sure than most",
        "about as sure as most",
        "surer than most",
    ]


def test_nobody_has_to_be_trusted_where_all_say_the_same() -> None:
    layers = {"1": [ADA], "2": [ADA]}
    assert explained(ADA, layers, p1PER=Trust(9, 10)) == ["A and B marked it."]
