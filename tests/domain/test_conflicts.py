"""Conflict groups: which kind, which options, stable identity."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.spans import LabelledSpan, SpanOverlap
from quality.domain.adjudication import Decision, DecisionError, merge
from quality.domain.conflicts import ConflictGroup, Kind, conflict_groups, kind_counts
from tests.domain.test_agreement import USER_1, USER_2


def spans(rows: str) -> list[LabelledSpan]:
    """`"0-4 PER, 6-8 LOC"`."""
    pairs = [row.split() for row in rows.split(",") if row.strip()]
    return [LabelledSpan(*map(int, bounds.split("-")), label) for bounds, label in pairs]


def only(*layers: str) -> ConflictGroup:
    groups = conflict_groups({chr(97 + i): spans(layer) for i, layer in enumerate(layers)})
    assert len(groups) == 1
    return groups[0]


def test_the_running_example_is_one_missing_one_bounds_and_label_and_one_agreement() -> None:
    groups = conflict_groups({"user 1": USER_1, "user 2": USER_2})
    assert [group.kind for group in groups] == [Kind.MISSING, Kind.BOTH, Kind.UNANIMOUS]
    assert kind_counts(groups) == {
        "missing": 1,
        "label": 0,
        "boundary": 0,
        "boundary_label": 1,
        "split_merge": 0,
        "nested": 0,
    }
    person, date, _ = groups
    assert person.silent == ("user 2",)
    assert {option.spans for option in date.options} == {
        (LabelledSpan(5, 8, "DATE"),),
        (LabelledSpan(5, 6, "CARDINAL"), LabelledSpan(6, 8, "DATE")),
    }
    assert Kind.SPLIT_MERGE in date.flags


@pytest.mark.parametrize(
    ("layers", "kind", "flags"),
    [
        (("0-4 PER", "0-4 PER"), Kind.UNANIMOUS, set()),
        (("0-4 PER", ""), Kind.MISSING, {Kind.MISSING}),
        (("0-4 PER", "0-4 PER", ""), Kind.MISSING, {Kind.MISSING}),
        (("0-4 PER", "0-4 LOC"), Kind.LABEL, {Kind.LABEL}),
        (("0-4 PER", "0-4 LOC", ""), Kind.LABEL, {Kind.LABEL, Kind.MISSING}),
        (("0-4 PER", "0-6 PER"), Kind.BOUNDARY, {Kind.BOUNDARY}),
        (("0-4 PER", "2-6 PER", ""), Kind.BOUNDARY, {Kind.BOUNDARY, Kind.MISSING}),
        (("0-4 PER", "0-6 LOC"), Kind.BOTH, {Kind.BOTH, Kind.LABEL, Kind.BOUNDARY}),
        (("0-3 PER, 4-7 PER", "0-7 PER"), Kind.SPLIT_MERGE, {Kind.SPLIT_MERGE, Kind.BOUNDARY}),
    ],
)
def test_each_kind_by_example(layers: tuple[str, ...], kind: Kind, flags: set[Kind]) -> None:
    group = only(*layers)
    assert group.kind is kind
    assert group.flags == flags
    assert group.open is (kind is not Kind.UNANIMOUS)


def test_neighbours_that_only_touch_are_two_groups() -> None:
    groups = conflict_groups({"a": spans("0-3 PER, 3-5 LOC"), "b": spans("0-3 PER")})
    assert [(group.start, group.end, group.kind) for group in groups] == [
        (0, 3, Kind.UNANIMOUS),
        (3, 5, Kind.MISSING),
    ]


def test_a_chain_of_overlaps_is_one_group() -> None:
    assert (only("0-4 X, 6-9 X", "3-7 X").start, only("0-4 X, 6-9 X", "3-7 X").end) == (0, 9)


def test_a_long_span_keeps_later_ones_in_its_group() -> None:
    assert len(only("0-20 X", "2-4 X, 15-18 X").options) == 2


def test_options_come_most_supported_first() -> None:
    group = only("0-4 PER", "0-4 LOC", "0-4 LOC")
    assert [option.supporters for option in group.options] == [("b", "c"), ("a",)]
    assert group.doubt == pytest.approx(1 / 3)


def test_doubt_counts_those_who_marked_nothing() -> None:
    assert only("0-4 PER", "", "").doubt == pytest.approx(1 / 3)


def test_blanks_at_the_edges_are_no_difference_when_the_text_is_known() -> None:
    layers = {"a": spans("0-4 PER"), "b": spans("0-5 PER")}
    assert conflict_groups(layers)[0].kind is Kind.BOUNDARY
    (group,) = conflict_groups(layers, "Anna went")
    assert group.kind is Kind.UNANIMOUS
    assert group.options[0].spans == (LabelledSpan(0, 4, "PER"),)


def test_somebody_who_submitted_nothing_makes_a_conflict_and_an_absentee_does_not() -> None:
    assert conflict_groups({"a": spans("0-4 PER"), "b": []})[0].kind is Kind.MISSING
    assert conflict_groups({"a": spans("0-4 PER")})[0].kind is Kind.UNANIMOUS


documents = st.dictionaries(
    st.sampled_from("abcd"),
    st.sets(
        st.builds(
            lambda start, length, label: LabelledSpan(start, start + length, label),
            st.integers(0, 40),
            st.integers(1, 5),
            st.sampled_from("XY"),
        ),
        max_size=6,
    ),
    min_size=1,
)


@given(documents)
def test_every_span_is_in_exactly_one_group_and_groups_never_touch(
    layers: dict[str, set[LabelledSpan]],
) -> None:
    groups = conflict_groups(layers)
    for left, right in pairwise(groups):
        assert left.end <= right.start
    for annotator, written in layers.items():
        mine = [
            span
            for group in groups
            for option in group.options
            if annotator in option.supporters
            for span in option.spans
        ]
        assert sorted(mine) == sorted(written)
    for group in groups:
        assert group.open == (len(group.options) > 1 or bool(group.silent))
        voters = sum(len(option.supporters) for option in group.options) + len(group.silent)
        assert voters == len(layers)


@given(documents)
def test_a_group_keeps_its_id_whatever_happens_elsewhere(layers: dict[str, set[LabelledSpan]]) -> None:
    far = LabelledSpan(100, 103, "X")
    more = {annotator: {*written, far} for annotator, written in layers.items()}
    ids = [group.id for group in conflict_groups(layers)]
    assert [group.id for group in conflict_groups(more)][:-1] == ids
    assert len(set(ids)) == len(ids)


# --- 200 cases of known kind ------------------------------------------------------------------------

GENERATED = 200
WANTED = ("unanimous", "missing", "label", "boundary", "boundary_label", "split_merge")


def made(kind: str, draw: random.Random, at: int) -> tuple[list[list[LabelledSpan]], set[str]]:
    """Three people's spans of one place that starts at `at`, and the flags that hold, by construction.

    Nothing here knows how groups are found: two people differ in exactly the way the kind says, and
    the third, where drawn, is like one of them or silent.
    """
    length = draw.randint(4, 12)
    label, other = draw.sample(["PER", "ORG", "LOC"], 2)
    whole = LabelledSpan(at, at + length, label)
    cut = at + draw.randint(1, length - 2)
    first, second, flags = {
        "unanimous": ([whole], [whole], set()),
        "missing": ([whole], [], {"missing"}),
        "label": ([whole], [LabelledSpan(at, at + length, other)], {"label"}),
        "boundary": ([whole], [LabelledSpan(cut, at + length, label)], {"boundary"}),
        "boundary_label": (
            [whole],
            [LabelledSpan(cut, at + length, other)],
            {"label", "boundary", "boundary_label"},
        ),
        "split_merge": (
            [whole],
            [LabelledSpan(at, cut, label), LabelledSpan(cut, at + length, label)],
            {"boundary", "split_merge"},
        ),
    }[kind]
    third = draw.choice([first, second, []]) if kind != "unanimous" else first
    if kind not in ("unanimous", "missing") and not third:
        flags = flags | {"missing"}
    people = [first, second, third]
    draw.shuffle(people)
    return people, flags


@pytest.mark.parametrize("number", range(GENERATED))
def test_every_generated_place_gets_the_kind_it_was_made_with(number: int) -> None:
    draw = random.Random(f"conflicts:{number}")
    wanted = [draw.choice(WANTED) for _ in range(4)]
    layers: dict[str, list[LabelledSpan]] = {"a": [], "b": [], "c": []}
    expected = []
    for place, kind in enumerate(wanted):
        people, flags = made(kind, draw, 40 * place)
        expected.append((kind, flags))
        for name, spans_ in zip(layers, people, strict=True):
            layers[name] += spans_
    groups = conflict_groups(layers)
    assert [(group.kind.value, {flag.value for flag in group.flags}) for group in groups] == expected
    # Auto-accept looks at nothing else.
    assert any(group.open for group in groups) is any(kind != "unanimous" for kind in wanted)


def test_the_generated_places_are_of_every_kind() -> None:
    draws = [random.Random(f"conflicts:{number}") for number in range(GENERATED)]
    assert {draw.choice(WANTED) for draw in draws for _ in range(4)} == set(WANTED)


# --- where spans may lie over spans ------------------------------------------------------------


def test_what_everybody_marked_is_agreed_whatever_lies_in_it() -> None:
    layers = {"a": spans("0-15 ORG, 8-15 LOC"), "b": spans("0-15 ORG")}
    (one,) = conflict_groups(layers)
    assert one.open
    found = conflict_groups(layers, allowed=SpanOverlap.NESTED)
    assert [(group.start, group.end, group.kind) for group in found] == [(0, 15, Kind.UNANIMOUS), (8, 15, Kind.MISSING)]


def test_other_bounds_of_one_label_and_other_labels_of_one_stretch_are_readings_of_the_same_thing() -> None:
    layers = {"a": spans("0-15 ORG, 8-15 LOC, 20-25 PER"), "b": spans("0-16 ORG, 20-25 LOC")}
    found = conflict_groups(layers, allowed=SpanOverlap.ANY)
    assert [(group.start, group.kind) for group in found] == [
        (0, Kind.BOUNDARY),
        (8, Kind.MISSING),
        (20, Kind.LABEL),
    ]


def test_decided_places_may_share_words_as_the_project_allows() -> None:
    layers = {"a": spans("0-15 ORG, 8-15 LOC"), "b": spans("0-15 ORG")}
    groups = conflict_groups(layers, allowed=SpanOverlap.NESTED)
    decisions = [Decision(groups[1].id, "1")]
    assert merge(groups, decisions, allowed=SpanOverlap.NESTED) == spans("0-15 ORG, 8-15 LOC")
    with pytest.raises(DecisionError, match=r"ORG .* and LOC .* overlap"):
        merge(groups, decisions)


@pytest.mark.parametrize("allowed", [SpanOverlap.NESTED, SpanOverlap.ANY])
@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        # Everybody has both, of one label or of two.
        (("0-15 ORG, 8-15 LOC", "0-15 ORG, 8-15 LOC"), ["0-15 unanimous", "8-15 unanimous"]),
        (("0-15 ORG, 8-15 ORG", "0-15 ORG, 8-15 ORG"), ["0-15 unanimous", "8-15 unanimous"]),
        # Somebody misses the inner one: nothing was split, whatever its label.
        (("0-15 ORG, 8-15 LOC", "0-15 ORG"), ["0-15 unanimous", "8-15 missing"]),
        (("0-15 ORG, 8-15 ORG", "0-15 ORG"), ["0-15 unanimous", "8-15 missing"]),
        (("0-15 ORG, 8-15 LOC", "0-15 ORG", ""), ["0-15 missing", "8-15 missing"]),
        # Each has another one of the two: of two labels they are two things.
        (("0-15 ORG", "8-15 LOC"), ["0-15 missing", "8-15 missing"]),
        (("0-15 ORG", "8-15 ORG"), ["0-15 boundary"]),
        # Spans that cross are versions of each other, whatever their labels.
        (("0-10 ORG", "5-15 LOC"), ["0-15 boundary_label"]),
        (("0-10 ORG", "5-15 ORG"), ["0-15 boundary"]),
        (("0-10 ORG, 5-8 LOC", "5-15 PER, 5-8 LOC"), ["0-15 boundary_label", "5-8 unanimous"]),
        # One label within itself, and not everybody has the outer one.
        (("0-15 ORG, 8-15 ORG", "0-15 ORG", ""), ["0-15 nested"]),
        (("0-15 ORG, 8-15 ORG", "0-12 ORG"), ["0-15 nested"]),
        # Two labels on the same words, and one of them: a question of labels.
        (("0-4 PER, 0-4 ORG", "0-4 PER", "0-4 ORG"), ["0-4 label"]),
        # Side by side is split, also where nesting is allowed.
        (("0-7 PER, 8-15 PER", "0-15 PER"), ["0-15 split_merge"]),
    ],
)
def test_places_where_spans_may_lie_over_spans(
    allowed: SpanOverlap, layers: tuple[str, ...], expected: list[str]
) -> None:
    groups = conflict_groups({chr(97 + i): spans(layer) for i, layer in enumerate(layers)}, allowed=allowed)
    assert [f"{group.start}-{group.end} {group.kind}" for group in groups] == expected


@pytest.mark.parametrize("allowed", [SpanOverlap.NESTED, SpanOverlap.ANY])
@given(documents)
def test_spans_are_in_one_group_if_and_only_if_a_chain_of_versions_joins_them(
    allowed: SpanOverlap, layers: dict[str, set[LabelledSpan]]
) -> None:
    """Against the definition, read off span by span."""

    def versions(one: LabelledSpan, other: LabelledSpan) -> bool:
        nested = one.holds(other) != other.holds(one)
        return one.touches(other) and (one.label == other.label or not nested)

    every = set().union(*layers.values())
    agreed = {span for span in every if all(span in written for written in layers.values())}
    loose, expected = every - agreed, {frozenset({span}) for span in agreed}
    while loose:
        found = {loose.pop()}
        while more := {span for span in loose if any(versions(span, other) for other in found)}:
            found |= more
            loose -= more
        expected.add(frozenset(found))
    groups = conflict_groups(layers, allowed=allowed)
    assert {frozenset(span for option in group.options for span in option.spans) for group in groups} == expected
    assert len(groups) == len(expected)
