"""A trained model in memory and on disk.

On disk: `model.safetensors` with the parameters that training changed, and `model.json` with the
labels and the checkpoint they belong to, by name and weight hash. The unchanged half stays where
it is, so a version takes a quarter of the encoder's size.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from activelearning.engine.checkpoints import Checkpoint, CheckpointError, resolve
from activelearning.engine.encoding import WordEncoder
from activelearning.engine.job import DESCRIPTION, TENSORS
from activelearning.engine.model import Tagger, best_device, load_encoder
from activelearning.engine.types import EngineError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A tagger in evaluation mode with what it needs to read texts."""

    tagger: Tagger
    words: WordEncoder
    checkpoint: Checkpoint
    labels: tuple[str, ...]
    device: torch.device

    def save(self, folder: Path) -> None:
        """Write into `folder`, which is made; the description comes last and marks it complete."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {name: value.detach().cpu().contiguous() for name, value in self.tagger.learned().items()}
        save_file(tensors, folder / TENSORS)
        description = {
            "format": FORMAT,
            "checkpoint": self.checkpoint.name,
            "checkpoint_sha256": self.checkpoint.sha256,
            "labels": list(self.labels),
        }
        partial = folder / f"{DESCRIPTION}.partial"
        partial.write_text(json.dumps(description, ensure_ascii=False), encoding="utf-8")
        partial.replace(folder / DESCRIPTION)


def load(folder: Path, *, device: torch.device | None = None) -> TrainedModel:
    """The model saved in `folder`.

    Raises EngineError when the files are missing or damaged, CheckpointError when the checkpoint is
    gone or has other weights than the ones this model was trained on.
    """
    device = device or best_device()
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        tensors = load_file(folder / TENSORS, device=str(device))
    except (OSError, ValueError, SafetensorError) as error:
        raise EngineError("The files of this model version are missing or damaged; train again.") from error
    checkpoint = resolve(description["checkpoint"])
    if checkpoint.sha256 != description["checkpoint_sha256"]:
        raise CheckpointError(f"The checkpoint {checkpoint.name!r} has changed since this model was trained on it.")
    labels = tuple(description["labels"])
    encoder, words = load_encoder(checkpoint)
    tagger = Tagger(encoder, labels).to(device)
    wrong = tagger.learned().keys() ^ tensors.keys()
    if wrong:
        raise EngineError("The files of this model version do not fit its checkpoint; train again.")
    tagger.load_state_dict(tensors, strict=False)
    return TrainedModel(tagger.eval(), words, checkpoint, labels, device)
