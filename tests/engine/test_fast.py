"""The fast tier: learns, repeats itself, goes on from an earlier head, and reads long texts whole."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from activelearning.domain import scoring
from activelearning.engine import evaluation, fast, scorer, trained, trainer
from activelearning.engine.checkpoints import resolve
from activelearning.engine.crf import tag_names
from activelearning.engine.features import FeatureStore
from activelearning.engine.types import EngineError, Stopped, Text, Tier, TrainConfig
from annotation.domain.text import tokenize
from tests.engine.corpus import example, examples

LABELS = ("PER", "LOC")
CONFIG = TrainConfig(LABELS, tier=Tier.FAST, max_steps=80)
TRAIN, TEST = examples(60), examples(30, seed=5)


@pytest.fixture(scope="module")
def features():
    return FeatureStore(resolve(""))


@pytest.fixture(scope="module")
def model(features):
    return trainer.fit(TRAIN, CONFIG, features=features)


@pytest.fixture
def texts():
    long = " ".join(f"{n} people saw Ada Lovelace in Oslo ." for n in range(50))
    return [*examples(12, seed=9), Text("long", long, tuple(tokenize(long))), Text("empty", " ", ())]


def by_id(documents):
    return {document.document_id: document for document in documents}


def weights(model):
    return torch.cat([value.flatten() for value in model.head.state_dict().values()])


def test_it_learns_what_a_small_head_can_learn(model):
    assert evaluation.evaluate_model(model, TEST).overall.f1 > 0.9


def test_the_same_seed_gives_the_same_weights_and_another_does_not(model, features):
    again = trainer.fit(TRAIN, CONFIG, features=features)
    other = trainer.fit(TRAIN, TrainConfig(LABELS, tier=Tier.FAST, max_steps=80, seed=14), features=features)
    assert torch.equal(weights(again), weights(model))
    assert not torch.equal(weights(other), weights(model))


def test_a_warm_start_takes_fewer_steps_and_begins_where_the_model_stood(model, features):
    losses = []
    config = TrainConfig(LABELS, tier=Tier.FAST)
    trainer.fit(TRAIN, config, features=features, warm_start=model, on_progress=losses.append)
    assert len(losses) == fast.WARM_STEPS < fast.LEAST_STEPS
    cold = []
    with pytest.raises(Stopped):
        trainer.fit(TRAIN, config, features=features, on_progress=cold.append, should_stop=lambda: bool(cold))
    assert losses[0].loss < cold[0].loss / 3


def test_more_labels_are_trained_for_longer():
    for few in (1, 10):
        assert fast.planned_steps(100, few, warm=False) == fast.LEAST_STEPS
        assert fast.planned_steps(1000, few, warm=False) == 500
        assert fast.planned_steps(99_000, few, warm=False) == fast.MOST_STEPS
        assert fast.planned_steps(100, few, warm=True) == fast.WARM_STEPS
    assert fast.planned_steps(100, 20, warm=False) == 2 * fast.LEAST_STEPS
    assert fast.planned_steps(99_000, 20, warm=False) == 2 * fast.MOST_STEPS
    assert fast.planned_steps(100, 20, warm=True) == 2 * fast.WARM_STEPS
    assert fast.planned_steps(9000, 20, warm=False, max_steps=30) == 30


def test_more_sequences_are_trained_for_longer_but_those_beyond_many_half_as_long():
    assert fast.planned_steps(fast.EIGHT_PASSES_UP_TO, 1, warm=False) == 800
    assert fast.planned_steps(fast.EIGHT_PASSES_UP_TO + 1600, 1, warm=False) == 800 + 400
    assert fast.planned_steps(fast.EIGHT_PASSES_UP_TO + 1600, 1, warm=True) == fast.WARM_STEPS
    assert fast.planned_steps(fast.EIGHT_PASSES_UP_TO + 1600, 1, warm=False, max_steps=5000) == 1600


def test_a_model_of_other_labels_is_no_start(model, features):
    told = []
    config = TrainConfig(("LOC", "PER"), tier=Tier.FAST)
    with pytest.raises(Stopped):
        trainer.fit(
            TRAIN,
            config,
            features=features,
            warm_start=model,
            on_progress=told.append,
            should_stop=lambda: bool(told),
        )
    assert told[0].total == fast.LEAST_STEPS


def test_a_saved_head_loads_to_the_same_answers(model, features, texts, tmp_path):
    model.save(tmp_path)
    loaded = trained.load(tmp_path, features=features)
    assert loaded.tier == Tier.FAST
    assert by_id(scorer.score(loaded, texts)) == by_id(scorer.score(model, texts))


def test_a_model_of_another_checkpoint_reads_with_features_of_its_own(model, features, tmp_path):
    model.save(tmp_path)
    other = FeatureStore(replace(features.checkpoint, sha256="another"))
    assert trained.load(tmp_path, features=other).checkpoint == features.checkpoint
    assert trained.load(tmp_path, features=features).features is features


def test_gold_is_cut_down_as_for_the_labels_asked_for(model):
    nested = [example("nested", "Nobody remembers the Bank of Oslo .", ("Bank of Oslo", "ORG"), ("Oslo", "LOC"))]
    own = evaluation.count_entities(model, nested)["nested"]
    other = evaluation.count_entities(model, nested, labels=("ORG", "LOC"))["nested"]
    assert (own["LOC"].gold, "ORG" in own) == (1, False)
    assert (other.get("LOC", (0,))[0], other["ORG"].gold) == (0, 1)


def test_a_damaged_file_is_said(model, tmp_path):
    model.save(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(EngineError, match="damaged"):
        trained.load(tmp_path)


def test_scores_do_not_depend_on_batch_padding_or_order(model, texts):
    together = by_id(scorer.score(model, texts))
    alone = by_id(document for text in texts for document in scorer.score(model, [text]))
    backwards = by_id(scorer.score(model, texts[::-1]))
    assert together.keys() == {text.document_id for text in texts}
    for name, document in together.items():
        for other in (alone[name], backwards[name]):
            assert [(s.start, s.end, s.label) for s in other.spans] == [
                (s.start, s.end, s.label) for s in document.spans
            ]
            for key, value in document.scores.items():
                # bfloat16 has 8 bits; sums are in float32 in any order.
                assert other.scores[key] == pytest.approx(value, rel=2e-2, abs=1e-3), key


def test_a_long_text_is_read_in_pieces_that_meet_exactly(model, texts):
    document = by_id(scorer.score(model, texts))["long"]
    text = next(text for text in texts if text.document_id == "long")
    assert len(text.tokens) > 2 * fast.LONGEST
    found = [text.text[span.start : span.end] for span in document.spans]
    assert found.count("Ada Lovelace") >= 48
    assert document.n_words == len(text.tokens)


def test_the_numbers_are_the_domain_s_numbers_on_the_head_s_own_distributions(model):
    text = examples(1, seed=8)[0]
    [document] = scorer.score(model, [text], vectors=True)
    [emitted] = model.read([text])
    with torch.inference_mode():
        marginals, partition = model.crf.marginals(emitted.emissions, emitted.mask)
        best, path = model.crf.decode(emitted.emissions, emitted.mask)
    words = marginals[0].clamp(min=1e-300).log().tolist()
    assert document.scores["margin"] == pytest.approx(scoring.margin(words))
    assert document.scores["entropy"] == pytest.approx(scoring.entropy(words))
    assert document.scores["entities"] == pytest.approx(scoring.entities(words, range(1, len(tag_names(LABELS)), 2)))
    log_probability = float(best - partition)
    assert document.scores["mnlp"] == pytest.approx(log_probability / len(text.tokens), abs=1e-5)
    assert document.scores["mnlp_length"] == pytest.approx(log_probability / (len(text.tokens) + 8), abs=1e-5)
    doubt = 1 - marginals[0].amax(1)
    expected = (doubt.unsqueeze(1) * emitted.hidden[0].double()).sum(0)
    assert torch.allclose(torch.tensor(document.vector).double(), expected, atol=1e-2)
    assert path.shape == emitted.mask.shape


def test_stopping_ends_it_between_two_batches(model, texts):
    with pytest.raises(Stopped):
        list(scorer.score(model, texts, should_stop=lambda: True))


def test_documents_without_a_known_entity_are_nothing_to_learn_from(features):
    with pytest.raises(EngineError, match="None of the labelled documents"):
        trainer.fit([example("a", "Nothing here .")], CONFIG, features=features)


def test_a_text_cut_inside_an_entity_is_learned_from_like_any_other(features):
    names = "Ada Lovelace " * 100
    divided = example("divided", names.strip(), (names.strip(), "PER"))
    losses = []
    trainer.fit([*TRAIN, divided], CONFIG, features=features, on_progress=losses.append)
    assert max(progress.loss for progress in losses) < 10
