"""Encoders of other families, tiny and untrained: each can be trained on, saved and loaded."""

from __future__ import annotations

import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from activelearning.engine import scorer, trained, trainer
from activelearning.engine.checkpoints import resolve
from activelearning.engine.model import load_encoder, upper_layers
from activelearning.engine.types import TrainConfig
from tests.engine.corpus import examples

SMALL = {"hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 64}
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
        dim=32, n_layers=4, n_heads=4, hidden_dim=64, vocab_size=300, max_position_embeddings=128
    ),
}


@pytest.fixture(params=FAMILIES)
def folder(request, tmp_path):
    config = FAMILIES[request.param]
    torch.manual_seed(0)
    transformers.AutoModel.from_config(config).save_pretrained(tmp_path)
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer_ = trainers.BpeTrainer(vocab_size=300, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([e.text for e in examples(50)], trainer_)
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


def test_an_encoder_of_any_family_is_half_frozen_trained_saved_and_loaded(folder, tmp_path):
    encoder, _ = load_encoder(resolve(str(folder)))
    assert len(upper_layers(encoder)) == 2
    config = TrainConfig(("PER", "LOC"), checkpoint=str(folder), max_steps=4)
    model = trainer.fit(examples(10), config, device=torch.device("cpu"))
    learned = [name for name in model.tagger.learned() if name.startswith("encoder.")]
    assert learned
    assert not any("embed" in name for name in learned)
    before = {d.document_id: d for d in scorer.score(model, examples(5))}
    model.save(tmp_path / "model")
    loaded = trained.load(tmp_path / "model", device=torch.device("cpu"))
    assert {d.document_id: d for d in scorer.score(loaded, examples(5))} == before
    assert all(document.n_words for document in before.values())
