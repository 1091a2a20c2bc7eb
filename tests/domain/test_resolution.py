from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.resolution import Resolved, resolve, vote
from annotation.domain.spans import LabelledSpan, SpanOverlap, overlapping

ADA = LabelledSpan(0, 3, "PER")
ADA_LONG = LabelledSpan(0, 8, "PER")
PARIS = LabelledSpan(13, 18, "LOC")

layers = st.lists(
    st.lists(
        st.builds(
            lambda s, n, label: LabelledSpan(s, s + n, label),
            st.integers(0, 9), st.integers(1, 4), st.sampled_from(["PER", "LOC"]),
        ),
        max_size=4,
    ),
    max_size=4,
)  # fmt: skip


def test_gold_beats_everything_even_when_it_is_empty():
    assert resolve([], [[ADA], [ADA]]) == Resolved((), "gold")
    assert resolve([PARIS, ADA], []) == Resolved((ADA, PARIS), "gold")


def test_one_layer_is_taken_as_it_is():
    assert resolve(None, [[PARIS, ADA]]) == Resolved((ADA, PARIS), "single")
    assert resolve(None, [[]]) == Resolved((), "single")


def test_equal_layers_agree_whatever_their_order():
    assert resolve(None, [[ADA, PARIS], [PARIS, ADA]]) == Resolved((ADA, PARIS), "agreed")
    assert resolve(None, [[], []]) == Resolved((), "agreed")


def test_nobody_said_anything_is_not_a_judgement():
    assert resolve(None, []) == Resolved((), "none")


def test_two_annotators_who_differ_give_the_union_without_overlaps():
    assert resolve(None, [[ADA], [ADA_LONG, PARIS]]) == Resolved((ADA_LONG, PARIS), "vote")


def test_more_votes_beat_more_length():
    assert resolve(None, [[ADA], [ADA], [ADA_LONG]]) == Resolved((ADA,), "vote")


def test_a_span_below_three_tenths_of_the_votes_is_left_out():
    assert resolve(None, [[ADA], [ADA], [ADA], [ADA, PARIS]]).spans == (ADA,)
    assert resolve(None, [[ADA], [ADA], [ADA, PARIS]]).spans == (ADA, PARIS)


def test_a_span_needs_three_tenths_of_those_who_were_asked_about_its_label():
    about = [frozenset({"PER"})] * 4 + [frozenset({"LOC"})]
    assert resolve(None, [[ADA], [], [], [], [PARIS]], asked=about) == Resolved((PARIS,), "vote")
    assert resolve(None, [[ADA], [], [], [], [PARIS]], asked=[None] * 5).spans == ()
    # One person's answer to a part of the question is not the one person's word on the text.
    assert resolve(None, [[ADA]], asked=[frozenset({"PER"})]) == Resolved((ADA,), "vote")


@given(layers)
def test_the_order_of_the_annotators_changes_nothing_and_a_vote_never_overlaps(given_layers):
    resolved = resolve(None, given_layers)
    assert resolve(None, given_layers[::-1]) == resolved
    if resolved.source == "vote":
        assert overlapping(resolved.spans) == []


def test_a_vote_keeps_spans_within_spans_where_the_project_allows_them():
    outer = LabelledSpan(0, 9, "ORG")
    nested, alone = [outer, LabelledSpan(4, 9, "LOC")], [outer]
    assert vote([nested, alone], allowed=SpanOverlap.NESTED) == tuple(nested)
    assert vote([nested, alone]) == tuple(alone)
