"""Words and their positions."""

from __future__ import annotations

import pytest
import torch

from activelearning.engine.checkpoints import resolve
from activelearning.engine.encoding import WordEncoder, word_shape
from activelearning.engine.types import Text


@pytest.fixture(scope="module")
def tokenizer():
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(resolve("").folder))


def text_of(*words, document_id="d"):
    tokens, position = [], 0
    for word in words:
        tokens.append((position, position + len(word)))
        position += len(word) + 1
    return Text(document_id, " ".join(words), tuple(tokens))


def test_each_word_has_one_position_and_it_is_its_first_sub_word(tokenizer):
    encoder = WordEncoder(tokenizer, 512)
    [window] = encoder.windows([text_of("Unbelievably", "so", "!")])
    pieces = tokenizer.convert_ids_to_tokens(window.pieces)
    assert [pieces[head] for head in window.heads] == ["un", "so", "!"]
    assert (pieces[0], pieces[-1]) == ("[CLS]", "[SEP]")


def test_a_word_without_sub_words_keeps_its_position(tokenizer):
    encoder = WordEncoder(tokenizer, 512)
    [window] = encoder.windows([text_of("a", "\u200b", "\x07", "b")])
    pieces = tokenizer.convert_ids_to_tokens(window.pieces)
    assert [pieces[head] for head in window.heads] == ["a", "[UNK]", "[UNK]", "b"]


def test_a_long_text_is_cut_between_words_and_nothing_is_lost(tokenizer):
    words = [f"word{number}" for number in range(300)]
    encoder = WordEncoder(tokenizer, 64)
    windows = encoder.windows([text_of(*words)])
    assert len(windows) > 5
    assert all(len(window.pieces) <= 64 for window in windows)
    covered = [window.first_word + index for window in windows for index in range(len(window.heads))]
    assert covered == list(range(300))


def test_a_cut_prefers_the_end_of_a_sentence(tokenizer):
    words = (["word"] * 40 + ["."]) * 3
    first, second, *_ = WordEncoder(tokenizer, 64).windows([text_of(*words)])
    assert len(first.heads) == 41
    assert second.first_word == 41


def test_one_endless_word_does_not_fill_the_window(tokenizer):
    [window] = WordEncoder(tokenizer, 512).windows([text_of("x" * 5000, "end")])
    assert len(window.pieces) < 64


def test_a_text_without_words_has_no_window_and_moves_no_other(tokenizer):
    windows = WordEncoder(tokenizer, 512).windows([Text("empty", "", ()), text_of("a")])
    assert [window.document for window in windows] == [1]


def test_batches_are_padded_behind_the_words(tokenizer):
    encoder = WordEncoder(tokenizer, 512)
    batch = encoder.collate(encoder.windows([text_of("a"), text_of("a", "b", "c")]))
    assert batch.mask.tolist() == [[True, False, False], [True, True, True]]
    assert batch.pieces.shape == batch.attention.shape == (2, 5)
    assert batch.attention.sum(1).tolist() == [3, 5]
    assert batch.pieces.dtype == torch.long


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("12", 1),
        ("...", 2),
        ("b2b", 3),
        ("B2", 4),
        ("oslo", 5),
        ("NATO", 6),
        ("I", 7),
        ("Oslo", 8),
        ("McKay", 9),
        ("iPod", 10),
        ("中", 10),
    ],
)
def test_words_are_told_apart_by_their_form(word, shape):
    assert word_shape(word) == shape
