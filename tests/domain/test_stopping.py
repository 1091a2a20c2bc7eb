"""When to advise people to stop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from activelearning.domain.stopping import Round, advise

ROUNDS = [Round(n, interval=(0.80, 0.86), agreement=0.97) for n in (300, 400, 450, 500, 560, 630)]


def test_agreement_intervals_and_a_poor_forecast_together_advise_to_stop():
    advice = advise(ROUNDS, hour_gain=0.002)
    assert advice.stop
    assert "nothing stops by itself" in advice.sentence


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_one_version_of_the_last_growth_steps_that_disagrees_says_go_on(number):
    rounds = [*ROUNDS]
    rounds[number] = replace(rounds[number], agreement=0.94)
    advice = advise(rounds, hour_gain=0.002)
    assert [sign.stands for sign in advice.signs] == [False, True, True]
    assert "94 %" in advice.signs[0].sentence
    assert advice.sentence == "Go on: 2 of 3 signs to stop."


def test_disagreement_from_before_the_last_growth_steps_is_forgotten():
    assert advise([replace(ROUNDS[0], agreement=0.5), replace(ROUNDS[1], agreement=0.5), *ROUNDS[2:]], 0.002).stop


def test_a_test_that_tells_the_newest_version_apart_says_go_on():
    rounds = [*ROUNDS[:-1], replace(ROUNDS[-1], interval=(0.87, 0.91))]
    assert [sign.stands for sign in advise(rounds, 0.002).signs] == [True, False, True]


@pytest.mark.parametrize(("gain", "stop"), [(0.0049, True), (0.0051, False), (None, False)])
def test_an_hour_that_brings_enough_or_nobody_knows_what_says_go_on(gain, stop):
    assert advise(ROUNDS, gain).stop is stop


@pytest.mark.parametrize(
    "rounds",
    [
        [],
        ROUNDS[-1:],
        ROUNDS[-2:],
        [replace(one, agreement=None) for one in ROUNDS],
        [replace(one, interval=None) for one in ROUNDS],
    ],
)
def test_what_is_not_known_never_advises_to_stop(rounds):
    assert not advise(rounds, 0.0).stop
