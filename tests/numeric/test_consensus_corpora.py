"""Consensus against gold on real judgements, with the settings as they are."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from quality.domain.files import labels_of
from quality.domain.judgements import JudgedDocument
from quality.management.commands.consensus import against_gold
from quality.numeric.consensus import AUTO, METHODS, choose, consensus
from tests.numeric.corpora import as_spans, judged, systems

pytestmark = pytest.mark.slow


def table(documents: Sequence[JudgedDocument]) -> dict[str, float]:
    """Method → exact F1; printed, so that `pytest -s` shows it."""
    result = {}
    for method in (*METHODS, AUTO):
        score = against_gold(documents, consensus(documents, labels_of(documents), method))
        assert score is not None
        result[method] = score["f1"]
    print({method: round(100 * value, 2) for method, value in result.items()}, choose(documents))
    return result


def test_one_question_at_a_time_to_a_crowd() -> None:
    scores = table(judged("btc_crowd_ae", "e-"))
    assert scores["ds"] >= scores["vote"]
    assert scores[AUTO] >= scores["vote"]


def test_two_annotators_of_novels() -> None:
    scores = table(judged("novels_doccano"))
    assert scores[AUTO] >= scores["vote"]


def test_seven_systems_beat_the_best_of_them() -> None:
    documents = systems()
    best = max(
        2 * right / (marked + wanted)
        for name in {one.annotator for one in documents[0].judgements}
        for right, marked, wanted in [_alone(documents, name)]
    )
    assert table(documents)[AUTO] > best


def _alone(documents: Sequence[JudgedDocument], name: str) -> tuple[int, int, int]:
    right = marked = wanted = 0
    for document in documents:
        gold = as_spans(document)
        own = {
            (span.start, span.end, span.label)
            for one in document.judgements
            if one.annotator == name
            for span in one.spans
        }
        right, marked, wanted = right + len(own & gold), marked + len(own), wanted + len(gold)
    return right, marked, wanted
