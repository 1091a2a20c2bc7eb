from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.spans import (
    LabelledSpan,
    SpanError,
    SpanOverlap,
    overlapping,
    resolve_overlaps,
    validate_clusters,
    validate_overlap,
    validate_spans,
)

spans = st.lists(
    st.builds(
        lambda start, length, label: LabelledSpan(start, start + length, label),
        st.integers(0, 30), st.integers(1, 8), st.sampled_from(["PER", "LOC"]),
    ),
    max_size=12,
)  # fmt: skip


@pytest.mark.parametrize(
    ("span", "message"),
    [
        (LabelledSpan(40, 52, "PER"), r"span 1 \(start 40, end 52\) ends after the text \(48 characters\)"),
        (LabelledSpan(-1, 2, "PER"), "starts before the text"),
        (LabelledSpan(3, 3, "PER"), "is empty"),
        (LabelledSpan(4, 3, "PER"), "ends before it starts"),
        (LabelledSpan(0, 3, "DOG"), "unknown label 'DOG'"),
        (LabelledSpan(0, 3, ""), "has no label"),
    ],
)
def test_a_bad_span_is_named_with_its_reason(span, message):
    with pytest.raises(SpanError, match=message):
        validate_spans([span], 48, {"PER", ""})


def test_the_same_span_twice_is_refused_and_the_second_is_named():
    span = LabelledSpan(0, 3, "PER")
    with pytest.raises(SpanError, match=r"span 2 .* appears twice"):
        validate_spans([span, span], 48)


def test_good_spans_pass_up_to_the_last_character_even_when_they_overlap():
    validate_spans([LabelledSpan(0, 48, "PER"), LabelledSpan(47, 48, "LOC")], 48, {"PER", "LOC"})


@given(spans)
def test_all_overlapping_pairs_are_found(given_spans):
    expected = sorted(
        tuple(sorted((a, b)))
        for i, a in enumerate(given_spans)
        for b in given_spans[i + 1 :]
        if max(a.start, b.start) < min(a.end, b.end)
    )
    assert sorted(overlapping(given_spans)) == expected


@given(spans)
def test_resolved_spans_do_not_overlap_and_each_lost_one_met_a_longer_or_earlier_one(given_spans):
    kept = resolve_overlaps(given_spans)
    assert overlapping(kept) == []
    assert kept == sorted(kept)
    for span in set(given_spans) - set(kept):
        assert any(
            span.touches(other) and (span.start - span.end, span) > (other.start - other.end, other) for other in kept
        )


def test_the_longer_span_wins_and_of_two_equals_the_first():
    assert resolve_overlaps([LabelledSpan(0, 2, "A"), LabelledSpan(1, 5, "B")]) == [LabelledSpan(1, 5, "B")]
    assert resolve_overlaps([LabelledSpan(1, 3, "B"), LabelledSpan(0, 2, "A")]) == [LabelledSpan(0, 2, "A")]


NESTED = (LabelledSpan(0, 9, "ORG"), LabelledSpan(2, 5, "LOC"))
SAME_BOUNDS = (LabelledSpan(0, 3, "LOC"), LabelledSpan(0, 3, "ORG"))
CROSSING = (LabelledSpan(0, 5, "ORG"), LabelledSpan(3, 9, "LOC"))


@pytest.mark.parametrize(
    ("pair", "allowed_by"),
    [
        ((LabelledSpan(0, 3, "ORG"), LabelledSpan(3, 5, "ORG")), {"none", "nested", "any"}),
        (NESTED, {"nested", "any"}),
        (SAME_BOUNDS, {"nested", "any"}),
        (CROSSING, {"any"}),
    ],
)
def test_which_pairs_a_project_allows(pair, allowed_by):
    for allowed in SpanOverlap:
        assert allowed.allows(*pair) is allowed.allows(*reversed(pair)) is (allowed in allowed_by)
        if allowed in allowed_by:
            validate_overlap(pair, allowed)
        else:
            with pytest.raises(SpanError, match=f"{pair[0].label} .* and {pair[1].label} .* overlap"):
                validate_overlap(pair, allowed)


def test_the_two_spans_that_may_not_be_are_named_with_the_rule():
    with pytest.raises(SpanError, match=r"^ORG \(0–9\) and LOC \(2–5\) overlap$"):
        validate_overlap(NESTED, SpanOverlap.NONE)
    with pytest.raises(SpanError, match=r"^ORG \(0–5\) and LOC \(3–9\) overlap and neither lies within the other$"):
        validate_overlap([*NESTED[1:], *CROSSING], SpanOverlap.NESTED)


@given(spans, st.sampled_from(SpanOverlap))
def test_what_is_kept_is_allowed_and_each_lost_span_met_one_that_is_kept(given_spans, allowed):
    kept = resolve_overlaps(given_spans, allowed)
    validate_overlap(kept, allowed)
    for span in set(given_spans) - set(kept):
        assert any(not allowed.allows(span, other) for other in kept)


def test_a_span_that_cuts_a_character_is_refused_and_the_character_shown():
    with pytest.raises(SpanError, match=r"span 2 \(start 4, end 7\) cuts the character “e\u0308” in two"):
        validate_clusters([LabelledSpan(0, 3, "PER"), LabelledSpan(4, 7, "PER")], "Ada Zoe\u0308", [])
    validate_clusters([LabelledSpan(4, 8, "PER")], "Ada Zoe\u0308", [])


def test_an_edge_of_an_imported_token_is_right_wherever_it_is():
    validate_clusters([LabelledSpan(4, 7, "PER")], "Ada Zoe\u0308", [(0, 3), (4, 7)])
