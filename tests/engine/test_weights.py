"""Documents that count more or less: equal weights change nothing, unequal ones move what is learned."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from activelearning.engine import evaluation, full, trainer
from activelearning.engine.checkpoints import resolve
from activelearning.engine.crf import Crf, tag_names
from activelearning.engine.devices import CPU
from activelearning.engine.features import FeatureStore
from activelearning.engine.job import Job, read_examples, write_job
from activelearning.engine.labels import shares
from activelearning.engine.types import EngineError, Tier, TrainConfig
from annotation.domain.spans import LabelledSpan
from tests.engine.corpus import examples

LABELS = ("PER", "LOC")
FAST = TrainConfig(LABELS, tier=Tier.FAST, max_steps=60)
FULL = TrainConfig(LABELS, max_steps=6)


@pytest.fixture(scope="module")
def features():
    return FeatureStore(resolve(""))


def weighed(found, weight):
    return [replace(example, weight=weight(number)) for number, example in enumerate(found)]


def swapped(found):
    """The two labels the wrong way round."""
    other = {"PER": "LOC", "LOC": "PER"}
    return [
        replace(example, spans=tuple(LabelledSpan(s.start, s.end, other[s.label]) for s in example.spans))
        for example in found
    ]


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_shares_keep_the_mean_word_at_one():
    found = shares([1.0, 0.5], [10, 30])
    assert found is not None
    assert found[0] == pytest.approx(2 * found[1])
    assert sum(share * words for share, words in zip(found, [10, 30], strict=True)) == pytest.approx(40)
    assert shares([0.7, 0.7, 0.7], [3, 1, 9]) is None


@pytest.mark.parametrize("weight", [0.0, -1.0])
def test_a_weight_that_is_not_above_zero_is_refused(weight):
    with pytest.raises(EngineError, match="above 0"):
        shares([1.0, weight], [5, 5])


def test_a_sequence_that_counts_twice_adds_twice_as_much_to_the_loss():
    torch.manual_seed(0)
    crf = Crf(tag_names(LABELS))
    emissions, tags = torch.randn(2, 4, 5), torch.tensor([[0, 1, 2, 0], [3, 4, 0, 0]])
    mask = torch.ones(2, 4, dtype=torch.bool)
    first, second = (crf.loss(emissions[row : row + 1], tags[row : row + 1], mask[:1]) for row in (0, 1))
    found = crf.loss(emissions, tags, mask, torch.tensor([1.0, 2.0]))
    assert found.item() == pytest.approx((first.item() + 2 * second.item()) / 2, rel=1e-5)


def test_equal_weights_give_the_same_fast_model_to_the_bit(features):
    train = examples(40)
    plain = trainer.fit(train, FAST, features=features).head.state_dict()
    assert same(plain, trainer.fit(weighed(train, lambda _: 0.3), FAST, features=features).head.state_dict())
    other = weighed(train, lambda number: 1.0 if number % 2 else 0.5)
    assert not same(plain, trainer.fit(other, FAST, features=features).head.state_dict())


def test_equal_weights_give_the_same_full_model_to_the_bit():
    torch.set_num_threads(1)
    train = examples(12)
    plain = full.fit(train, FULL, device=CPU).tagger.learned()
    assert same(plain, full.fit(weighed(train, lambda _: 0.3), FULL, device=CPU).tagger.learned())
    other = weighed(train, lambda number: 1.0 if number % 2 else 0.1)
    assert not same(plain, full.fit(other, FULL, device=CPU).tagger.learned())


def test_the_labels_that_count_are_the_ones_that_are_learned(features):
    right, wrong, test = examples(30), swapped(examples(30)), examples(30, seed=5)
    renamed = [replace(example, document_id=f"wrong-{example.document_id}") for example in wrong]

    def f1(weight):
        train = [*right, *weighed(renamed, lambda _: weight)]
        return evaluation.evaluate_model(trainer.fit(train, FAST, features=features), test).overall.f1

    assert f1(0.05) > 0.9 > 0.1 > f1(20.0)


def test_weights_travel_with_the_job(tmp_path):
    train = weighed(examples(3), lambda number: 1.0 - number / 4)
    write_job(tmp_path, Job(FAST), train=train, test=(), pool=())
    assert read_examples(tmp_path / "train.jsonl") == train
    lines = (tmp_path / "train.jsonl").read_text().replace(', "weight": 1.0', "")
    (tmp_path / "train.jsonl").write_text(lines)
    assert read_examples(tmp_path / "train.jsonl")[0].weight == 1.0, "a job of an earlier release"
