"""The order of documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activelearning.domain.selection import STRATEGIES, rank

SCORES = {
    "a": {"mnlp": -0.1, "least_confidence": -9.0, "margin": 0.5, "entropy": 0.3},
    "b": {"mnlp": -0.9, "least_confidence": -1.0, "margin": 0.4, "entropy": 0.1},
    "c": {"mnlp": -0.5, "least_confidence": -5.0, "margin": 0.1, "entropy": 0.2},
}


def order(strategy, scores=SCORES, seed=1):
    return "".join(ranked.document_id for ranked in rank(strategy, scores, seed=seed))


def test_each_strategy_has_an_order_of_its_own():
    assert order("mnlp") == "bca"
    assert order("least_confidence") == "acb"
    assert order("margin") == "cba"
    assert order("entropy") == "acb"
    assert sorted(order("random")) == ["a", "b", "c"]


def test_entropy_puts_the_highest_first_and_the_others_the_lowest():
    for strategy, first in {"mnlp": "b", "least_confidence": "a", "margin": "c", "entropy": "a"}.items():
        assert order(strategy)[0] == first


def test_the_score_that_placed_a_document_is_told_and_chance_tells_none():
    assert rank("mnlp", SCORES, seed=1)[0].score == -0.9
    assert {ranked.score for ranked in rank("random", SCORES, seed=1)} == {None}


def test_an_unknown_strategy_is_an_error_that_names_the_known_ones():
    with pytest.raises(ValueError, match="mnlp"):
        rank("best", SCORES, seed=1)


@given(st.permutations(list("abcdefgh")), st.sampled_from(STRATEGIES))
def test_ties_and_the_order_of_arrival_do_not_matter(documents, strategy):
    equal = dict.fromkeys(("mnlp", "least_confidence", "margin", "entropy"), 0.5)
    scores = dict.fromkeys(documents, equal)
    assert order(strategy, scores) == order(strategy, dict(sorted(scores.items())))
    if strategy != "random":
        assert order(strategy, scores) == "abcdefgh"


def test_random_orders_differ_by_seed_and_a_new_document_moves_no_other():
    many = {f"d{number}": {} for number in range(50)}
    orders = {tuple(r.document_id for r in rank("random", many, seed=seed)) for seed in range(5)}
    assert len(orders) == 5
    grown = [r.document_id for r in rank("random", many | {"new": {}}, seed=3)]
    grown.remove("new")
    assert grown == [r.document_id for r in rank("random", many, seed=3)]
