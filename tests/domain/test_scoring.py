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


def test_mnlp_length_counts_eight_words_more_than_there_are():
    log_probability = math.log(0.9) + math.log(0.5)
    assert scoring.mnlp_length(log_probability, 2) == pytest.approx(-0.0798508, abs=1e-7)
    assert scoring.mnlp_length(log_probability, 12) == pytest.approx(log_probability / 20, abs=1e-12)


def test_mnlp_length_prefers_a_whole_sentence_to_one_word_of_the_same_doubt():
    one, twelve = (1 * -0.5, 1), (12 * -0.5, 12)
    assert scoring.sequence_mnlp(*one) == scoring.sequence_mnlp(*twelve)
    assert scoring.mnlp_length(*twelve) < scoring.mnlp_length(*one)


def test_expected_entities_are_the_probabilities_of_every_beginning():
    words = [[math.log(p) for p in (0.5, 0.3, 0.1, 0.1)], [math.log(p) for p in (0.2, 0.1, 0.6, 0.1)]]
    assert scoring.entities(words, begins=[1, 2]) == pytest.approx(0.3 + 0.1 + 0.1 + 0.6)
    assert scoring.entities([], begins=[1]) == 0


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
    assert scoring.mnlp_length(0.0, 0) == 0


@given(st.lists(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), min_size=1, max_size=6))
def test_margin_and_entropy_stay_within_their_limits(weights):
    words = [[math.log(weight / sum(row)) for weight in row] for row in weights]
    assert 0 <= scoring.margin(words) <= 1
    assert 0 <= scoring.entropy(words) <= math.log(3) + 1e-9
