"""The tagger: a pretrained encoder, most of which learns, and the head of both tiers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from activelearning.engine.checkpoints import Checkpoint, CheckpointError
from activelearning.engine.crf import Crf
from activelearning.engine.devices import half_precision
from activelearning.engine.encoding import SHAPES, Batch, WordEncoder
from activelearning.engine.head import SPELLED, Head

transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


class Tagger(nn.Module):
    """Emissions from the encoder's states at each word's first sub-word, decoded by a CRF.

    Embeddings and the lower third of the layers stay as pretrained, and those at the top are left out. The head
    reads what comes out of the lower ones beside the last layer: in a language that the encoder does not know, what
    the upper layers make of few texts is worth less than what they were given. The word's shape and spelling also
    enter where learning begins: an uncased vocabulary has lost the one, and one of another language both.
    """

    encoder: Any
    """A Hugging Face encoder; each kind has a class of its own."""

    def __init__(self, encoder: Any, labels: Sequence[str]) -> None:
        super().__init__()
        self.encoder = encoder
        width = int(encoder.config.hidden_size)
        self.shape_in = nn.Embedding(SHAPES, width)
        self.spelling_in = nn.Linear(SPELLED, width, bias=False)
        nn.init.zeros_(self.shape_in.weight)
        nn.init.zeros_(self.spelling_in.weight)
        self._middle = _Middle()
        self._beside: tuple[None, ...] | None = None
        self._entered: Tensor | None = None
        """What the upper layers got in the pass that is under way."""
        self.lower, self.upper = self._parts()
        if self.upper:
            encoder.requires_grad_(False)
            for layer in self.upper:
                layer.requires_grad_(True)
            self.upper[0].register_forward_pre_hook(self._enter, with_kwargs=True)
        if self.lower:
            self.lower[-1].register_forward_hook(self._leave)
        self.head = Head(2 * width if self.upper else width, labels)

    def _parts(self) -> tuple[list[nn.Module], list[nn.Module]]:
        """The layers that stay and those that learn; what is in neither is taken out."""
        frozen, learned, _ = parts(self.encoder)
        if learned:
            end_at(self.encoder, len(frozen) + len(learned))
        return frozen, learned

    @property
    def crf(self) -> Crf:
        return self.head.crf

    def train(self, mode: bool = True) -> Tagger:
        """As in torch, but the encoder never drops out: it cost 15 % of the time and gained nothing."""
        super().train(mode)
        self.encoder.eval()
        return self

    def hidden(self, batch: Batch, entering: Tensor | None = None) -> Tensor:
        """What the tag scores are made from, (B, W, H).

        Args:
            entering: what `entering` gave for the batch, if that is known; then the lower layers do not run.
        """
        return self.head.hidden(self._at_words(batch, entering), batch.word_codes, batch.mask)

    def entering(self, batch: Batch) -> Tensor:
        """What comes out of the lower layers, (B, P, H), for an encoder that has a recognisable list of them."""
        try:
            self._encode(batch, _Middle(stop=True))
        except _Reached as reached:
            return reached.states
        raise AssertionError("the upper layers were not reached")

    def emitted(self, hidden: Tensor) -> Tensor:
        """Unnormalised tag scores, (B, W, T), float32."""
        return self.head.emissions(hidden)

    def losses(self, batch: Batch, entering: Tensor | None = None) -> Tensor:
        """Negative log-likelihood of each sequence's tags, (B,)."""
        states = self._at_words(batch, entering)
        with half_precision(states.device):
            emitted = self.emitted(self.head.hidden(states, batch.word_codes, batch.mask))
        return self.crf.losses(emitted, batch.tags, batch.mask)

    def learned(self) -> dict[str, Tensor]:
        """The parameters that training changes; all others come from the checkpoint."""
        return {name: parameter for name, parameter in self.named_parameters() if parameter.requires_grad}

    def _at_words(self, batch: Batch, entering: Tensor | None) -> Tensor:
        """What the head reads: the last states, and beside them those that entered the upper layers, (B, W, H)."""
        with self._bypass(self.lower if entering is not None else []):
            last = self._encode(batch, _Middle(batch, entering))
        read = [last]
        if self.upper:
            read.append(last if self._entered is None else self._entered)
        self._entered = None
        return torch.cat([_normed(states, batch.heads) for states in read], -1)

    def _encode(self, batch: Batch, middle: _Middle) -> Tensor:
        self._middle = middle
        try:
            states: Tensor = self.encoder(input_ids=batch.pieces, attention_mask=batch.attention).last_hidden_state
            return states
        finally:
            self._middle = _Middle()

    def _enter(self, layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Before the first upper layer: its input is the first argument, by place or by name."""
        middle, name = self._middle, next(iter(kwargs), "")
        states = args[0] if args else kwargs[name]
        if middle.stop:
            raise _Reached(states)
        if middle.entering is not None:
            states = middle.entering.to(states.dtype)
        self._entered = states
        assert middle.batch is not None
        states = states + self._outer_form(middle.batch).to(states.dtype)
        return ((states, *args[1:]), kwargs) if args else (args, kwargs | {name: states})

    def _outer_form(self, batch: Batch) -> Tensor:
        """(B, P, H): the shape of each sub-word's word, and at its first sub-word how it is spelled."""
        spelled = self.spelling_in(self.head.spelled(batch.word_codes)) * batch.mask.unsqueeze(2)
        shaped: Tensor = self.shape_in(batch.piece_shapes)
        return shaped.scatter_add(1, batch.heads.unsqueeze(2).expand_as(spelled), spelled)

    def _leave(self, layer: nn.Module, args: Any, output: Any) -> None:
        """After the last lower layer: some give a tensor, some a tuple that begins with it."""
        self._beside = (None,) * (len(output) - 1) if isinstance(output, tuple) else None

    def _give_back(self, states: Tensor, *args: Any, **kwargs: Any) -> Any:
        return states if self._beside is None else (states, *self._beside)

    @contextmanager
    def _bypass(self, layers: Sequence[nn.Module]) -> Iterator[None]:
        """Layers that give back what they get."""
        for layer in layers:
            layer.forward = self._give_back
        try:
            yield
        finally:
            for layer in layers:
                del layer.forward


class _Reached(Exception):
    """The upper layers, with these states."""

    def __init__(self, states: Tensor) -> None:
        super().__init__()
        self.states = states


@dataclass(frozen=True, slots=True)
class _Middle:
    """What happens between the lower and the upper layers in one pass of the encoder."""

    batch: Batch | None = None
    entering: Tensor | None = None
    """Takes the place of what the lower layers gave."""
    stop: bool = False


def _normed(states: Tensor, heads: Tensor) -> Tensor:
    """(B, W, H) float32: the states at the words' first sub-words, layer-normed."""
    at_words = states.gather(1, heads.unsqueeze(2).expand(-1, -1, states.shape[2])).float()
    return functional.layer_norm(at_words, at_words.shape[-1:])


def parts(encoder: Any) -> tuple[list[nn.Module], list[nn.Module], list[nn.Module]]:
    """The encoder's lowest third of layers, which stays, those that learn, and the topmost sixth, which nothing reads.

    Lowest first; all empty if it has no recognisable list. With 500 sentences, letting two thirds learn was better
    than half, and than all. What the topmost layers serve is what the encoder was trained for; labels hardly miss them
    (Sajjad et al. 2023, "On the effect of dropping layers of pre-trained transformer models").
    """
    found = _layers(encoder)
    if found is None:
        return [], [], []
    layers, depth = list(found.list), len(found.list)
    frozen, last = min(depth - 1, math.ceil(depth / 3)), depth - depth // 6
    return layers[:frozen], layers[frozen:last], layers[last:]


def end_at(encoder: Any, layer: int) -> None:
    """Leave out the layers above; an encoder without a recognisable list of them stays whole."""
    found = _layers(encoder)
    if found is not None:
        setattr(found.owner, found.name, found.list[:layer])


@dataclass(frozen=True, slots=True)
class _Layers:
    owner: nn.Module
    name: str
    list: nn.ModuleList


def _layers(encoder: Any) -> _Layers | None:
    depth = getattr(encoder.config, "num_hidden_layers", None)
    for module in encoder.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.ModuleList) and len(child) == depth:
                return _Layers(module, name, child)
    return None


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
