"""Scores checked by hand and by their limits."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activelearning.domain import scoring


def test_mnlp_of_word_maxima_09_and_05_is_what_a_hand_computes():
    assert scoring.mnlp([math.log(0.9), math.log(0.5)]) == pytest.approx(-0.399254, abs=1e-6)


def test_mnlp_of_a_sequence_equals_the_mean_when_words_are_independent():
    maxima = [math.log(0.9), math.log(0.5), math.log(0.7)]
    assert scoring.sequence_mnlp(sum(maxima), 3) == pytest.approx(scoring.mnlp(maxima))


def test_least_confidence_does_not_divide_by_the_length():
    assert scoring.least_confidence(-30.0) == -30.0


def test_margin_is_the_smallest_gap_between_two_best_tags():
    words = [[math.log(p) for p in (0.7, 0.2, 0.1)], [math.log(p) for p in (0.45, 0.15, 0.4)]]
    assert scoring.margin(words) == pytest.approx(0.05)


def test_entropy_is_the_mean_over_words_in_nats():
    sure = [0.0, -1e4, -1e4]
    even = [math.log(1 / 3)] * 3
    assert scoring.entropy([sure, even]) == pytest.approx(math.log(3) / 2)


def test_a_document_without_words_is_as_sure_as_can_be():
    assert (scoring.mnlp([]), scoring.sequence_mnlp(0.0, 0), scoring.margin([]), scoring.entropy([])) == (0, 0, 1, 0)


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), min_size=1, max_size=6))
def test_margin_and_entropy_stay_within_their_limits(weights):
    words = [[math.log(weight / sum(row)) for weight in row] for row in weights]
    assert 0 <= scoring.margin(words) <= 1
    assert 0 <= scoring.entropy(words) <= math.log(3) + 1e-9
