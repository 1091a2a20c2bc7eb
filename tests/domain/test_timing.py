"""What a document costs: planted models found again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activelearning.domain.selection import CostModel
from activelearning.domain.timing import fit_cost

PRIOR = CostModel()


def planted(model: CostModel, count: int, *, noise: float = 0.0, breaks: float = 0.0, seed: int = 0):
    """`count` documents timed by `model`, the time off by a factor of exp(±noise), a share of them over lunch."""
    chance = random.Random(seed)
    for _ in range(count):
        words = chance.randint(3, 60)
        entities = chance.randint(0, 1 + words // 8)
        seconds = model.seconds(words, entities) * chance.lognormvariate(-(noise**2) / 2, noise)
        yield words, entities, 1800.0 if chance.random() < breaks else seconds


@pytest.mark.parametrize("model", [CostModel(8, 0.1, 1.5), CostModel(1, 0.6, 6), CostModel(10, 0.25, 0.5), PRIOR])
def test_a_planted_model_is_found_in_its_parts(model):
    found = fit_cost(planted(model, 400))
    assert found.per_text == pytest.approx(model.per_text, rel=0.1)
    assert found.per_word == pytest.approx(model.per_word, rel=0.1)
    assert found.per_entity == pytest.approx(model.per_entity, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("model", [CostModel(8, 0.1, 1.5), CostModel(1, 0.6, 6)])
def test_lunch_breaks_and_moods_move_the_expected_time_little(model, seed):
    found = fit_cost(planted(model, 400, noise=0.4, breaks=0.05, seed=seed))
    for words, entities in ((8, 1), (20, 2), (50, 5)):
        assert found.seconds(words, entities) == pytest.approx(model.seconds(words, entities), rel=0.2)


def test_eight_documents_of_a_slow_annotator_already_say_so():
    slow = CostModel(9, 0.75, 9)
    found = fit_cost(planted(slow, 8, noise=0.3))
    assert found.seconds(20, 2) > (PRIOR.seconds(20, 2) + slow.seconds(20, 2)) / 2


def test_one_document_does_not_overthrow_the_prior():
    assert fit_cost([(20, 2, 140.0)]).seconds(20, 2) < 140 * 0.9


def test_what_the_rows_cannot_tell_apart_keeps_the_proportions():
    found = fit_cost([(20, 2, 28.0)] * 50)
    assert found.seconds(20, 2) == pytest.approx(28, rel=0.05)
    assert found.per_word / found.per_entity == pytest.approx(PRIOR.per_word / PRIOR.per_entity, rel=0.1)


def test_entities_that_save_time_make_no_negative_cost():
    found = fit_cost([(20, n, 40.0 - 6 * n) for n in range(6)] * 20)
    assert min(found.per_text, found.per_word, found.per_entity) > 0


def test_nothing_timed_is_the_prior():
    assert fit_cost([]) == PRIOR
    assert fit_cost([(0, 0, 5.0), (10, 1, 0.0)]) == PRIOR


@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 300), st.floats(0.01, 1e5)), max_size=30))
def test_any_rows_make_a_positive_finite_cost(rows):
    found = fit_cost(rows)
    for part in (found.per_text, found.per_word, found.per_entity):
        assert 0 < part < 1e8
