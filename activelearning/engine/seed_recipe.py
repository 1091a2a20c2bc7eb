"""The recipe that the engine is measured against, as the ancestor's slides have it.

Every round Hugging Face's `Trainer` fine-tunes the checkpoint from its pretrained weights, with a
softmax over the tags of sub-words. Then the pool is read in batches as it lies, and a text's score
is the mean log-probability of its sub-words' best tags. Not used by the product.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    PrinterCallback,
    Trainer,
    TrainingArguments,
)

from activelearning.engine import model as _quiet  # noqa: F401  silences the library
from activelearning.engine.checkpoints import Checkpoint
from activelearning.engine.crf import tag_names
from activelearning.engine.types import Example, Text
from annotation.domain.spans import LabelledSpan
from annotation.domain.tags import bio_to_spans, spans_to_bio

BATCH, READ_BATCH = 32, 64
LEARNING_RATE = 5e-5
WEIGHT_DECAY = 0.01
UNLABELLED = -100


class _Rows(Dataset[dict[str, Any]]):
    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.rows[index]


@dataclass(slots=True)
class SeedTagger:
    """The checkpoint with a new softmax head over IOB2 tags."""

    tokenizer: Any
    model: Any
    labels: tuple[str, ...]

    def train(self, examples: Sequence[Example], *, steps: int, seed: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                output_dir=folder,
                max_steps=steps,
                per_device_train_batch_size=BATCH,
                learning_rate=LEARNING_RATE,
                weight_decay=WEIGHT_DECAY,
                seed=seed,
                use_cpu=True,
                report_to=[],
                save_strategy="no",
                logging_strategy="no",
                disable_tqdm=True,
            )
            trainer = Trainer(
                model=self.model,
                args=arguments,
                train_dataset=_Rows(self._rows(examples)),
                data_collator=DataCollatorForTokenClassification(self.tokenizer),
            )
            trainer.remove_callback(PrinterCallback)
            trainer.train()
        self.model.eval()

    def scores(self, texts: Sequence[Text]) -> list[float]:
        """Mean log-probability of the best tag over all sub-words, special ones included; low is unsure."""
        found: list[float] = []
        for encoded, logits in self._read(texts):
            best = logits.softmax(-1).max(-1).values.log() * encoded["attention_mask"]
            found += (best.sum(1) / encoded["attention_mask"].sum(1)).tolist()
        return found

    def spans(self, texts: Sequence[Text]) -> Iterator[list[LabelledSpan]]:
        """The entities of each text; a word's tag is that of its first sub-word."""
        names, at = tag_names(self.labels), 0
        for encoded, logits in self._read(texts):
            for row, best in enumerate(logits.argmax(-1).tolist()):
                tags = ["O"] * len(texts[at].tokens)
                for position, word in _first_pieces(encoded.word_ids(row)):
                    tags[word] = names[best[position]]
                yield bio_to_spans(texts[at].tokens, tags)
                at += 1

    def _rows(self, examples: Sequence[Example]) -> list[dict[str, Any]]:
        index = {tag: number for number, tag in enumerate(tag_names(self.labels))}
        encoded = self._encode(examples)
        rows = []
        for row, example in enumerate(examples):
            tags = spans_to_bio(example.tokens, example.spans)
            ids = encoded["input_ids"][row]
            labels = [UNLABELLED] * len(ids)
            for position, word in _first_pieces(encoded.word_ids(row)):
                labels[position] = index[tags[word]]
            rows.append({"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels})
        return rows

    @torch.no_grad()
    def _read(self, texts: Sequence[Text]) -> Iterator[tuple[Any, torch.Tensor]]:
        for start in range(0, len(texts), READ_BATCH):
            encoded = self._encode(texts[start : start + READ_BATCH], padding=True, return_tensors="pt")
            yield encoded, self.model(**encoded).logits

    def _encode(self, texts: Sequence[Text], **options: Any) -> Any:
        return self.tokenizer([text.words for text in texts], is_split_into_words=True, truncation=True, **options)


def load(checkpoint: Checkpoint, labels: tuple[str, ...]) -> SeedTagger:
    folder = str(checkpoint.folder)
    tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True, add_prefix_space=True, local_files_only=True)
    model = AutoModelForTokenClassification.from_pretrained(
        folder, num_labels=len(tag_names(labels)), dtype=torch.float32, local_files_only=True
    )
    return SeedTagger(tokenizer, model, labels)


def import_architecture(checkpoint: Checkpoint) -> None:
    """Have the library import its code for this kind of encoder, which it puts off until one is made."""
    config = AutoConfig.from_pretrained(str(checkpoint.folder), local_files_only=True)
    with torch.device("meta"):
        AutoModelForTokenClassification.from_config(config)  # type: ignore[no-untyped-call]


def _first_pieces(word_ids: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    """(position, word) of each word's first sub-word."""
    last = None
    for position, word in enumerate(word_ids):
        if word is not None and word != last:
            yield position, word
        last = word
