"""When to train."""

from __future__ import annotations

from dataclasses import replace

import pytest

from activelearning.domain.policy import Labels, RetrainSettings, retraining_due

SETTINGS = RetrainSettings(after=20, quiet_seconds=60)
LABELS = Labels(documents=50, entities=True, new=5, seconds_since_last=10)


@pytest.mark.parametrize(
    ("change", "due"),
    [
        ({}, False),
        ({"new": 19}, False),
        ({"new": 20}, True),
        ({"new": 200}, True),
        ({"seconds_since_last": 59.9}, False),
        ({"seconds_since_last": 60}, True),
        ({"new": 1, "seconds_since_last": 60}, True),
        ({"new": 0, "seconds_since_last": 6000}, False),
        ({"new": 20, "documents": 1}, False),
        ({"new": 20, "entities": False}, False),
    ],
)
def test_a_run_is_due_after_enough_labels_or_a_pause_but_never_without_matter(change, due):
    assert retraining_due(replace(LABELS, **change), SETTINGS).due is due


def test_a_pause_that_is_not_over_says_when_to_look_again():
    assert retraining_due(LABELS, SETTINGS).wait_seconds == 50
    assert retraining_due(replace(LABELS, new=0), SETTINGS).wait_seconds is None


def test_the_reason_counts_for_people():
    assert retraining_due(replace(LABELS, new=12), SETTINGS).reason.startswith("12 of 20 new labelled documents")
