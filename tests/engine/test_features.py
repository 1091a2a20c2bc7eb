"""The cached word features: exact, shared, bounded, and made only once."""

from __future__ import annotations

import os

import pytest
import torch

from activelearning.engine import features as module
from activelearning.engine.cache import FeatureCache, WordFeatures, digest
from activelearning.engine.checkpoints import resolve
from activelearning.engine.features import FeatureStore, codes
from activelearning.engine.types import Text
from annotation.domain.text import tokenize
from tests.engine.corpus import examples

WIDTH = 4


def made(words, value=1.0):
    return WordFeatures(torch.full((words, WIDTH), value, dtype=torch.bfloat16), codes(["Word"] * words))


def key(number):
    return number.to_bytes(16)


def same(first, second):
    return torch.equal(first.states, second.states) and torch.equal(first.codes, second.codes)


@pytest.fixture
def passes(monkeypatch):
    """The texts of each pass of an encoder that takes no time."""
    seen = []

    class Pass:
        def __init__(self, checkpoint, layer):
            pass

        def __call__(self, texts, should_stop):
            seen.append([text.document_id for text in texts])
            states = torch.arange(384.0).to(torch.bfloat16)
            return [WordFeatures(states.expand(len(t.tokens), -1), codes(t.words)) for t in texts]

    monkeypatch.setattr(module, "FeaturePass", Pass)
    return seen


def test_what_one_process_wrote_another_reads_bit_by_bit(tmp_path):
    FeatureCache(tmp_path, WIDTH).add([(key(1), made(3, 0.1)), (key(2), made(0)), (key(3), made(2, -7.0))])
    cache = FeatureCache(tmp_path, WIDTH)
    assert same(cache.get(key(1)), made(3, 0.1))
    assert same(cache.get(key(3)), made(2, -7.0))
    assert cache.get(key(2)).states.shape == (0, WIDTH)
    assert cache.get(key(4)) is None


def test_a_new_shard_swallows_those_no_larger_so_few_are_left(tmp_path):
    cache = FeatureCache(tmp_path, WIDTH)
    for number in range(64):
        cache.add([(key(number), made(1, number))])
    assert len(list(tmp_path.glob("*.index"))) <= 7
    again = FeatureCache(tmp_path, WIDTH)
    assert all(same(again.get(key(number)), made(1, number)) for number in range(64))


def test_features_read_before_their_shard_was_swallowed_stay_readable(tmp_path):
    cache = FeatureCache(tmp_path, WIDTH)
    cache.add([(key(1), made(1, 5.0))])
    held = FeatureCache(tmp_path, WIDTH).get(key(1))
    cache.add([(key(2), made(9))])
    assert same(held, made(1, 5.0))


def test_the_shards_used_longest_ago_go_when_the_folder_is_full(tmp_path):
    one = FeatureCache(tmp_path, WIDTH)
    one.add([(key(1), made(200))])
    limit = round(2.5 * one.size())
    for number, words in ((2, 190), (3, 180)):
        cache = FeatureCache(tmp_path, WIDTH, limit)
        for age, index in enumerate(sorted(tmp_path.glob("*.index"), key=lambda path: path.stat().st_mtime)):
            os.utime(index, (1000 + age, 1000 + age))
        cache.add([(key(number), made(words))])
    left = FeatureCache(tmp_path, WIDTH)
    assert [left.get(key(number)) is not None for number in (1, 2, 3)] == [False, True, True]
    assert left.size() <= limit


def test_a_shard_that_was_cut_short_is_as_if_it_were_not_there(tmp_path):
    FeatureCache(tmp_path, WIDTH).add([(key(1), made(3))])
    [states] = tmp_path.glob("*.states")
    states.write_bytes(states.read_bytes()[:-1])
    assert FeatureCache(tmp_path, WIDTH).get(key(1)) is None


def test_what_has_no_index_yet_is_not_read(tmp_path):
    FeatureCache(tmp_path, WIDTH).add([(key(1), made(3))])
    [index] = tmp_path.glob("*.index")
    index.rename(index.with_suffix(".partial"))
    assert FeatureCache(tmp_path, WIDTH).get(key(1)) is None


def test_the_same_text_in_other_words_is_another_text():
    whole, cut = Text("a", "New York", ((0, 8),)), Text("a", "New York", ((0, 3), (4, 8)))
    assert digest(whole) != digest(cut)
    assert digest(whole) == digest(Text("another id", "New York", ((0, 8),)))


def test_the_encoder_runs_once_a_text_even_for_another_store_and_another_id(passes, tmp_path):
    texts = examples(6)
    FeatureStore(resolve(""), tmp_path).of(texts)
    again = [Text(f"{t.document_id}-b", t.text, t.tokens) for t in texts]
    more = Text("new", "Something else .", tuple(tokenize("Something else .")))
    found = FeatureStore(resolve(""), tmp_path).of([*again, more])
    assert len(found) == 7
    assert len(passes) == 2
    assert passes[1] == ["new"]


def test_another_layer_or_checkpoint_has_features_of_its_own(passes, tmp_path, monkeypatch):
    texts = examples(2)
    FeatureStore(resolve(""), tmp_path).of(texts)
    monkeypatch.setattr(module, "feature_layer", lambda checkpoint: (2, 384))
    FeatureStore(resolve(""), tmp_path).of(texts)
    assert len(passes) == 2


def test_what_a_stopped_pass_had_finished_is_kept(passes, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TEXTS_PER_SHARD", 2)
    texts = [Text(str(n), f"Text {n} .", tuple(tokenize(f"Text {n} ."))) for n in range(6)]
    told = []

    def stop(progress):
        told.append(progress.done)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FeatureStore(resolve(""), tmp_path).of(texts, on_progress=stop)
    FeatureStore(resolve(""), tmp_path).of(texts)
    assert [name for names in passes for name in names] == [text.document_id for text in texts]


@pytest.mark.slow
def test_real_features_belong_to_their_words_however_texts_are_batched():
    long = " ".join(f"Sentence number {n} is about Oslo ." for n in range(60))
    texts = [*examples(5), Text("long", long, tuple(tokenize(long))), Text("empty", "", ())]
    together = FeatureStore(resolve("")).of(texts)
    for text, features in zip(texts, together, strict=True):
        [alone] = FeatureStore(resolve("")).of([text])
        assert features.states.shape == (len(text.tokens), 384)
        assert torch.equal(features.codes, alone.codes)
        assert torch.allclose(features.states.float(), alone.states.float(), atol=0.1)
