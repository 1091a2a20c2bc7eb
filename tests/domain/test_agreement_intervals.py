"""Intervals by resampling documents: what they hold, what they do not count, where there is none."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from annotation.domain.resampling import student
from quality.numeric import intervals
from quality.numeric.alpha import fraction_interval, fractions_of_sums
from quality.numeric.intervals import FloatArray, Interval, coverage, interval


def fractions(seed: int, documents: int) -> FloatArray:
    """Few documents are bad ones, as in life."""
    generator = np.random.default_rng(seed)
    spans = generator.integers(1, 30, documents).astype(float)
    share = np.where(generator.random(documents) < 0.15, 0.2, 0.95)
    return np.column_stack([np.round(spans * share), spans])


@pytest.mark.parametrize(("freedom", "quantile"), [(4, 2.776445), (9, 2.262157), (19, 2.093024), (199, 1.971957)])
def test_students_quantile(freedom: int, quantile: float) -> None:
    """From printed tables."""
    assert student(0.95, freedom) == pytest.approx(quantile, abs=3e-3)


def test_documents_that_say_nothing_make_no_interval_narrower() -> None:
    rows = fractions(1, 12)
    padded = np.concatenate([rows, np.zeros((500, 2))])
    assert fraction_interval(padded) == fraction_interval(rows)


def test_the_interval_is_wider_than_the_plain_percentiles_where_documents_are_few() -> None:
    rows = fractions(2, 10)
    found = fraction_interval(rows)
    assert found is not None
    generator = np.random.default_rng(5)
    drawn = fractions_of_sums(np.stack([rows[generator.integers(0, 10, 10)].sum(axis=0) for _ in range(4000)]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert found.high - found.low > 1.05 * (high - low)


def test_a_figure_with_a_long_tail_below_gets_the_longer_side_there() -> None:
    rows = fractions(3, 30)
    found = fraction_interval(rows)
    assert found is not None
    value = rows[:, 0].sum() / rows[:, 1].sum()
    assert value - found.low > found.high - value


@pytest.mark.parametrize("documents", [5, 20, 200])
def test_without_bias_or_skew_the_reach_is_students_and_makes_up_for_what_resampling_loses(documents: int) -> None:
    """Hesterberg 2015: n documents drawn from n vary by (n-1)/n too little."""
    drawn = np.linspace(0, 1, 1001)
    without = np.linspace(0.4, 0.6, documents)
    low, high = intervals._levels(drawn, 0.5, without)
    reach = student(0.95, documents - 1) * (documents / (documents - 1)) ** 0.5
    assert (low, high) == (pytest.approx(NormalDist().cdf(-reach)), pytest.approx(NormalDist().cdf(reach)))


def test_draws_in_batches_are_the_same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = fractions(4, 40)
    whole = fraction_interval(rows)
    monkeypatch.setattr(intervals, "BATCH_CELLS", 40 * 7)
    assert fraction_interval(rows) == whole


def test_a_figure_that_is_never_defined_has_no_interval() -> None:
    assert interval(np.ones((9, 2)), lambda sums: np.full(len(sums), np.nan)) is None
    assert coverage(np.ones((9, 2)), lambda sums: np.full(len(sums), np.nan), 6, samples=3) is None


def test_an_interval_from_groups_of_documents_is_about_as_wide_and_holds_as_often() -> None:
    rows = fractions(7, 300)
    whole, grouped = (coverage(rows, fractions_of_sums, 250, groups=groups, samples=60) for groups in (None, 64))
    assert whole is not None
    assert grouped is not None
    assert grouped.share > 0.85
    assert grouped.width == pytest.approx(whole.width, rel=0.15)
    assert grouped.width != whole.width


def test_coverage_counts_the_intervals_that_hold_the_figure_of_all() -> None:
    """One mean-like figure that never varies is always held; one whose interval is elsewhere never."""
    always = coverage(np.array([[1.0, 2.0]] * 20), fractions_of_sums, 8, samples=10)
    assert always is not None
    assert (always.share, always.samples) == (1, 10)
    assert always.width == pytest.approx(0)

    def shifted(sums: FloatArray) -> FloatArray:  # with fewer documents another figure
        return sums[:, 0] / sums[:, 1] + (sums[:, 1] < 30)

    never = coverage(np.array([[1.0, 2.0]] * 20), shifted, 8, samples=10)
    assert never is not None
    assert never.share == 0


def test_coverage_tries_the_intervals_that_are_given_and_leaves_out_where_there_is_none() -> None:
    rows = np.array([[1.0, 2.0]] * 20)
    found = coverage(
        rows, fractions_of_sums, 8, make=lambda drawn, seed: Interval(0.4, 0.6, 8) if seed % 2 else None, samples=10
    )
    assert found is not None
    assert (found.share, found.samples) == (1, 5)
    assert found.width == pytest.approx(0.2)
