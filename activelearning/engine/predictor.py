"""Predictions from a long-lived process that keeps the models used last in memory."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path

from activelearning.engine import scorer, trained
from activelearning.engine.devices import settle
from activelearning.engine.reading import Model
from activelearning.engine.types import ScoredDocument, Text

MODELS_KEPT = 3

_lock = threading.Lock()


def predict(folder: str, texts: list[Text]) -> list[ScoredDocument]:
    """Entities and scores of `texts` by the model saved in `folder`, in the order of `texts`.

    One call at a time: worker threads share the models. Raises EngineError as `trained.load`.
    """
    with _lock:
        found = {document.document_id: document for document in scorer.score(_load(folder), texts)}
    return [found[text.document_id] for text in texts]


@lru_cache(maxsize=MODELS_KEPT)
def _load(folder: str) -> Model:
    settle(1)
    return trained.load(Path(folder))
