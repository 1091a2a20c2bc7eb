"""The interval of a share counted over documents."""

from __future__ import annotations

import random
from itertools import pairwise
from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.resampling import student
from annotation.domain.shares import share_interval


def test_the_interval_is_that_of_the_log_odds() -> None:
    """By hand: 3 of 4, 1 of 2 and 4 of 4 entities."""
    error = sqrt(sum((d / (1 - w / 10)) ** 2 for d, w in ((3 - 3.2, 4), (1 - 1.6, 2), (4 - 3.2, 4)))) / 10
    middle, reach = log(8.5 / 2.5), student(0.95, 2) * error / (8.5 / 11 * 2.5 / 11)
    expected = tuple(1 / (1 + exp(-end)) for end in (middle - reach, middle + reach))
    assert share_interval([3, 1, 4], [4, 2, 4]) == pytest.approx(expected, abs=1e-12)


def test_documents_that_hold_nothing_say_nothing() -> None:
    assert share_interval([3, 0, 1, 0, 4], [4, 0, 2, 0, 4]) == share_interval([3, 1, 4], [4, 2, 4])


@pytest.mark.parametrize("documents", [([], []), ([0, 0], [0, 0]), ([3], [4]), ([0, 3], [0, 4])])
def test_fewer_than_two_documents_leave_everything_open(documents: tuple[list[int], list[int]]) -> None:
    assert share_interval(*documents) == (0.0, 1.0)


def test_none_right_may_be_the_truth_but_is_not_taken_for_sure() -> None:
    low, high = share_interval([0] * 40, [1] * 40)
    assert low == 0.0
    assert 0.03 < high < 0.15


def test_all_right_may_be_the_truth_but_is_not_taken_for_sure() -> None:
    low, high = share_interval([1] * 40, [1] * 40)
    assert 0.85 < low < 0.97
    assert high == 1.0


def test_more_documents_narrow_it() -> None:
    widths = [high - low for low, high in (share_interval([1, 0, 1] * n, [1, 1, 2] * n) for n in (2, 8, 32, 128))]
    assert all(before > 1.8 * after for before, after in pairwise(widths))


def test_the_share_of_as_many_others_scatters_twice_as_much() -> None:
    parts, wholes = [6, 8] * 10, [10] * 20
    (low, high), (lower, higher) = share_interval(parts, wholes), share_interval(parts, wholes, others=20)
    assert log(higher / (1 - higher)) - log(lower / (1 - lower)) == pytest.approx(
        sqrt(2) * (log(high / (1 - high)) - log(low / (1 - low)))
    )
    assert share_interval(parts, wholes, others=10**9) == pytest.approx((low, high))


def test_one_document_that_holds_most_of_the_entities_widens_it() -> None:
    even = share_interval([6] * 10 + [8] * 10, [10] * 20)
    uneven = share_interval([6] * 10 + [8] * 9 + [80], [10] * 19 + [100])
    assert uneven[1] - uneven[0] > 1.3 * (even[1] - even[0])


counted = st.integers(0, 10**9).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


@given(st.lists(counted, min_size=2, max_size=12).filter(lambda rows: sum(whole > 0 for _, whole in rows) > 1))
def test_it_holds_the_share_and_stays_between_nothing_and_all(rows: list[tuple[int, int]]) -> None:
    parts, wholes = zip(*rows, strict=True)
    low, high = share_interval(parts, wholes)
    share = sum(parts) / sum(wholes)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1


@pytest.mark.parametrize("others", [1, 4, 400])
def test_one_document_that_holds_all_but_a_few_entities_leaves_nearly_everything_open(others: int) -> None:
    low, high = share_interval([0] * others + [10**6], [1] * others + [10**6])
    assert 0 <= low < 0.01
    assert 0.999 < high <= 1


@pytest.mark.parametrize(("documents", "share"), [(10, 0.7), (20, 0.1), (20, 0.5), (40, 0.05), (40, 0.9), (200, 0.3)])
def test_nineteen_in_twenty_hold_the_truth(documents: int, share: float) -> None:
    """Documents are unlike each other, and two thirds of them hold nothing, as in real texts."""
    chance = random.Random(11)
    everything = [_document(chance, share) for _ in range(20_000)]
    truth = sum(part for part, _ in everything) / sum(whole for _, whole in everything)
    held = tried = 0
    for _ in range(600):
        drawn = chance.sample(everything, documents)
        if sum(whole > 0 for _, whole in drawn) < 5:
            continue
        low, high = share_interval(*zip(*drawn, strict=True))
        held += low <= truth <= high
        tried += 1
    assert held / tried > 0.93


def _document(chance: random.Random, share: float) -> tuple[int, int]:
    if chance.random() < 2 / 3:
        return 0, 0
    whole = 1 + int(chance.expovariate(0.7))
    own = chance.betavariate(4 * share, 4 * (1 - share))
    return sum(chance.random() < own for _ in range(whole)), whole
