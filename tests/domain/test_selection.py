"""What can be set about the order of documents, and the orders that need no vectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activelearning.domain.selection import (
    EARLY_WORDS,
    MIX,
    STRATEGIES,
    CostModel,
    SelectionConfig,
    is_chance,
    score_of,
    shuffled,
)


def ids(ranking):
    return [ranked.document_id for ranked in ranking]


def test_every_strategy_says_what_it_does_in_one_sentence():
    assert set(STRATEGIES) == {
        "default", "mnlp", "mnlp_length", "mnlp_diverse", "least_confidence", "margin", "entropy",
        "entities_per_cost", "badge", "random",
    }  # fmt: skip
    sentences = [strategy.sentence for strategy in STRATEGIES.values()]
    assert len(set(sentences)) == len(sentences)
    assert all(sentence.endswith(".") and sentence.count(".") == 1 for sentence in sentences)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"strategy": "best"}, "mnlp_length"),
        ({"diversity": 1.1}, "Diversity"),
        ({"diversity": -0.1}, "Diversity"),
        ({"random_share": 1.5}, "share"),
        ({"batch": 0}, "batch"),
    ],
)
def test_a_wrong_setting_is_an_error_for_people(wrong, message):
    with pytest.raises(ValueError, match=message):
        SelectionConfig(**wrong)


@pytest.mark.parametrize("parts", [(-1, 1, 1), (0, 0, 0)])
def test_a_cost_that_is_none_or_less_is_an_error(parts):
    with pytest.raises(ValueError, match="cost"):
        CostModel(*parts)


def test_the_default_wants_different_documents_only_while_few_words_are_labelled():
    assert SelectionConfig(labelled_words=EARLY_WORDS - 1).mix == MIX
    assert SelectionConfig(labelled_words=EARLY_WORDS).mix == 0


def test_a_diversity_that_is_set_counts_and_has_no_meaning_for_chance():
    assert SelectionConfig("mnlp", diversity=0.3).mix == 0.3
    assert SelectionConfig("default", diversity=0.0).mix == 0
    assert SelectionConfig("random", diversity=0.3).mix == 0


def test_entities_are_divided_by_the_seconds_they_take():
    config = SelectionConfig("entities_per_cost", cost=CostModel(3, 0.25, 3))
    assert score_of(config, {"entities": 2.0}, 12) == pytest.approx(2 / 12)
    assert score_of(SelectionConfig("entities_per_cost", cost=CostModel(0, 1, 0)), {"entities": 0.0}, 0) == 0


def test_a_score_that_is_missing_is_an_error():
    with pytest.raises(KeyError):
        score_of(SelectionConfig("margin"), {"mnlp": -0.1}, 3)


def test_a_tenth_by_chance_is_every_tenth_place():
    assert [place for place in range(40) if is_chance(place, 0.1)] == [9, 19, 29, 39]
    assert not any(is_chance(place, 0.0) for place in range(40))
    assert all(is_chance(place, 1.0) for place in range(40))


@given(st.floats(0, 1), st.integers(1, 300))
def test_the_share_of_chance_is_exact_to_one_place_everywhere(share, places):
    assert abs(sum(is_chance(place, share) for place in range(places)) - share * places) <= 1 + 1e-6


def test_random_orders_differ_by_seed_and_a_new_document_moves_no_other():
    many = [f"d{number}" for number in range(50)]
    assert len({tuple(ids(shuffled(many, seed=seed))) for seed in range(5)}) == 5
    grown = ids(shuffled([*many, "new"], seed=3))
    grown.remove("new")
    assert grown == ids(shuffled(many, seed=3))
