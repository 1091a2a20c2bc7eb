"""Encoders of other families, tiny and untrained: each can be trained on, saved and loaded."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from activelearning.engine import scorer, trained, trainer
from activelearning.engine.checkpoints import resolve
from activelearning.engine.model import Tagger, load_encoder, parts
from activelearning.engine.types import Tier, TrainConfig
from tests.engine.corpus import example, examples

CPU = torch.device("cpu")
SMALL = {"hidden_size": 32, "num_hidden_layers": 6, "num_attention_heads": 4, "intermediate_size": 64}
FAMILIES = {
    "bert": transformers.BertConfig(**SMALL, vocab_size=300, max_position_embeddings=128),
    "roberta": transformers.RobertaConfig(**SMALL, vocab_size=300, max_position_embeddings=130, pad_token_id=1),
    "xlm-roberta": transformers.XLMRobertaConfig(**SMALL, vocab_size=300, max_position_embeddings=130, pad_token_id=1),
    "electra": transformers.ElectraConfig(**SMALL, embedding_size=32, vocab_size=300, max_position_embeddings=128),
    "deberta-v2": transformers.DebertaV2Config(**SMALL, vocab_size=300, max_position_embeddings=128),
    "modernbert": transformers.ModernBertConfig(
        **SMALL,
        vocab_size=300,
        max_position_embeddings=128,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        cls_token_id=0,
        sep_token_id=2,
    ),
    "distilbert": transformers.DistilBertConfig(
        dim=32, n_layers=6, n_heads=4, hidden_dim=64, vocab_size=300, max_position_embeddings=128
    ),
}


SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
CORPUS = [example.text for example in examples(50)]
ODD = "Ада saw 東京 with Ada Lovelace 👩🏽‍🚀 in Oslo , e\u0301te\u0301 , שלום ."


def word_piece():
    """As BERT's: words, then pieces with ## in front."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer, trainers.WordPieceTrainer(vocab_size=300, special_tokens=SPECIAL, show_progress=False)


def byte_level_bpe():
    """As RoBERTa's: bytes, and a word's blank belongs to it."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer, trainers.BpeTrainer(vocab_size=300, special_tokens=SPECIAL, show_progress=False)


def unigram():
    """As SentencePiece's for XLM-R and DeBERTa: a ▁ stands for each blank."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer, trainers.UnigramTrainer(
        vocab_size=200, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
    )


TOKENIZERS = {
    "bert": word_piece,
    "electra": word_piece,
    "distilbert": word_piece,
    "roberta": byte_level_bpe,
    "modernbert": byte_level_bpe,
    "xlm-roberta": unigram,
    "deberta-v2": unigram,
}


@pytest.fixture(params=FAMILIES)
def folder(request, tmp_path):
    """A checkpoint of the family with the kind of tokenizer it goes with."""
    torch.manual_seed(0)
    transformers.AutoModel.from_config(FAMILIES[request.param]).save_pretrained(tmp_path)
    tokenizer, learner = TOKENIZERS[request.param]()
    tokenizer.train_from_iterator(CORPUS, learner)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        cls_token="<s>",
        sep_token="</s>",
        model_max_length=128,
    ).save_pretrained(tmp_path)
    return tmp_path


def by_id(documents):
    return {document.document_id: document for document in documents}


def test_a_third_of_an_encoder_of_any_family_stays_as_it_was_and_its_top_is_left_out(folder):
    encoder, words = load_encoder(resolve(str(folder)))
    assert [len(part) for part in parts(encoder)] == [2, 3, 1]
    for value in parts(encoder)[2][0].parameters():
        torch.nn.init.constant_(value, math.nan)
    tagger = Tagger(encoder, ("PER", "LOC")).eval()
    assert tagger.hidden(words.collate(words.windows(examples(3)))).isfinite().all()
    config = TrainConfig(("PER", "LOC"), checkpoint=str(folder), max_steps=4)
    model = trainer.fit(examples(10), config, device=CPU)
    learned = [name for name in model.tagger.learned() if name.startswith("encoder.")]
    assert learned
    assert not any("embed" in name for name in learned)


@pytest.mark.parametrize("tier", [Tier.FAST, Tier.FULL])
def test_either_tier_trains_on_any_family_saves_reloads_and_finds_exact_offsets(folder, tier, tmp_path):
    odd = example("odd", ODD, ("Ada Lovelace", "PER"), ("Oslo", "LOC"))
    config = TrainConfig(("PER", "LOC"), checkpoint=str(folder), tier=tier, max_steps=120, learning_rate=5e-3)
    model = trainer.fit([*examples(30), *[replace(odd, document_id=f"odd-{n}") for n in range(5)]], config, device=CPU)
    texts = [*examples(12, seed=4), odd]
    before = by_id(scorer.score(model, texts))
    model.save(tmp_path / "model")
    loaded = by_id(scorer.score(trained.load(tmp_path / "model", device=CPU), texts))
    for name, document in before.items():
        # A fast model that is loaded reads the texts anew, in other batches.
        assert loaded[name].scores == pytest.approx(document.scores, rel=0.05, abs=1e-3)
        assert [(s.start, s.end, s.label) for s in loaded[name].spans] == [
            (s.start, s.end, s.label) for s in document.spans
        ]
    starts, ends = {start for start, _ in odd.tokens}, {end for _, end in odd.tokens}
    assert all(span.start in starts and span.end in ends for span in before["odd"].spans)
    found = {(ODD[span.start : span.end], span.label) for span in before["odd"].spans}
    assert found == {("Ada Lovelace", "PER"), ("Oslo", "LOC")}


def test_the_three_kinds_of_tokenizer_cut_words_apart_differently():
    cuts = set()
    for kind in (word_piece, byte_level_bpe, unigram):
        tokenizer, learner = kind()
        tokenizer.train_from_iterator(CORPUS, learner)
        cuts.add(tuple(tokenizer.encode("Lovelace moved").tokens))
    assert len(cuts) == 3
