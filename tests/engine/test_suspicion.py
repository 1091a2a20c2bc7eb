"""Documents whose labels a model trained on the others would not expect."""

from __future__ import annotations

from dataclasses import replace

import pytest

from activelearning.engine import suspicion
from activelearning.engine.checkpoints import resolve
from activelearning.engine.features import FeatureStore
from activelearning.engine.suspicion import FOLDS, LEAST_DOCUMENTS, suspicions
from activelearning.engine.types import Example, Stopped, Suspicion, TrainConfig
from tests.engine.corpus import examples

CONFIG = TrainConfig(("PER", "LOC"), max_steps=60)
WRONG = frozenset(f"doc-{number}" for number in (3, 11, 17, 29, 38, 44, 52))


@pytest.fixture(scope="module")
def features():
    return FeatureStore(resolve(""))


def spoilt(count: int = 60) -> list[Example]:
    """The first span of a few is missing; those that have none stay as they are."""
    return [replace(e, spans=e.spans[1:]) if e.document_id in WRONG else e for e in examples(count)]


@pytest.fixture(scope="module")
def found(features):
    train = spoilt()
    return suspicions(train, {example.document_id for example in train}, CONFIG, features=features)


def test_documents_with_a_missing_entity_come_first(found):
    with_entities = {example.document_id for example in examples(60) if example.spans}
    missing = WRONG & with_entities
    assert len(missing) >= 4
    assert {item.document_id for item in found[: len(missing)]} == missing
    assert found[0].wrong_words > 0.5 > found[len(found) // 2].wrong_words


def test_what_the_model_reads_there_is_told(found):
    texts = {example.document_id: example for example in examples(60)}
    first = found[0]
    spans = {(span.start, span.end, span.label) for span in first.spans}
    assert spans == {(s.start, s.end, s.label) for s in texts[first.document_id].spans}


def test_it_repeats_itself(found, features):
    train = spoilt()
    again = suspicions(train, {example.document_id for example in train}, CONFIG, features=features)
    assert again == found


def test_nobody_is_judged_by_a_model_that_learned_their_labels(features, monkeypatch):
    train, seen = examples(60), []
    fit = suspicion.fast.fit

    def watched(examples, *args, **kwargs):
        seen.append({example.document_id for example in examples})
        return fit(examples, *args, **kwargs)

    def judging(model, held, *args):
        ids = {example.document_id for example in held}
        assert not ids & seen[-1]
        assert {f"doc-{number}" for number in range(55, 60)} <= seen[-1], "those not judged are always learned"
        return iter([Suspicion(key, 0.0, ()) for key in ids])

    monkeypatch.setattr(suspicion.fast, "fit", watched)
    monkeypatch.setattr(suspicion, "_judged", judging)
    judged = {f"doc-{number}" for number in range(55)}
    found = suspicions(train, judged, replace(CONFIG, max_steps=1), features=features)
    assert len(seen) == FOLDS
    assert {item.document_id for item in found} == judged
    assert len(found) == len(judged)


def test_few_documents_are_not_judged(features):
    train = examples(60)
    few = {f"doc-{number}" for number in range(LEAST_DOCUMENTS - 1)}
    assert suspicions(train, few, CONFIG, features=features) == []


def test_nothing_is_suspicious_where_nothing_can_be_learned(features):
    train = [replace(example, spans=()) for example in examples(60)]
    assert suspicions(train, {example.document_id for example in train}, CONFIG, features=features) == []


def test_a_long_text_that_is_cut_inside_an_entity_is_not_wrong_for_that(features):
    words = " ".join(["Oslo"] * 300)
    text = Example("long", words, tuple((5 * n, 5 * n + 4) for n in range(300)), ())
    train = examples(60)
    model = suspicion.fast.fit(train, replace(CONFIG, tier="fast"), features=features)
    whole = replace(text, spans=(train[0].spans[0].__class__(0, len(words), "LOC"),))
    parts = [(0, 128), (128, 256), (256, 300)]
    cut = replace(text, spans=tuple(whole.spans[0].__class__(5 * a, 5 * b - 1, "LOC") for a, b in parts))
    assert suspicion.wrong_words(model, [whole]) == suspicion.wrong_words(model, [cut])


def test_it_stops_when_told(features):
    train = examples(60)
    with pytest.raises(Stopped):
        suspicions(train, {e.document_id for e in train}, CONFIG, features=features, should_stop=lambda: True)
