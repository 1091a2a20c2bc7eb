from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.spans import (
    LabelledSpan,
    SpanError,
    overlapping,
    pieces,
    resolve_overlaps,
    validate_clusters,
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


@given(spans)
def test_pieces_for_showing_are_the_whole_text_and_lose_no_span_that_fits(given_spans):
    text = "".join(chr(97 + index % 26) for index in range(40))
    cut = pieces(text, given_spans)
    assert "".join(piece for piece, _ in cut) == text
    assert [span for _, span in cut if span] == resolve_overlaps(given_spans)
    assert all(text[span.start : span.end] == piece for piece, span in cut if span)


def test_a_span_that_cuts_a_character_is_refused_and_the_character_shown():
    with pytest.raises(SpanError, match=r"span 2 \(start 4, end 7\) cuts the character “e\u0308” in two"):
        validate_clusters([LabelledSpan(0, 3, "PER"), LabelledSpan(4, 7, "PER")], "Ada Zoe\u0308", [])
    validate_clusters([LabelledSpan(4, 8, "PER")], "Ada Zoe\u0308", [])


def test_an_edge_of_an_imported_token_is_right_wherever_it_is():
    validate_clusters([LabelledSpan(4, 7, "PER")], "Ada Zoe\u0308", [(0, 3), (4, 7)])
