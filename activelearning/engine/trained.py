"""A trained model in memory and on disk.

On disk: `model.safetensors` with the parameters that training changed, and `model.json` with the
tier, the labels and the checkpoint they belong to, by name and weight hash. The unchanged part
stays where it is: a fast version takes a few megabytes, a full one a quarter of the encoder's size.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from activelearning.engine import fast
from activelearning.engine.checkpoints import Checkpoint, CheckpointError, resolve
from activelearning.engine.crf import Crf
from activelearning.engine.devices import best_device
from activelearning.engine.encoding import WordEncoder
from activelearning.engine.features import FeatureStore, batches
from activelearning.engine.job import DESCRIPTION, FORMAT, TENSORS, model_is_readable, read_json
from activelearning.engine.reading import Emitted, Model
from activelearning.engine.types import EngineError, ShouldStop, Stopped, Text, Tier

if TYPE_CHECKING:
    from activelearning.engine.model import Tagger

BESIDE = "beside."
"""Before the names of the fast model's parameters in the file of a full one."""
PIECES_PER_BATCH = 2048


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """The full tier: a tagger in evaluation mode with what it needs to read texts, and a fast model beside it.

    Both have learned from the same documents and are wrong in different places; what they think counts the same.
    """

    tagger: Tagger
    words: WordEncoder
    checkpoint: Checkpoint
    labels: tuple[str, ...]
    device: torch.device
    beside: fast.FastModel | None = None
    """None where the tagger is to be measured alone; such a model is not for saving."""

    tier = Tier.FULL

    @property
    def crf(self) -> Crf:
        return self.tagger.crf.pooled(self.beside.crf) if self.beside else self.tagger.crf

    @torch.inference_mode()
    def read(self, texts: Sequence[Text], *, should_stop: ShouldStop = lambda: False) -> Iterator[Emitted]:
        """As `reading.Model`. In full precision, so that a document's numbers do not depend on its batch."""
        self.tagger.eval()
        features = self.beside.features.of(texts, should_stop=should_stop) if self.beside else []
        for windows in batches(self.words.windows(texts), PIECES_PER_BATCH):
            if should_stop():
                raise Stopped
            pieces = [fast.Piece(window.document, window.first_word, len(window.heads)) for window in windows]
            batch = self.words.collate(windows).to(self.device)
            hidden = self.tagger.hidden(batch)
            emissions = self.tagger.emitted(hidden)
            if self.beside:
                emissions = (emissions + self.beside.emitted(features, pieces)[0].to(self.device)) / 2
            yield Emitted(
                [piece.document for piece in pieces],
                [piece.first_word for piece in pieces],
                [piece.length for piece in pieces],
                emissions,
                batch.mask,
                hidden,
            )

    def save(self, folder: Path) -> None:
        """As `reading.Model`."""
        assert self.beside is not None
        beside = {BESIDE + name: parameter for name, parameter in self.beside.head.named_parameters()}
        write(folder, self, self.tagger.learned() | beside)


def write(folder: Path, model: Model, tensors: Mapping[str, Tensor]) -> None:
    """Save `tensors` and what they belong to; the description comes last and marks the folder complete."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, folder / TENSORS)
    description = {
        "format": FORMAT,
        "tier": str(model.tier),
        "checkpoint": model.checkpoint.name,
        "checkpoint_sha256": model.checkpoint.sha256,
        "labels": list(model.labels),
    }
    partial = folder / f"{DESCRIPTION}.partial"
    partial.write_text(json.dumps(description, ensure_ascii=False), encoding="utf-8")
    partial.replace(folder / DESCRIPTION)


def load(folder: Path, *, features: FeatureStore | None = None, device: torch.device | None = None) -> Model:
    """The model saved in `folder`.

    Args:
        features: where a model of the same checkpoint finds word features; else it keeps its own in memory.
        device: for a full model; the best there is if None.

    Raises EngineError when the files are missing or damaged, or a full model was built by an earlier release;
    CheckpointError when the checkpoint is gone or has other weights than the ones this model was trained on.
    """
    description, tensors = _files(folder)
    if not model_is_readable(description):
        raise EngineError("This model version was made by an earlier release, which built them otherwise; train again.")
    checkpoint = resolve(description["checkpoint"])
    if checkpoint.sha256 != description["checkpoint_sha256"]:
        raise CheckpointError(f"The checkpoint {checkpoint.name!r} has changed since this model was trained on it.")
    labels = tuple(description["labels"])
    if features is not None and features.checkpoint.sha256 != checkpoint.sha256:
        features = None
    if description.get("tier", Tier.FULL) == Tier.FAST:
        return _fast(checkpoint, labels, features, tensors)
    # Not at the top: it brings a library that takes seconds to import and that the fast tier seldom needs.
    from activelearning.engine.model import Tagger, load_encoder

    device = device or best_device()
    encoder, words = load_encoder(checkpoint)
    tagger = Tagger(encoder, labels).to(device)
    beside = {name.removeprefix(BESIDE): tensors.pop(name) for name in list(tensors) if name.startswith(BESIDE)}
    _fill(tagger, tagger.learned(), tensors)
    second = _fast(checkpoint, labels, features, beside)
    return TrainedModel(tagger.eval(), words, checkpoint, labels, device, second)


def _fast(
    checkpoint: Checkpoint, labels: tuple[str, ...], features: FeatureStore | None, tensors: Mapping[str, Tensor]
) -> fast.FastModel:
    model = fast.restore(checkpoint, labels, features)
    _fill(model.head, dict(model.head.named_parameters()), tensors)
    return model


def _files(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        return read_json(folder / DESCRIPTION), load_file(folder / TENSORS)
    except (OSError, ValueError, SafetensorError) as error:
        raise EngineError("The files of this model version are missing or damaged; train again.") from error


def _fill(module: nn.Module, learned: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> None:
    if {name: value.shape for name, value in learned.items()} != {name: value.shape for name, value in tensors.items()}:
        raise EngineError("The files of this model version do not fit its checkpoint; train again.")
    module.load_state_dict(tensors, strict=False)
