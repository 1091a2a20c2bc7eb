"""Comparing two versions: tests on pairs against slower ways to the same answer."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from activelearning.domain.comparison import compare, sign_test
from activelearning.domain.metrics import Counts, document_counts
from annotation.domain.tags import bio_to_spans
from tests.domain.test_conlleval import columns


def f1(rows):
    gold, predicted, correct = (sum(column) for column in zip(*rows, strict=True))
    return 2 * correct / (gold + predicted) if gold + predicted else 0.0


def one_label(rows):
    return [{"PER": Counts(*row)} if any(row) else {} for row in rows]


def random_rows(chance, number, skill):
    """Documents with up to three entities, each found with `skill` and sometimes beside a false one."""
    rows = []
    for _ in range(number):
        gold = chance.randrange(4)
        correct = sum(chance.random() < skill for _ in range(gold))
        rows.append((gold, correct + (chance.random() < 0.3), correct))
    return rows


@pytest.fixture(scope="module")
def systems():
    """Per document counts of the seven systems on the test set of W-NUT 2017."""
    sentences = list(columns("wnut17_systems/test.tsv"))

    def spans(sentence, column):
        return bio_to_spans([(at, at + 1) for at in range(len(sentence))], [row[column] for row in sentence])

    return [[document_counts(spans(s, 1), spans(s, column)) for s in sentences] for column in range(2, 9)]


LABELS = ["corporation", "creative-work", "group", "location", "person", "product"]


def test_the_difference_is_that_of_the_two_f1(systems):
    found = compare(systems[1], systems[6], LABELS)
    assert found.documents == 1287
    assert round(100 * found.overall.second.f1, 2) == 41.86
    assert found.overall.f1 == found.overall.second.f1 - found.overall.first.f1
    assert found.overall.better == "second"
    assert compare(systems[6], systems[1], LABELS).overall.better == "first"


@pytest.mark.parametrize(("a", "b"), [(5, 6), (0, 4), (1, 2)])
def test_the_interval_is_that_of_the_bootstrap(systems, a, b):
    found = compare(systems[a], systems[b], LABELS).overall
    rows = np.array([_sum(x) + _sum(y) for x, y in zip(systems[a], systems[b], strict=True)], dtype=float)
    times = np.random.default_rng(1).multinomial(len(rows), np.full(len(rows), 1 / len(rows)), 4000)
    sums = times @ rows
    drawn = 2 * sums[:, 5] / (sums[:, 3] + sums[:, 4]) - 2 * sums[:, 2] / (sums[:, 0] + sums[:, 1])
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert found.low == pytest.approx(low, abs=0.003)
    assert found.high == pytest.approx(high, abs=0.003)


def _sum(counts):
    return [sum(count[place] for count in counts.values()) for place in range(3)]


def test_p_is_the_share_of_all_swaps_that_are_as_far_apart():
    chance = random.Random(2)
    for _ in range(20):
        first, second = random_rows(chance, 9, 0.5), random_rows(chance, 9, 0.8)
        second = [(a[0], max(b[1], b[2]), min(b[2], a[0])) for a, b in zip(first, second, strict=True)]
        observed = abs(f1(second) - f1(first))
        far = 0
        for swaps in itertools.product((False, True), repeat=9):
            pairs = [(b, a) if swap else (a, b) for swap, a, b in zip(swaps, first, second, strict=True)]
            far += abs(f1([b for _, b in pairs]) - f1([a for a, _ in pairs])) >= observed - 1e-12
        assert compare(one_label(first), one_label(second), ["PER"]).overall.p == pytest.approx(far / 512, abs=0.04)


def test_equally_good_versions_are_called_different_about_one_time_in_twenty():
    chance = random.Random(3)
    called = 0
    for _ in range(200):
        truth = random_rows(chance, 60, 0.6)
        again = [
            (gold, min(correct + (chance.random() < 0.3), 9), correct)
            for gold, _, _ in truth
            for correct in [sum(chance.random() < 0.6 for _ in range(gold))]
        ]
        called += bool(compare(one_label(truth), one_label(again), ["PER"], rounds=499).overall.better)
    assert called <= 20


def test_few_texts_show_no_difference_however_large_it_looks():
    first, second = [(1, 1, 0)] * 5 + [(1, 1, 1)] * 20, [(1, 1, 1)] * 25
    assert compare(one_label(first), one_label(second), ["PER"]).overall.better == ""
    first = [(1, 1, 0)] * 12 + [(1, 1, 1)] * 20
    assert compare(one_label(first), one_label(second + [(1, 1, 1)] * 7), ["PER"]).overall.better == "second"


def test_versions_that_read_alike_differ_by_nothing():
    rows = one_label([(2, 1, 1), (0, 0, 0), (1, 2, 0)])
    found = compare(rows, rows, ["PER", "LOC"])
    assert (found.overall.f1, found.overall.low, found.overall.high, found.overall.p) == (0, 0, 0, 1)
    assert found.overall.differing == 0
    assert found.labels["LOC"].p == 1
    assert compare([], [], []).overall.better == ""


def test_a_label_left_out_does_not_count():
    first, second = [{"PER": Counts(1, 1, 1), "LOC": Counts(5, 5, 0)}], [{"PER": Counts(1, 1, 1)}]
    assert compare(first, second, ["PER"]).overall.f1 == 0


def test_labels_are_compared_one_by_one(systems):
    found = compare(systems[1], systems[6], LABELS)
    assert list(found.labels) == LABELS
    assert sum(part.first.gold for part in found.labels.values()) == found.overall.first.gold
    assert found.labels["person"].better == "second"


def test_the_same_seed_gives_the_same_p(systems):
    assert compare(systems[4], systems[5], LABELS) == compare(systems[4], systems[5], LABELS)


# --- choices --------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second", "p"), [(0, 5, 0.0625), (0, 6, 0.03125), (3, 3, 1.0), (2, 8, 0.109375)])
def test_the_sign_test_is_exact(first, second, p):
    assert sign_test(first, second).p == pytest.approx(p)
    assert sign_test(second, first).p == pytest.approx(p)


def test_a_preference_must_be_shown():
    assert sign_test(0, 5).better == ""
    assert sign_test(0, 6).better == "second"
    assert sign_test(20, 4).better == "first"


def test_the_interval_of_a_share_is_clopper_s_and_pearson_s():
    found = sign_test(2, 8)
    assert (found.low, found.high) == (pytest.approx(0.44390, abs=1e-5), pytest.approx(0.97479, abs=1e-5))
    assert sign_test(0, 10).low == pytest.approx(0.025 ** (1 / 10))
    assert sign_test(0, 10).high == 1.0
    assert (sign_test(0, 0).low, sign_test(0, 0).high, sign_test(0, 0).share) == (0, 1, 0.5)


def test_the_interval_of_a_share_holds_many_choices():
    found = sign_test(500, 500)
    assert math.isclose(found.low + found.high, 1, abs_tol=1e-9)
    assert 0.46 < found.low < 0.47
