"""The tagger: a pretrained encoder, word shapes, and a CRF."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from activelearning.engine.checkpoints import Checkpoint, CheckpointError
from activelearning.engine.crf import Crf, tag_names
from activelearning.engine.encoding import SHAPES, Batch, WordEncoder

SHAPE_SIZE = 32
DROPOUT = 0.1

transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


class Tagger(nn.Module):
    """Emissions from the encoder's last layer at each word's first sub-word, decoded by a CRF.

    Embeddings and the lower half of the layers stay as pretrained. The word's shape enters where
    learning begins, in the middle, and once more before the last linear map: an uncased
    vocabulary has lost it.
    """

    encoder: Any
    """A Hugging Face encoder; each kind has a class of its own."""

    def __init__(self, encoder: Any, labels: Sequence[str]) -> None:
        super().__init__()
        tags = tag_names(labels)
        self.encoder = encoder
        width = int(encoder.config.hidden_size)
        self.shape_in = nn.Embedding(SHAPES, width)
        self.shape_out = nn.Embedding(SHAPES, SHAPE_SIZE)
        self.dropout = nn.Dropout(DROPOUT)
        self.head = nn.Linear(width + SHAPE_SIZE, len(tags))
        self.crf = Crf(tags)
        nn.init.zeros_(self.shape_in.weight)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        self._piece_shapes: Tensor | None = None
        upper = upper_layers(encoder)
        if upper:
            encoder.requires_grad_(False)
            for layer in upper:
                layer.requires_grad_(True)
            upper[0].register_forward_pre_hook(self._add_shapes, with_kwargs=True)

    def train(self, mode: bool = True) -> Tagger:
        """As in torch, but the encoder never drops out: it cost 15 % of the time and gained nothing."""
        super().train(mode)
        self.encoder.eval()
        return self

    def emissions(self, batch: Batch) -> Tensor:
        """Unnormalised tag scores, (B, W, T), float32."""
        self._piece_shapes = batch.piece_shapes
        hidden = self.encoder(input_ids=batch.pieces, attention_mask=batch.attention).last_hidden_state
        self._piece_shapes = None
        words = hidden.gather(1, batch.heads.unsqueeze(2).expand(-1, -1, hidden.shape[2]))
        features = torch.cat([self.dropout(words), self.shape_out(batch.word_shapes).to(words.dtype)], -1)
        emitted: Tensor = self.head(features)
        return emitted.float()

    def loss(self, batch: Batch) -> Tensor:
        return self.crf.loss(self.emissions(batch), batch.tags, batch.mask)

    def learned(self) -> dict[str, Tensor]:
        """The parameters that training changes; all others come from the checkpoint."""
        return {name: parameter for name, parameter in self.named_parameters() if parameter.requires_grad}

    def _add_shapes(self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        added = self.shape_in(self._piece_shapes)
        if args:
            return (args[0] + added, *args[1:]), kwargs
        return args, kwargs | {"hidden_states": kwargs["hidden_states"] + added}


def upper_layers(encoder: Any) -> list[nn.Module]:
    """The upper half of the encoder's layers, lowest first; empty if it has no recognisable list of them."""
    depth = getattr(encoder.config, "num_hidden_layers", None)
    for module in encoder.modules():
        if isinstance(module, nn.ModuleList) and len(module) == depth:
            return list(module[len(module) // 2 :])
    return []


def load_encoder(checkpoint: Checkpoint) -> tuple[Any, WordEncoder]:
    """The pretrained encoder and its tokenizer.

    Raises CheckpointError when the folder holds no encoder the library can build.
    """
    folder = str(checkpoint.folder)
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        # Words are encoded one by one; byte-level vocabularies spell a word with its blank in front.
        tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True, add_prefix_space=True, **options)
        encoder = AutoModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, **options)
    except Exception as error:  # whatever a broken or foreign folder makes the library raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"The checkpoint {checkpoint.name!r} cannot be loaded: {reason}") from error
    if not hasattr(encoder.config, "hidden_size") or encoder.config.is_encoder_decoder:
        raise CheckpointError(f"The checkpoint {checkpoint.name!r} is not an encoder.")
    return encoder, WordEncoder(tokenizer, _longest_input(tokenizer, encoder.config))


def _longest_input(tokenizer: Any, config: Any) -> int:
    # RoBERTa-like models number positions from the padding index on, so two fewer are usable.
    positions = getattr(config, "max_position_embeddings", None) or 512
    return min(int(tokenizer.model_max_length), int(positions) - 2)


def best_device() -> torch.device:
    """CUDA, Apple's GPU, or the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def half_precision(device: torch.device) -> AbstractContextManager[Any]:
    """bfloat16 autocast where the hardware multiplies it natively (1.6 times faster here), else nothing."""
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported()
    else:
        native = device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())
    return torch.autocast(device.type, torch.bfloat16, enabled=native)


@contextmanager
def plain_attention(encoder: Any, device: torch.device) -> Iterator[None]:
    """Attention as plain matrix products while training on a CPU.

    The fused kernel's backward pass took a quarter of each step at the lengths of sentences.
    """
    fused = getattr(encoder.config, "_attn_implementation", None)
    if device.type != "cpu" or fused != "sdpa":
        yield
        return
    encoder.set_attn_implementation("eager")
    try:
        yield
    finally:
        encoder.set_attn_implementation(fused)
