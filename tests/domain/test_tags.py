from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.spans import LabelledSpan
from annotation.domain.tags import TagError, bio_to_spans, is_iob2, spans_to_bio, split_tag
from annotation.domain.text import tokenize

TOKENS = [(0, 3), (4, 9), (10, 12), (13, 18), (18, 19)]


@st.composite
def tokens_and_aligned_spans(draw):
    """Tokens with gaps, and spans that begin and end with tokens and do not overlap."""
    tokens, at = [], 0
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), max_size=15)):
        tokens.append((at + gap, at + gap + length))
        at += gap + length
    cuts = draw(st.lists(st.integers(0, len(tokens)), max_size=8, unique=True).map(sorted))
    spans = [
        LabelledSpan(tokens[a][0], tokens[b - 1][1], draw(st.sampled_from(["PER", "LOC", "B-ODD", "北"])))
        for a, b in pairwise(cuts)
        if draw(st.booleans())
    ]
    return tokens, spans


@given(tokens_and_aligned_spans())
def test_spans_survive_the_way_through_tags_and_back(given_pair):
    tokens, spans = given_pair
    tags = spans_to_bio(tokens, spans)
    assert is_iob2(tags)
    assert bio_to_spans(tokens, tags) == spans


@given(st.text(max_size=30), st.data())
def test_any_spans_of_any_text_become_valid_tags(text, data):
    tokens = tokenize(text)
    spans = [
        LabelledSpan(start, start + length, "X")
        for start, length in data.draw(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=6))
    ]
    tags = spans_to_bio(tokens, spans)
    assert len(tags) == len(tokens)
    assert spans_to_bio(tokens, bio_to_spans(tokens, tags)) == tags


def test_a_span_takes_every_token_it_touches():
    assert spans_to_bio(TOKENS, [LabelledSpan(5, 11, "PER")]) == ["O", "B-PER", "I-PER", "O", "O"]


def test_a_span_between_two_tokens_leaves_no_trace():
    assert spans_to_bio(TOKENS, [LabelledSpan(3, 4, "PER")]) == ["O"] * 5


def test_of_two_spans_on_one_token_the_longer_wins_whole():
    tags = spans_to_bio(TOKENS, [LabelledSpan(0, 5, "PER"), LabelledSpan(6, 19, "LOC")])
    assert tags == ["O", "B-LOC", "I-LOC", "I-LOC", "I-LOC"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["B-PER", "I-PER", "O", "B-LOC", "B-LOC"], [(0, 9, "PER"), (13, 18, "LOC"), (18, 19, "LOC")]),
        (["I-PER", "I-PER", "B-PER", "I-LOC", "O"], [(0, 9, "PER"), (10, 12, "PER"), (13, 18, "LOC")]),  # IOB1
        (["B-PER", "E-PER", "S-PER", "B-LOC", "E-LOC"], [(0, 9, "PER"), (10, 12, "PER"), (13, 19, "LOC")]),  # BIOES
        (["B-PER", "L-PER", "I-PER", "U-LOC", "U-LOC"],
         [(0, 9, "PER"), (10, 12, "PER"), (13, 18, "LOC"), (18, 19, "LOC")]),  # BILOU
        (["O", "O", "O", "O", "O"], []),
    ],
)  # fmt: skip
def test_each_scheme_is_read_the_way_conlleval_reads_it(tags, expected):
    assert bio_to_spans(TOKENS, tags) == [LabelledSpan(*span) for span in expected]


def test_only_proper_iob2_is_called_that():
    assert is_iob2(["B-PER", "I-PER", "O", "B-PER", "B-PER"])
    assert not is_iob2(["I-PER"])
    assert not is_iob2(["B-PER", "I-LOC"])
    assert not is_iob2(["S-PER"])


@pytest.mark.parametrize("tag", ["", "PER", "B-", "X-PER", "-", "o"])
def test_what_is_not_a_tag_is_quoted(tag):
    with pytest.raises(TagError, match="is not a tag"):
        split_tag(tag)


def test_tags_and_tokens_must_pair_up():
    with pytest.raises(ValueError, match="5 tokens but 1 tags"):
        bio_to_spans(TOKENS, ["O"])
