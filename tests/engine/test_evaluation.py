"""Intervals of a model's quality, and what is kept for later comparisons."""

from __future__ import annotations

import random

from activelearning.domain.metrics import Counts
from activelearning.engine import evaluation


def documents(number, skill=0.7, seed=0):
    chance = random.Random(seed)
    found = []
    for _ in range(number):
        gold = chance.randrange(1, 4)
        correct = sum(chance.random() < skill for _ in range(gold))
        found.append({"PER": Counts(gold, correct + (chance.random() < 0.3), correct)})
    return found


def test_an_interval_holds_its_figure_and_narrows_with_more_texts():
    width = {}
    for number in (25, 100, 400):
        found = evaluation.measured(documents(number))
        for measure in ("precision", "recall", "f1"):
            low, high = found["interval"][measure]
            assert low < found["overall"][measure] < high
        width[number] = found["interval"]["f1"][1] - found["interval"]["f1"][0]
    assert width[25] > 1.5 * width[100] > 2 * width[400]


def test_about_95_in_100_intervals_hold_the_truth():
    truth = evaluation.measured(documents(20_000))["overall"]["f1"]
    held = 0
    for seed in range(1, 201):
        low, high = evaluation.measured(documents(80, seed=seed))["interval"]["f1"]
        held += low <= truth <= high
    assert 180 <= held <= 199


def test_a_label_in_few_texts_gets_no_interval_and_another_is_not_moved_by_it():
    plain = documents(30)
    rare = [document | {"LOC": Counts(1, 1, 1)} if number < 4 else document for number, document in enumerate(plain)]
    found = evaluation.measured(rare)
    assert found["labels"]["LOC"]["interval"] is None
    assert found["labels"]["PER"]["interval"] == evaluation.measured(plain)["labels"]["PER"]["interval"]
    assert found["interval"]["f1"][0] > evaluation.measured(plain)["interval"]["f1"][0]


def test_texts_without_any_entity_count_for_nothing():
    assert evaluation.measured([{}] * 50)["interval"] is None
    assert evaluation.measured([])["interval"] is None
    assert evaluation.measured([*documents(4), *[{}] * 50])["interval"] is None


def test_the_same_texts_give_the_same_interval():
    assert evaluation.measured(documents(40)) == evaluation.measured(documents(40))
