"""The tagger learns, from scratch each time, and reads without chance."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from activelearning.domain import scoring
from activelearning.engine import evaluation, full, scorer, trained, trainer
from activelearning.engine.fast import Piece
from activelearning.engine.features import FeatureStore
from activelearning.engine.types import EngineError, Example, Stopped, Text, Tier, TrainConfig
from annotation.domain.spans import LabelledSpan
from annotation.domain.text import tokenize
from tests.engine.corpus import example, examples

LABELS = ("PER", "LOC")
CPU = torch.device("cpu")
SHORT = TrainConfig(LABELS, max_steps=12)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def model():
    return trainer.fit(examples(24), replace(SHORT, max_steps=40), device=CPU)


@pytest.fixture(scope="module")
def texts():
    long = "Ada Lovelace wrote to Paris again and again . " * 40
    return [
        *examples(20, seed=5),
        Text("empty", "", ()),
        Text("odd", "Ada \u200b Oslo", ((0, 3), (4, 5), (6, 10))),
        Text("long", long, tuple(tokenize(long))),
    ]


def weights(model):
    return torch.cat([value.detach().flatten() for value in model.tagger.learned().values()])


def by_id(documents):
    return {document.document_id: document for document in documents}


def test_every_training_starts_anew_and_changes_the_weights():
    """Ancestor's A2: from the second training on the learning rate was 0."""
    untrained = trainer.fit(examples(8), replace(SHORT, max_steps=0), device=CPU)
    first = trainer.fit(examples(8), SHORT, device=CPU)
    second = trainer.fit(examples(16), SHORT, device=CPU)
    for model in (first, second):
        moved = (weights(model) - weights(untrained)).abs()
        assert float((moved > 0).float().mean()) > 0.9
        assert float(moved.max()) > 2e-3, "more than one step of full size"
    assert not torch.equal(weights(first), weights(second))


def test_the_same_training_gives_the_same_weights_and_another_seed_gives_others():
    first, again = (trainer.fit(examples(8), SHORT, device=CPU) for _ in range(2))
    other = trainer.fit(examples(8), replace(SHORT, seed=99), device=CPU)
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))


def test_few_examples_get_as_many_steps_as_it_takes():
    for few in (1, 10):
        assert full.planned_steps(5, 8, few) == full.LEAST_STEPS
        assert full.planned_steps(800, 8, few) == 800
        assert full.planned_steps(1600, 8, few) == 800 + 400
        assert full.planned_steps(1600, 8, few, max_steps=10) == 10


def test_more_labels_are_trained_for_longer_in_the_full_tier_too():
    assert full.planned_steps(5, 8, 20) == 2 * full.LEAST_STEPS
    assert full.planned_steps(500, 16, 19) == 475
    assert full.planned_steps(1600, 8, 20, max_steps=10) == 10
    many, told = tuple(f"L{number}" for number in range(18)) + LABELS, []
    with pytest.raises(Stopped):
        full.fit_tagger(
            examples(8), TrainConfig(many), device=CPU, on_progress=told.append, should_stop=lambda: bool(told)
        )
    assert told[0].total == 2 * full.LEAST_STEPS


def test_the_lower_third_and_the_embeddings_stay_as_pretrained(model):
    frozen = {name for name, p in model.tagger.named_parameters() if not p.requires_grad}
    assert "encoder.embeddings.word_embeddings.weight" in frozen
    learned = {name.split(".")[3] for name in model.tagger.learned() if name.startswith("encoder.")}
    assert learned == {"2", "3", "4"}, "the topmost is left out"


def test_predictions_come_from_evaluation_mode_and_repeat_exactly(model, texts):
    """Ancestor's A3: suggestions were made with dropout on."""
    model.tagger.train()
    first = by_id(scorer.score(model, texts))
    assert not any(module.training for module in model.tagger.modules())
    assert by_id(scorer.score(model, texts)) == first


def test_scores_do_not_depend_on_the_batch_or_its_padding(model, texts):
    together = by_id(scorer.score(model, texts))
    alone = by_id(document for text in texts for document in scorer.score(model, [text]))
    small = by_id(document for text in texts[::-1] for document in scorer.score(model, [text, texts[0]]))
    assert together.keys() == alone.keys() == {text.document_id for text in texts}
    for key, document in together.items():
        for other in (alone[key], small[key]):
            assert [(s.start, s.end, s.label) for s in other.spans] == [
                (s.start, s.end, s.label) for s in document.spans
            ]
            for strategy, value in document.scores.items():
                assert other.scores[strategy] == pytest.approx(value, rel=1e-3, abs=2e-5), strategy


def test_every_word_is_counted_once_and_spans_lie_on_the_true_characters(model, texts):
    scored = by_id(scorer.score(model, texts))
    for text in texts:
        document = scored[text.document_id]
        assert document.n_words == len(text.tokens)
        starts, ends = {s for s, _ in text.tokens}, {e for _, e in text.tokens}
        assert all(span.start in starts and span.end in ends for span in document.spans)
        assert all(0 < span.confidence <= 1 for span in document.spans)
        assert document.scores["mnlp"] == pytest.approx(document.scores["least_confidence"] / max(1, len(text.tokens)))
    assert scored["empty"].scores == {
        "mnlp": 0.0,
        "mnlp_length": 0.0,
        "least_confidence": 0.0,
        "margin": 1.0,
        "entropy": 0.0,
        "entities": 0.0,
    }


def test_the_numbers_are_the_domain_s_numbers_on_the_distributions_of_the_tagger_and_the_fast_model(model):
    text = examples(1, seed=8)[0]
    [document] = scorer.score(model, [text])
    batch = model.words.collate(model.words.windows([text]))
    with torch.inference_mode():
        own = model.tagger.emitted(model.tagger.hidden(batch))
        other, _ = model.beside.emitted(model.beside.features.of([text]), [Piece(0, 0, len(text.tokens))])
        pool, emissions = model.tagger.crf.pooled(model.beside.crf), (own + other) / 2
        marginals, partition = pool.marginals(emissions, batch.mask)
        best, _ = pool.decode(emissions, batch.mask)
    words = marginals[0].clamp(min=1e-300).log().tolist()
    begins = range(1, len(words[0]), 2)
    assert document.scores["margin"] == pytest.approx(scoring.margin(words))
    assert document.scores["entropy"] == pytest.approx(scoring.entropy(words))
    assert document.scores["entities"] == pytest.approx(scoring.entities(words, begins))
    assert document.scores["least_confidence"] == pytest.approx(float(best - partition), abs=1e-4)
    assert all(math.fsum(math.exp(value) for value in word) == pytest.approx(1, abs=1e-3) for word in words)


def test_a_saved_model_loads_to_the_same_answers(model, texts, tmp_path):
    model.save(tmp_path / "model")
    loaded = trained.load(tmp_path / "model", device=CPU)
    assert loaded.labels == LABELS
    assert torch.equal(weights(loaded), weights(model))
    assert by_id(scorer.score(loaded, texts)) == by_id(scorer.score(model, texts))
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".safetensors", ".json"}


def test_the_tagger_alone_reads_otherwise(model, texts):
    alone = replace(model, beside=None)
    assert by_id(scorer.score(alone, texts)) != by_id(scorer.score(model, texts))


def test_the_fast_model_beside_is_the_one_that_the_same_documents_give(model):
    config = replace(SHORT, max_steps=40, tier=Tier.FAST)
    plain = trainer.fit(examples(24), config, features=model.beside.features).head.state_dict()
    beside = model.beside.head.state_dict()
    assert all(torch.equal(value, beside[name]) for name, value in plain.items())


def test_words_that_were_read_before_are_not_read_again_for_the_fast_model_beside(model, tmp_path, monkeypatch):
    store = FeatureStore(model.checkpoint, tmp_path / "features")
    store.of(examples(24))
    read = []
    monkeypatch.setattr(FeatureStore, "_compute", lambda store, texts, should_stop: read.append(texts))
    again = trainer.fit(examples(24), replace(SHORT, max_steps=2), features=store, device=CPU)
    again.save(tmp_path / "model")
    loaded = trained.load(tmp_path / "model", features=store, device=CPU)
    assert len(list(scorer.score(loaded, examples(24)))) == 24
    assert not read


def test_a_damaged_or_foreign_artefact_is_refused_in_words(model, tmp_path):
    folder = tmp_path / "model"
    with pytest.raises(EngineError, match="missing or damaged"):
        trained.load(folder)
    model.save(folder)
    (folder / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(EngineError, match="missing or damaged"):
        trained.load(folder)
    model.save(folder)
    description = folder / "model.json"
    description.write_text(description.read_text().replace(model.checkpoint.sha256, "0" * 64))
    with pytest.raises(EngineError, match="has changed"):
        trained.load(folder)
    model.save(folder)
    description.write_text(description.read_text().replace('"format": 4', '"format": 3'))
    with pytest.raises(EngineError, match="earlier release"):
        trained.load(folder)


def test_should_stop_ends_training_and_scoring_between_two_steps(model, texts):
    seen = []
    with pytest.raises(Stopped):
        trainer.fit(examples(8), SHORT, device=CPU, should_stop=lambda: len(seen) == 3, on_progress=seen.append)
    assert [progress.done for progress in seen] == [1, 2, 3]
    with pytest.raises(Stopped):
        list(scorer.score(model, texts, should_stop=lambda: True))


def test_nothing_to_learn_is_said_in_words():
    with pytest.raises(EngineError, match="no label"):
        trainer.fit(examples(4), replace(SHORT, labels=()), device=CPU)
    with pytest.raises(EngineError, match="None of the labelled documents"):
        trainer.fit([example("a", "Nothing here .")], SHORT, device=CPU)
    with pytest.raises(EngineError, match="None of the labelled documents"):
        trainer.fit(examples(4), replace(SHORT, labels=("ORG",)), device=CPU)


def test_evaluation_widens_gold_to_words_as_training_does(model):
    text = "Yesterday Ada Lovelace was seen near Paris again ."
    half = Example("half", text, tuple(tokenize(text)), (LabelledSpan(11, 20, "PER"),))
    whole = replace(half, spans=(LabelledSpan(10, 22, "PER"),))
    assert evaluation.evaluate_model(model, [half]) == evaluation.evaluate_model(model, [whole])


def test_a_retired_label_in_the_test_texts_is_no_mistake_of_the_model(model):
    text = "Yesterday Ada Lovelace was seen near Paris again ."
    without = Example("x", text, tuple(tokenize(text)), (LabelledSpan(10, 22, "PER"),))
    with_retired = replace(without, spans=(*without.spans, LabelledSpan(37, 42, "SHIP")))
    assert evaluation.evaluate_model(model, [with_retired]) == evaluation.evaluate_model(model, [without])


def test_it_learns_the_pattern_not_only_the_names(model):
    unseen = [
        example(
            "x", "Yesterday Wim Duisenberg was seen near Utrecht again .", ("Wim Duisenberg", "PER"), ("Utrecht", "LOC")
        ),
        example("y", "Ines Varley moved to Bergen in the spring .", ("Ines Varley", "PER"), ("Bergen", "LOC")),
    ]
    assert evaluation.evaluate_model(model, unseen).overall.f1 > 0.7
