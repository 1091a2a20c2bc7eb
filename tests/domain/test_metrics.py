"""Entity-level scores, counted as conlleval counts."""

from __future__ import annotations

import pytest

from activelearning.domain.metrics import evaluate
from annotation.domain.spans import LabelledSpan as S
from annotation.domain.tags import bio_to_spans


def test_only_same_borders_and_label_count():
    gold = [S(0, 5, "PER"), S(10, 15, "LOC"), S(20, 25, "ORG")]
    predicted = [S(0, 5, "PER"), S(10, 16, "LOC"), S(20, 25, "LOC"), S(30, 31, "PER")]
    result = evaluate([(gold, predicted)])
    assert (result.overall.correct, result.overall.predicted, result.overall.gold) == (1, 4, 3)
    assert result.overall.precision == pytest.approx(1 / 4)
    assert result.overall.recall == pytest.approx(1 / 3)
    assert result.overall.f1 == pytest.approx(2 / 7)


def test_labels_are_counted_apart_and_those_only_predicted_appear_too():
    result = evaluate([([S(0, 1, "A")], [S(0, 1, "A"), S(2, 3, "B")]), ([S(0, 1, "A")], [])])
    assert result.documents == 2
    assert list(result.labels) == ["A", "B"]
    assert result.labels["A"].recall == 0.5
    assert (result.labels["B"].gold, result.labels["B"].precision, result.labels["B"].f1) == (0, 0.0, 0.0)


def test_the_same_offsets_in_another_document_are_another_entity():
    assert evaluate([([S(0, 1, "A")], []), ([], [S(0, 1, "A")])]).overall.correct == 0


def test_nothing_at_all_is_zero_and_no_error():
    assert evaluate([]).overall.as_dict()["f1"] == 0.0


def test_the_scores_agree_with_seqeval_on_tags_also_on_broken_ones():
    """The expected figures are what seqeval 1.2.2 prints for these tags, overall and per label."""
    gold = [
        ["B-A", "I-A", "O", "B-B"],
        ["O", "B-B", "B-B", "I-B"],
        ["I-A", "I-A", "B-A", "O"],
        ["B-A", "I-B", "I-B", "O"],
    ]
    predicted = [
        ["B-A", "O", "O", "B-B"],
        ["O", "B-B", "I-B", "I-B"],
        ["B-A", "I-A", "I-A", "I-B"],
        ["B-A", "B-B", "I-B", "I-A"],
    ]
    tokens = [(start, start + 1) for start in range(4)]
    ours = evaluate((bio_to_spans(tokens, g), bio_to_spans(tokens, p)) for g, p in zip(gold, predicted, strict=True))
    assert (ours.overall.precision, ours.overall.recall, ours.overall.f1) == (0.375, 0.375, 0.375)
    assert {name: (score.gold, score.f1) for name, score in ours.labels.items()} == {"A": (4, 0.25), "B": (4, 0.5)}
