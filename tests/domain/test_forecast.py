"""Forecasts, and whether they keep what they claim."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activelearning.domain.forecast import Outlook, horizon, outlook, past_errors, predict, rise, silence
from activelearning.domain.learning_curve import DRIFT, Z80, Z95, Measured, Prediction, curve_at

STEPS = tuple(range(15, 400, 15))


def planted(seed: int, *, scatter: float = 0.008, drift: float = 0.0, likeness: float = 0.0, steps=STEPS):
    """Measured versions of a power law with a chance asymptote and exponent.

    Their F1 scatters, neighbours alike by `likeness`, and wanders off the law by `drift` while the
    documents grow e-fold, as real curves do.
    """
    chance = random.Random(seed)
    a, c, start = chance.uniform(0.6, 0.95), chance.lognormvariate(math.log(0.5), 0.4), chance.uniform(0.1, 0.5)
    off = wandered = 0.0
    points, before = [], steps[0]
    for n in steps:
        wandered += chance.gauss(0, drift * math.sqrt(math.log(n / before)))
        off = likeness * off + math.sqrt(1 - likeness**2) * chance.gauss(0, scatter)
        f1 = a - (a - start * a) * (n / steps[0]) ** -c + wandered + off
        points.append(Measured(n, min(1.0, max(0.0, f1))))
        before = n
    return points


def coverage(population):
    """Shares of curves whose last point lies inside the 80 and 95 % intervals forecast from two thirds of the way."""
    held = [0, 0]
    for points in population:
        known = [point for point in points if point.documents <= points[-1].documents / 1.5]
        prediction = predict(known, points[-1].documents)
        for place, z in enumerate((Z80, Z95)):
            low, high = prediction.interval(z)
            held[place] += low <= points[-1].f1 <= high
    return [share / len(population) for share in held]


def test_intervals_hold_as_often_as_they_say_on_curves_that_wander():
    """Three standard errors about 0.80 and 0.95 for 160 independent curves."""
    of_80, of_95 = coverage([planted(seed, drift=DRIFT) for seed in range(160)])
    assert of_80 == pytest.approx(0.80, abs=0.095)
    assert of_95 == pytest.approx(0.95, abs=0.052)


@pytest.mark.parametrize("kind", [{}, {"scatter": 0.02}, {"likeness": 0.6}])
def test_intervals_hold_at_least_as_often_as_they_say_on_tamer_curves(kind):
    of_80, of_95 = coverage([planted(seed, **kind) for seed in range(60)])
    assert of_80 >= 0.80
    assert of_95 >= 0.95


def test_a_law_is_followed_beyond_its_points():
    points = planted(3, scatter=0.0)
    assert predict(points[:16], points[-1].documents).f1 == pytest.approx(points[-1].f1, abs=0.01)


def lengthening(*, counted: bool = True):
    """A law over words: chance's first texts of 30 words, then from 8 on ever longer ones, as where the unsure come first."""
    points, words = [], 0
    for n in STEPS:
        words += 15 * (round(8 + 22 * (n - STEPS[0]) / (STEPS[-1] - STEPS[0])) if points else 30)
        points.append(Measured(n, 0.9 - 0.75 * (words / 450) ** -0.4, words=words if counted else None))
    return points


def test_a_law_over_words_is_followed_where_it_is_none_over_documents():
    over_words, over_documents = (past_errors(lengthening(counted=counted)) for counted in (True, False))
    assert len(over_words) == len(over_documents) == 8
    assert max(abs(past.off) for past in over_words) < 0.025
    assert min(past.off for past in over_documents) > 0.035, "far too low, each time"


def test_where_a_version_does_not_know_its_words_the_curve_is_over_documents():
    points = lengthening()
    points[3] = Measured(points[3].documents, points[3].f1, words=0)
    assert predict(points, 600) == predict(lengthening(counted=False), 600)


def test_texts_of_one_length_make_the_same_curve_over_words_and_over_documents():
    points = planted(7)
    counted = [Measured(p.documents, p.f1, words=20 * p.documents) for p in points]
    for documents in (20, 100, 390, 391, 700):
        over_words, over_documents = curve_at(counted, documents), curve_at(points, documents)
        assert over_words.f1 == pytest.approx(over_documents.f1, abs=1e-9)
        assert over_words.error == pytest.approx(over_documents.error, abs=1e-9)


def test_texts_to_come_are_as_long_as_the_newest_were():
    """100 documents of 10 words and 50 of 40: so the next 50 have 2,000 words more than these 3,000."""
    law = [(n, 10 * n if n <= 100 else 1000 + 40 * (n - 100)) for n in range(10, 151, 10)]
    points = [Measured(n, 0.9 - 0.6 * (words / 100) ** -0.4, words=words) for n, words in law]
    assert curve_at(points, 200).f1 == pytest.approx(0.9 - 0.6 * 50**-0.4, abs=0.01)
    assert curve_at(points, 125).f1 == pytest.approx(0.9 - 0.6 * 20**-0.4, abs=0.01)


def test_a_forecast_made_again_knows_nothing_of_what_came_after():
    points = planted(1)
    known = past_errors(points[:18])
    other = [Measured(point.documents, 0.1) for point in points[18:]]
    assert known
    assert past_errors([*points[:18], *other])[: len(known)] == known


def test_a_past_forecast_is_compared_with_what_was_measured_then():
    points = planted(2)
    measured = {point.documents: point.f1 for point in points}
    for past in past_errors(points):
        assert past.known < past.prediction.documents
        assert past.measured == measured[past.prediction.documents]
        assert past.off == pytest.approx(past.measured - past.prediction.f1)


def test_a_record_of_misses_widens_the_interval_and_a_good_one_narrows_it():
    good = planted(4, scatter=0.001)
    jump = [Measured(p.documents, p.f1 + (0.0 if p.documents < 150 else 0.15)) for p in good]
    for points, wider in ((good, False), (jump, True)):
        plain = curve_at(points, 600).error
        assert (predict(points, 600).error > plain) is wider


def test_unsure_points_count_less():
    points = [Measured(n, 0.7, 0.01) for n in range(20, 200, 20)]
    low = Measured(160, 0.5, 0.01)
    unsure = [*points[:7], Measured(160, 0.5, 0.05), *points[8:]]
    sure = [*points[:7], low, *points[8:]]
    assert curve_at(unsure, 200).f1 > curve_at(sure, 200).f1


def test_it_says_nothing_with_too_little_and_why():
    points = planted(5)
    assert "4 measured versions; 3 so far" in silence(points[:3], 500)
    assert "50 entities in the test texts; 12 so far" in silence(points, 12)
    assert "needs a curve" in silence([Measured(100 + n, 0.5) for n in range(8)], 500)
    assert silence(points, 500) == ""
    nothing = outlook(points[:3], 500, remaining=100, seconds_per_document=20)
    assert (nothing.prediction, nothing.sentence) == (None, nothing.silence)
    assert "Every document is labelled" in outlook(points, 500, remaining=0, seconds_per_document=20).sentence


def test_the_sentence_says_now_then_effort_and_trend():
    found = Outlook(now=Measured(400, 0.834), prediction=Prediction(600, 0.861, 0.004), gain=0.012, hours=3.06).sentence
    assert found == "F1 0.83 now; 0.86 ± 0.01 after 200 more documents, about 3.1 hours; flattening."


def test_two_digits_never_claim_more_than_was_computed():
    found = Outlook(now=Measured(400, 0.8), prediction=Prediction(600, 0.8, 0.0062), gain=0.0)
    assert "± 0.02" in found.sentence
    assert found.sentence.endswith("; flat.")


def test_it_looks_no_further_than_the_documents_there_are_and_counts_their_time():
    found = outlook(planted(6), 500, remaining=30, seconds_per_document=60)
    assert found.prediction.documents == STEPS[-1] + 30
    assert found.hours == pytest.approx(0.5)
    assert found.hour_gain == pytest.approx(found.gain / 0.5)
    assert "after 30 more documents, about 30 minutes" in found.sentence
    assert outlook(planted(6), 500, remaining=30, seconds_per_document=None).hour_gain is None


def test_its_record_is_told_with_it():
    found = outlook(planted(6), 500, remaining=1000, seconds_per_document=None)
    last = found.past[-6:]
    held = sum(past.held for past in last)
    assert f"the last 6 forecasts, for {min(p.prediction.documents - p.known for p in last)} to " in found.track
    assert f"; {held} of 6 inside the interval." in found.track
    young = outlook(planted(6)[:5], 500, remaining=1000, seconds_per_document=None)
    assert young.track == "No earlier forecast has come due yet."


@pytest.mark.parametrize(("documents", "more"), [(1, 1), (10, 5), (30, 20), (180, 100), (300, 200), (1000, 500)])
def test_the_horizon_is_round_and_never_doubles_the_labels(documents, more):
    assert horizon(documents) == more


def test_the_rise_is_what_the_curve_gained():
    points = planted(3, scatter=0.0)
    assert rise(points, 150) == pytest.approx(points[-1].f1 - points[9].f1, abs=0.01)
    assert rise(points[:3], 15) is None


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1)), min_size=4, max_size=12), st.integers(1, 2000))
def test_any_versions_give_a_finite_forecast(steps, more):
    documents, points = 0, []
    for step, f1 in steps:
        documents += step
        points.append(Measured(documents, f1))
    found = predict(points, documents + more)
    assert 0 <= found.f1 <= 1
    assert 0 < found.error < math.inf
