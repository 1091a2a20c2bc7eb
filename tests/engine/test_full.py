"""The full tier: the same learning as the plain way, only cheaper, and it can be put down and taken up."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from activelearning.engine import full, trunk
from activelearning.engine.checkpoints import resolve
from activelearning.engine.devices import CPU
from activelearning.engine.labels import tag_indices
from activelearning.engine.model import Tagger, load_encoder
from activelearning.engine.types import Stopped, TrainConfig
from activelearning.engine.weights import Weights
from tests.engine.corpus import examples

LABELS = ("PER", "LOC")
SHORT = TrainConfig(LABELS, max_steps=12)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def bundled():
    torch.manual_seed(0)
    encoder, words = load_encoder(resolve(""))
    texts = examples(12)
    return Tagger(encoder, LABELS).eval(), words, words.windows(texts, tag_indices(texts, LABELS))


def in_full_precision(monkeypatch):
    monkeypatch.setattr(trunk, "half_type", lambda device: torch.float32)
    monkeypatch.setattr(trunk, "half_precision", lambda device: torch.autocast("cpu", enabled=False))


def stopped_after(steps, texts, config, partial):
    """The progress of a training that is stopped after so many steps."""
    seen = []
    with pytest.raises(Stopped):
        full.fit(
            texts,
            config,
            partial=partial,
            device=CPU,
            should_stop=lambda: len(seen) == steps,
            on_progress=seen.append,
        )
    return seen


def same(first, second):
    one, two = first.tagger.learned(), second.tagger.learned()
    beside = first.beside.head.state_dict(), second.beside.head.state_dict()
    return all(
        mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)
        for mine, theirs in [(one, two), beside]
    )


@torch.no_grad()
def test_the_loss_is_the_same_whether_the_lower_layers_run_or_not(bundled, monkeypatch):
    in_full_precision(monkeypatch)
    tagger, words, windows = bundled
    states = trunk.run_once(tagger, words, windows, CPU, lambda: False)
    assert states is not None
    batch = words.collate(windows)
    entering = trunk.padded(states)
    plain = tagger.losses(batch)
    assert torch.allclose(tagger.losses(batch, entering), plain, rtol=1e-4)
    assert not torch.allclose(tagger.losses(batch, entering.flip(0)), plain, rtol=1e-2), "they are what it reads"


def test_the_lower_layers_run_once_for_each_window_and_not_in_a_step(monkeypatch):
    seen = []
    built = Tagger.__init__

    def counting(tagger, encoder, labels):
        built(tagger, encoder, labels)
        tagger.lower[0].attention.register_forward_hook(lambda *call: seen.append(len(call[1][0])))

    monkeypatch.setattr(Tagger, "__init__", counting)
    full.fit(examples(8), SHORT, device=CPU)
    assert sum(seen) == 8 + 1, "and one more to see that the short way gives the same"


def test_an_encoder_that_cannot_be_cut_short_learns_the_plain_way(bundled, monkeypatch):
    tagger, words, windows = bundled
    monkeypatch.setattr(Tagger, "_give_back", lambda self, states, *args, **kwargs: states * 0)
    tagger.upper[0]._forward_pre_hooks.clear()  # nothing puts the kept states in place
    monkeypatch.setattr(Tagger, "entering", lambda self, batch: torch.zeros(*batch.pieces.shape, 384))
    assert trunk.run_once(tagger, words, windows, CPU, lambda: False) is None


def test_more_states_than_fit_are_not_kept_and_training_still_works(bundled, monkeypatch):
    tagger, words, windows = bundled
    monkeypatch.setattr(trunk, "LARGEST", 1000)
    assert trunk.run_once(tagger, words, windows, CPU, lambda: False) is None
    assert full.fit(examples(8), SHORT, device=CPU).labels == LABELS


def test_halved_weights_never_change_what_stays_as_pretrained(bundled):
    tagger, _, _ = bundled
    before = copy.deepcopy(tagger.state_dict())
    weights = Weights(tagger, torch.bfloat16)
    assert tagger.encoder.embeddings.word_embeddings.weight.dtype == torch.bfloat16
    weights.restore()
    assert all(torch.equal(value, before[name]) for name, value in tagger.state_dict().items())


def test_a_training_that_was_stopped_goes_on_to_the_very_same_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(full, "LEARNED", 0.0)  # so few texts are known by heart before the last step
    whole = full.fit(examples(8), SHORT, device=CPU)
    stopped_after(5, examples(8), SHORT, tmp_path)
    rest = []
    resumed = full.fit(examples(8), SHORT, partial=tmp_path, device=CPU, on_progress=rest.append)
    assert [progress.done for progress in rest] == [6, 7, 8, 9, 10, 11, 12]
    assert same(resumed, whole)


@pytest.mark.parametrize("left", ["another training", "damage"])
def test_what_does_not_belong_to_the_training_is_ignored(tmp_path, left):
    stopped_after(2, examples(9 if left == "another training" else 8), SHORT, tmp_path)
    if left == "damage":
        state = tmp_path / full.STATE
        state.write_bytes(state.read_bytes()[:5000])
    rest = []
    full.fit(examples(8), replace(SHORT, max_steps=3), partial=tmp_path, device=CPU, on_progress=rest.append)
    assert [progress.done for progress in rest] == [1, 2, 3]


def test_a_training_of_another_length_is_not_gone_on_with(tmp_path, monkeypatch):
    """As after an upgrade: the learning rate would leap."""
    stopped_after(2, examples(8), SHORT, tmp_path)
    monkeypatch.setattr(full, "planned_steps", lambda *given: 3)
    seen = []
    full.fit(examples(8), SHORT, partial=tmp_path, device=CPU, on_progress=seen.append)
    assert [progress.done for progress in seen] == [1, 2, 3]


def test_training_ends_when_nothing_is_left_to_learn(monkeypatch):
    monkeypatch.setattr(full, "LEARNED", 100.0)
    seen = []
    full.fit(examples(24), replace(SHORT, batch_size=8), device=CPU, on_progress=seen.append)
    assert len(seen) == 3, "one pass over the examples"


@pytest.mark.gpu
def test_it_trains_on_a_gpu_and_the_model_reads_there():
    if not torch.cuda.is_available():
        pytest.skip("NOT TESTED: the full tier on CUDA; there is no such device here")
    model = full.fit(examples(24), replace(SHORT, max_steps=40), device=torch.device("cuda"))
    assert all(parameter.is_cuda for parameter in model.tagger.parameters())
    assert list(model.read(examples(4)))
