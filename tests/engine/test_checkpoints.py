"""Where an encoder may come from, and what is said when it cannot."""

from __future__ import annotations

import json
import sys

import pytest

from activelearning.engine import checkpoints
from activelearning.engine.checkpoints import CheckpointError, resolve


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "tokenizer.json").write_text("{}")
    return tmp_path


def test_the_bundled_encoder_is_found_without_importing_its_package_and_has_the_known_weights():
    found = resolve("")
    assert found.sha256 == checkpoints.BUNDLED_SHA256
    assert (found.folder / "tokenizer.json").is_file()
    assert checkpoints.BUNDLED_PACKAGE not in sys.modules
    assert resolve("minilm") == found


def test_damaged_bundled_weights_are_refused(tmp_path, monkeypatch):
    (tmp_path / "model.safetensors").write_bytes(b"other")
    monkeypatch.setattr(checkpoints, "_bundled_folder", lambda: tmp_path)
    with pytest.raises(CheckpointError, match="damaged"):
        resolve("")


def test_a_folder_is_a_checkpoint(folder):
    assert resolve(str(folder)).folder == folder


def test_the_hash_follows_the_file(folder):
    before = resolve(str(folder)).sha256
    (folder / "model.safetensors").write_bytes(b"other weights")
    assert resolve(str(folder)).sha256 != before


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "config.json").unlink(), "no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "not readable"),
        (lambda folder: (folder / "config.json").write_text("{}"), "no model type"),
        (lambda folder: (folder / "config.json").write_text('{"model_type": "x", "auto_map": {}}'), "never run"),
        (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"), "other weight formats"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "no fast tokenizer"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(folder, spoil, message):
    spoil(folder)
    with pytest.raises(CheckpointError, match=message):
        resolve(str(folder))


def test_a_name_that_is_nowhere_is_refused_in_words(monkeypatch):
    with pytest.raises(CheckpointError, match="neither a folder"):
        resolve("../no/such/place")

    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", offline)
    with pytest.raises(CheckpointError, match="not on this machine and could not be fetched"):
        resolve("somebody/some-model")


def test_a_folder_that_is_no_encoder_is_refused_in_words(folder):
    from activelearning.engine.model import load_encoder

    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_encoder(resolve(str(folder)))


def test_a_hub_model_is_pinned_to_the_revision_that_was_found(folder, monkeypatch):
    commit = "a" * 40
    snapshot = folder.parent / commit
    folder.rename(snapshot)
    asked = []

    def download(repository, revision, allow_patterns):
        asked.append((repository, revision))
        assert not any(pattern.endswith((".bin", ".py", ".h5")) for pattern in allow_patterns)
        return str(snapshot)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    found = resolve("somebody/some-model")
    assert found.name == f"somebody/some-model@{commit}"
    assert resolve(found.name) == found
    assert asked == [("somebody/some-model", None), ("somebody/some-model", commit)]
