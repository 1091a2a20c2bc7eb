"""When to train, and how."""

from __future__ import annotations

from dataclasses import replace

import pytest

from activelearning.domain.policy import (
    FAST,
    FULL,
    FULL_WORDS,
    ROUND_WORDS,
    Labels,
    Past,
    RetrainSettings,
    by_hand,
    retraining_due,
)
from activelearning.engine.types import Tier

SETTINGS = RetrainSettings(after=20, quiet_seconds=60)
LABELS = Labels(documents=50, entities=True, new=5, seconds_since_last=10)
MANY = Labels(documents=200, entities=True, new=5, seconds_since_last=10, words=3000, new_words=80)
PAST = Past(cold_words=2800, full_words=2000, fast_seconds=5, full_seconds=60, seconds_since_run=30, full_gain=0.002)


@pytest.mark.parametrize(
    ("change", "due"),
    [
        ({}, False),
        ({"new": 19}, False),
        ({"new": 20}, True),
        ({"new": 200}, True),
        ({"new_words": ROUND_WORDS - 1}, False),
        ({"new_words": ROUND_WORDS}, True),
        ({"seconds_since_last": 59.9}, False),
        ({"seconds_since_last": 60}, True),
        ({"new": 1, "seconds_since_last": 60}, True),
        ({"new": 0, "seconds_since_last": 6000}, False),
        ({"new": 0, "relabelled": True}, True),
        ({"new": 20, "documents": 1}, False),
        ({"new": 20, "entities": False}, False),
        ({"relabelled": True, "documents": 1}, False),
    ],
)
def test_a_round_is_due_after_enough_labels_or_a_pause_but_never_without_matter(change, due):
    decision = retraining_due(replace(LABELS, **change), SETTINGS)
    assert (decision.due, decision.tier) == (due, FAST)


def test_a_pause_that_is_not_over_says_when_to_look_again():
    assert retraining_due(LABELS, SETTINGS).wait_seconds == 50
    assert retraining_due(replace(LABELS, new=0), SETTINGS).wait_seconds is None


def test_the_reason_counts_for_people():
    assert retraining_due(replace(LABELS, new=12), SETTINGS).reason.startswith("12 of 20 new labelled documents")


@pytest.mark.parametrize(
    ("words", "cold_words", "relabelled", "warm"),
    [
        (1400, 1000, False, True),
        (1500, 1000, False, False),
        (1400, 0, False, False),
        (1400, 1000, True, False),
    ],
)
def test_a_round_goes_on_from_the_last_model_until_the_words_grew_by_half(words, cold_words, relabelled, warm):
    labels = replace(LABELS, new=20, words=words, relabelled=relabelled)
    decision = retraining_due(labels, SETTINGS, Past(cold_words=cold_words))
    assert (decision.due, decision.warm) == (True, warm)


def test_rounds_leave_the_machine_as_long_as_they_take_it():
    busy = Past(fast_seconds=30, seconds_since_run=10)
    decision = retraining_due(replace(LABELS, new=20), SETTINGS, busy)
    assert (decision.due, decision.wait_seconds) == (False, 20)
    assert retraining_due(replace(LABELS, new=20), SETTINGS, replace(busy, seconds_since_run=30)).due
    assert retraining_due(replace(LABELS, new=20, seconds_since_last=60), SETTINGS, busy).due
    assert retraining_due(replace(LABELS, relabelled=True), SETTINGS, busy).due


@pytest.mark.parametrize(
    ("change", "full"),
    [
        ({}, True),
        ({"new": 0, "new_words": 0}, True),
        ({"words": 2999}, False),
        ({"seconds_since_last": 59}, False),
        ({"documents": 20}, True),
        ({"entities": False}, False),
    ],
)
def test_a_full_run_is_due_in_a_pause_when_the_words_grew_by_half(change, full):
    labels = replace(MANY, **{"seconds_since_last": 60} | change)
    decision = retraining_due(labels, SETTINGS, PAST)
    assert (decision.tier == FULL and decision.due) is full


def test_the_first_full_run_needs_enough_documents_or_words():
    def tier(documents: int, words: int) -> str:
        labels = replace(MANY, documents=documents, words=words, seconds_since_last=60)
        return retraining_due(labels, SETTINGS).tier

    assert tier(99, FULL_WORDS - 1) == FAST
    assert tier(100, FULL_WORDS - 1) == FULL
    assert tier(99, FULL_WORDS) == FULL


@pytest.mark.parametrize(
    ("gain", "seconds", "due"),
    [
        (0.01, 60, True),
        (0.009, 60, False),
        (0.009, 30, True),
        (0.03, 600, False),
        (None, 60, False),
        (0.1, None, False),
    ],
)
def test_people_at_work_wait_for_a_full_run_only_when_it_pays(gain, seconds, due):
    past = replace(PAST, full_gain=gain, full_seconds=seconds)
    decision = retraining_due(MANY, SETTINGS, past)
    assert (decision.due, decision.tier) == ((True, FULL) if due else (False, FAST))


def test_a_full_run_that_waits_for_the_pause_is_looked_for_then_also_without_new_labels():
    decision = retraining_due(replace(MANY, new=0, new_words=0), SETTINGS, PAST)
    assert (decision.due, decision.wait_seconds) == (False, 50)
    assert "Full training in the next pause." in decision.reason
    assert "at 4,500 labelled words" in retraining_due(MANY, SETTINGS, replace(PAST, full_words=3000)).reason


def test_after_a_full_run_of_any_outcome_nothing_is_due_until_the_words_grow_again():
    labels = replace(MANY, new=0, new_words=0, seconds_since_last=10_000)
    decision = retraining_due(labels, SETTINGS, replace(PAST, full_words=labels.words))
    assert (decision.due, decision.wait_seconds) == (False, None)


def test_what_a_withheld_version_has_learned_the_one_in_use_learns_at_once():
    past = replace(PAST, full_words=3000, withheld="v7", fast_seconds=100, seconds_since_run=0)
    decision = retraining_due(replace(MANY, new=1), SETTINGS, past)
    assert (decision.due, decision.tier, decision.warm) == (True, FAST, True)
    assert decision.reason == "v7 was measured worse than the version in use, so that one goes on."
    grown = retraining_due(replace(MANY, new=1), SETTINGS, replace(past, cold_words=2000))
    assert (grown.due, grown.warm) == (True, False)
    assert not retraining_due(replace(MANY, new=0, seconds_since_last=10_000), SETTINGS, past).due


def test_by_hand_either_tier_runs_from_scratch_at_any_time():
    for tier in (FAST, FULL):
        decision = by_hand(replace(LABELS, new=0), tier=tier)
        assert (decision.due, decision.tier, decision.warm) == (True, tier, False)
    assert not by_hand(replace(LABELS, documents=1), tier=FULL).due
    assert "needs at least one labelled entity" in by_hand(replace(LABELS, entities=False), tier=FAST).reason


def test_the_tiers_are_the_engine_s():
    assert (FAST, FULL) == (Tier.FAST, Tier.FULL)
