"""What is said about people: drift, speed, copied work, evidence; and when nothing is said."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from annotation.domain.spans import LabelledSpan
from quality.domain.copying import Compared, copied, pair_sums
from quality.domain.drift import BASELINE, Residual, drift
from quality.domain.speed import LEAST_DOCUMENTS, Timing, paces
from quality.domain.standing import Interval, clearly_below, missing_evidence


def residuals(values: list[float], version: int | None = 1) -> list[Residual]:
    return [Residual(value, version) for value in values]


def noise(seed: int, count: int, mean: float = 0.0) -> list[float]:
    rng = random.Random(seed)
    return [mean + rng.gauss(0, 0.1) for _ in range(count)]


# --- drift ------------------------------------------------------------------------------------


def test_a_fall_that_lasts_raises_the_alarm_and_says_where() -> None:
    found = drift(residuals(noise(1, BASELINE) + noise(2, 15, mean=-0.4)))
    assert found is not None
    assert found.direction == "worse"
    assert found.now < found.usual
    assert BASELINE < found.document <= BASELINE + 6


def test_a_rise_is_told_apart_from_a_fall() -> None:
    found = drift(residuals(noise(1, BASELINE) + noise(2, 15, mean=0.4)))
    assert found is not None
    assert found.direction == "better"


def test_steady_work_raises_no_alarm() -> None:
    alarms = sum(drift(residuals(noise(seed, 40))) is not None for seed in range(200))
    assert alarms <= 6


def test_one_bad_document_is_no_drift() -> None:
    alarms = sum(drift(residuals([*noise(seed, BASELINE + 8), -0.3])) is not None for seed in range(200))
    assert alarms <= 20


def test_an_alarm_that_has_passed_is_none() -> None:
    values = noise(1, BASELINE) + noise(2, 10, mean=-0.4) + noise(3, 40)
    assert drift(residuals(values[: BASELINE + 10])) is not None
    assert drift(residuals(values)) is None


def test_too_few_documents_say_nothing() -> None:
    assert drift([]) is None
    assert drift(residuals([0.5] * (BASELINE - 1) + [-1.0])) is None
    assert drift(residuals([0.5] * 3 + [-1.0])) is None


def test_a_new_guideline_version_starts_anew() -> None:
    before, after = noise(1, 20), noise(2, 12, mean=-0.5)
    assert drift(residuals(before) + residuals(after, 1)) is not None
    assert drift(residuals(before) + residuals(after, 2)) is None


def test_even_work_needs_more_than_a_small_step() -> None:
    assert drift(residuals([0.0] * BASELINE + [-0.03] * 10)) is None
    assert drift(residuals([0.0] * BASELINE + [-0.2] * 10)) is not None


# --- speed ------------------------------------------------------------------------------------


def usual(count: int) -> list[Timing]:
    return [Timing(100, 50 + number % 20) for number in range(count)]


def test_three_very_fast_documents_in_a_row_are_flagged() -> None:
    hasty = [Timing(100, 60), *[Timing(100, 2)] * 3, Timing(100, 60)]
    found = paces({"ann": usual(LEAST_DOCUMENTS), "bob": hasty})
    assert found["bob"].too_fast
    assert found["bob"].longest_run == 3
    assert not found["ann"].too_fast


def test_fast_documents_that_do_not_follow_each_other_are_not() -> None:
    found = paces({"ann": usual(LEAST_DOCUMENTS), "bob": [Timing(100, 2), Timing(100, 2), Timing(100, 60)] * 3})
    assert found["bob"].longest_run == 2
    assert not found["bob"].too_fast


def test_somewhat_faster_than_a_very_even_project_is_no_flag() -> None:
    even = [Timing(100, 50)] * LEAST_DOCUMENTS
    assert not paces({"ann": even, "bob": [Timing(100, 42)] * 5})["bob"].too_fast
    assert paces({"ann": even, "bob": [Timing(100, 5)] * 5})["bob"].too_fast


def test_nobody_is_flagged_before_the_usual_speed_is_known() -> None:
    found = paces({"ann": usual(LEAST_DOCUMENTS - 4), "bob": [Timing(100, 2)] * 3})
    assert not found["bob"].too_fast
    assert found["bob"].seconds_per_word == pytest.approx(0.02)


def test_documents_without_words_or_time_do_not_count() -> None:
    found = paces({"ann": [Timing(0, 5), Timing(10, 0), Timing(10, 5)], "bob": [Timing(0, 1)]})
    assert found["ann"].documents == 1
    assert "bob" not in found


# --- copied work ------------------------------------------------------------------------------


def crowd(copier: bool, documents: int = 12, *, gold: bool = False, seed: int = 5, slips: int = 2) -> list[Compared]:
    """Five people with mistakes of their own; with `copier`, p5 hands in p4's work."""
    rng = random.Random(seed)
    made = []
    for _ in range(documents):
        right = [LabelledSpan(10 * n, 10 * n + 5, "PER") for n in range(8)]
        layers = {}
        for person in ("p1", "p2", "p3", "p4", "p5"):
            kept = [span for span in right if rng.random() < 0.75]
            places = rng.sample(range(8), slips)
            layers[person] = kept + [LabelledSpan(10 * n + 6, 10 * n + 8 + rng.randrange(2), "LOC") for n in places]
        if copier:
            layers["p5"] = layers["p4"]
        made.append(Compared(layers, right if gold else None))
    return made


@pytest.mark.parametrize("gold", [True, False])
def test_work_that_was_copied_is_named_once(gold: bool) -> None:
    found = copied(crowd(copier=True, gold=gold))
    assert [alike.pair for alike in found] == [("p4", "p5")]
    assert found[0].f1 == 1
    assert found[0].usual_f1 < 0.8
    assert found[0].same_wrong > 5


@pytest.mark.parametrize("seed", range(10))
def test_independent_work_is_not_named(seed: int) -> None:
    assert copied(crowd(copier=False, seed=seed)) == []


def test_two_who_agree_because_both_are_right_are_not_named() -> None:
    documents = [
        Compared({**document.layers, "p4": document.gold, "p5": document.gold}, document.gold)
        for document in crowd(copier=False, gold=True)
    ]
    sums = pair_sums(documents)
    assert sums["p4", "p5"].f1 == 1
    assert copied(documents) == []


def test_three_people_are_too_few_to_know_what_is_usual() -> None:
    documents = [
        Compared({name: document.layers[name] for name in ("p1", "p4", "p5")}) for document in crowd(copier=True)
    ]
    assert copied(documents) == []


def test_two_shared_documents_are_too_few() -> None:
    assert copied(crowd(copier=True, documents=2, slips=5)) == []
    assert copied(crowd(copier=True, documents=3, slips=5))


def test_without_gold_the_others_decide_and_two_alone_decide_nothing() -> None:
    odd, even = LabelledSpan(0, 3, "PER"), LabelledSpan(5, 8, "PER")
    sums = pair_sums([Compared({"a": [odd], "b": [odd], "c": [even]}), Compared({"a": [odd], "b": [odd]})])
    assert (sums["a", "b"].wrong, sums["a", "b"].same_wrong) == (2, 1)
    assert sums["a", "b"].documents == 2


def test_a_pair_is_compared_on_what_both_were_asked_about() -> None:
    person, place = LabelledSpan(0, 3, "PER"), LabelledSpan(5, 8, "LOC")
    about = {"b": frozenset({"PER"}), "c": frozenset({"LOC"})}
    sums = pair_sums([Compared({"a": [person, place], "b": [person], "c": []}, [place], about)])
    assert set(sums) == {("a", "b"), ("a", "c")}
    assert (sums["a", "b"].f1, sums["a", "b"].same_wrong) == (1.0, 1)
    assert (sums["a", "c"].f1, sums["a", "c"].wrong) == (0.0, 0)
    # Without gold, only who was asked about the label can say that a span is wrong.
    sums = pair_sums([Compared({"a": [person, place], "b": [person], "c": []}, None, about)])
    assert sums["a", "b"].wrong == 0


def test_every_pair_of_a_document_is_counted() -> None:
    sums = pair_sums(crowd(copier=False, documents=1))
    assert set(sums) == set(combinations(["p1", "p2", "p3", "p4", "p5"], 2))


# --- evidence ---------------------------------------------------------------------------------


def test_what_is_missing_is_said_in_numbers() -> None:
    assert missing_evidence(5, 400) == "5 of 8 shared documents"
    assert missing_evidence(20, 60) == "60 of 100 spans in shared documents"
    assert missing_evidence(8, 100) == ""


def test_only_intervals_that_do_not_meet_set_somebody_apart() -> None:
    high = Interval(0.7, 0.9)
    assert clearly_below(Interval(0.3, 0.5), [high, high, high])
    assert not clearly_below(Interval(0.5, 0.75), [high, high, high])
    assert not clearly_below(Interval(0.3, 0.5), [high])
    assert not clearly_below(Interval(0.3, 0.5), [high, Interval(0.4, 0.6)])
