"""A real training on the demo corpus, as a newcomer sees it."""

from __future__ import annotations

import random

import pytest
import torch

from activelearning.domain.selection import SelectionConfig
from activelearning.engine import evaluation, scorer, trained, trainer
from activelearning.engine.acquisition import order
from activelearning.engine.types import Example, Text, TrainConfig
from annotation.demo import load_demo
from annotation.domain.spans import LabelledSpan
from annotation.domain.text import tokenize

LABELLED = 100
BAR = 0.6
"""What 100 labelled documents must reach on the demo's test texts; measured 0.71."""


def as_examples(texts, prefix):
    return [
        Example(f"{prefix}{n}", t.text, tuple(tokenize(t.text)), tuple(LabelledSpan(*span) for span in t.spans))
        for n, t in enumerate(texts)
    ]


@pytest.mark.slow
def test_a_hundred_labelled_documents_make_a_useful_model(tmp_path):
    torch.set_num_threads(1)
    corpus = load_demo()
    pool = as_examples(corpus.pool, "pool-")
    random.Random(1).shuffle(pool)
    test = as_examples(corpus.test, "test-")
    config = TrainConfig(tuple(label.name for label in corpus.labels))

    model = trainer.fit(pool[:LABELLED], config)
    quality = evaluation.evaluate_model(model, test)
    print(f"demo corpus, {LABELLED} documents: F1 {quality.overall.f1:.3f}")
    assert quality.overall.f1 > BAR

    model.save(tmp_path)
    loaded = trained.load(tmp_path)
    assert evaluation.evaluate_model(loaded, test) == quality

    rest = [Text(e.document_id, e.text, e.tokens) for e in pool[LABELLED:]]
    scored = list(scorer.score(loaded, rest))
    texts = {text.document_id: text.text for text in rest}
    assert {document.document_id for document in scored} == texts.keys()
    strategies = ("mnlp", "mnlp_length", "least_confidence", "margin", "entropy", "entities_per_cost")
    orders = {tuple(r.document_id for r in order(scored, texts, SelectionConfig(name))) for name in strategies}
    assert len(orders) == len(strategies)
