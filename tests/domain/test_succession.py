"""A version that is measured clearly worse than the one in use does not take its place."""

from __future__ import annotations

import json

import pytest

from activelearning.domain.metrics import Counts
from activelearning.domain.succession import against, verdict, withheld


def texts(number, right, label="PER"):
    """Texts with one entity each, of which the first `right` are found."""
    return [{label: Counts(1, 1, int(place < right))} for place in range(number)]


@pytest.mark.parametrize(
    ("former", "own", "better"),
    [(80, 60, "former"), (60, 80, "own"), (62, 60, ""), (60, 60, "")],
)
def test_only_what_test_and_interval_call_worse_is_withheld(former, own, better):
    found = against(texts(100, former), texts(100, own), ["PER"])
    assert found["better"] == better
    assert (found["former"], found["own"], found["documents"]) == (former / 100, own / 100, 100)
    assert found["difference"] == pytest.approx((own - former) / 100)
    assert found["low"] <= found["difference"] <= found["high"]
    assert withheld({"against": found}) is (better == "former")
    assert json.loads(json.dumps(found)) == found


def test_a_few_texts_withhold_nothing_however_bad_it_looks():
    found = against(texts(5, 5), texts(5, 0), ["PER"])
    assert (found["former"], found["own"]) == (1, 0)
    assert not withheld({"against": found})


def test_labels_that_one_of_the_two_does_not_know_are_left_out():
    both = [one | other for one, other in zip(texts(50, 50), texts(50, 50, "LOC"), strict=True)]
    narrow = [one | {"LOC": Counts(1, 0, 0)} for one in texts(50, 50)]
    assert against(narrow, both, ["PER"])["better"] == ""
    assert against(narrow, both, ["PER", "LOC"])["better"] == "own"


def test_without_entities_of_shared_labels_nothing_is_compared_and_nothing_withheld():
    assert against([], [], ["PER"]) is None
    assert against([{}, {"PER": Counts(0, 1, 0)}], [{}, {}], ["PER"]) is None
    assert against(texts(50, 50), texts(50, 0), []) is None
    assert not withheld({"documents": 50})


def test_the_verdict_names_both_and_all_figures():
    found = against(texts(100, 80), texts(100, 60), ["PER"]) | {"name": "v6"}
    assert verdict("v7", found).startswith(
        "v7 was measured worse than v6: F1 0.600 against 0.800, a difference of -0.200 [-0.278, -0.122], "
        "on 100 test texts."
    )
