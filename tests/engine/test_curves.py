"""What a learning curve says, and how sure it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from activelearning.engine import curves


def test_the_area_is_the_mean_over_the_logarithm_of_the_words() -> None:
    assert curves.aulc([100, 1000], [0.2, 0.6]) == pytest.approx(0.4)
    assert curves.aulc([100, 1000, 10_000], [0.0, 0.6, 0.6]) == pytest.approx((0.3 + 0.6) / 2)
    assert curves.aulc([100, 200, 10_000], [0.5, 0.5, 0.5]) == pytest.approx(0.5)


def test_a_goal_is_reached_between_two_rounds_for_the_first_time() -> None:
    costs, scores = [100, 200, 400, 800], [0.1, 0.5, 0.3, 0.9]
    assert curves.reach(costs, scores, 0.3) == pytest.approx(150)
    assert curves.reach(costs, scores, 0.6) == pytest.approx(600)
    assert curves.reach(costs, scores, 0.1) == 100
    assert curves.reach(costs, scores, 0.95) is None


def test_f1_is_micro_averaged() -> None:
    counts = np.array([[2, 1, 1], [0, 3, 0], [2, 0, 0]])
    assert curves.f1(counts) == pytest.approx(2 * 1 / (4 + 4))
    assert curves.f1(np.zeros((2, 3), dtype=np.int64)) == 0.0


def test_with_many_documents_the_interval_of_f1_is_that_of_resampled_ones() -> None:
    draws = np.random.default_rng(5)
    gold = draws.integers(1, 4, 200)
    correct = draws.binomial(gold, 0.7)
    counts = np.stack([gold, gold, correct], 1)
    low, high = curves.f1_interval(counts)
    resampled = [curves.f1(counts[draws.integers(0, 200, 200)]) for _ in range(2000)]
    assert (low, high) == pytest.approx(tuple(np.percentile(resampled, [2.5, 97.5])), abs=0.01)


def test_probes_drawn_from_documents_hold_the_f1_of_the_others_as_often_as_they_claim() -> None:
    draws = np.random.default_rng(6)
    gold = draws.integers(0, 4, 800)
    predicted = draws.integers(0, 4, 800)
    counts = np.stack([gold, predicted, draws.binomial(np.minimum(gold, predicted), 0.6)], 1)
    assert 0.88 <= curves.coverage(counts, 60) <= 1.0
    assert curves.coverage(counts, 60) == curves.coverage(counts, 60)


def test_few_others_scatter_themselves_and_the_interval_allows_for_it() -> None:
    draws = np.random.default_rng(8)
    gold = draws.integers(0, 4, 240)
    counts = np.stack([gold, gold, draws.binomial(gold, 0.6)], 1)
    assert curves.coverage(counts, 120) >= 0.9


def test_an_interval_that_claims_too_much_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = np.random.default_rng(6)
    gold = draws.integers(0, 4, 800)
    counts = np.stack([gold, gold, draws.binomial(gold, 0.6)], 1)
    whole = curves.f1_interval

    def halved(*of: Any) -> tuple[float, float]:
        low, high = whole(*of)
        return (3 * low + high) / 4, (low + 3 * high) / 4

    monkeypatch.setattr(curves, "f1_interval", halved)
    assert 0.45 <= curves.coverage(counts, 60) <= 0.85


def test_a_difference_is_judged_on_the_same_documents() -> None:
    """Two models that differ in one document in ten, always to the same side, differ for sure."""
    gold = np.tile([1, 1, 1], (200, 1))
    gold[::2, 2] = 0
    worse = gold.copy()
    worse[1::20, 2] = 0
    low, high = curves.difference_interval(worse, gold)
    assert low < high < 0
    own = curves.f1_interval(gold)
    assert own[0] < curves.f1(worse) < own[1]
