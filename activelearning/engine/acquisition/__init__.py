"""Which documents to label next: the whole open pool in order, from a model's scores or before there is a model."""

from __future__ import annotations

from activelearning.engine.acquisition.cold import cold_order, content_vectors
from activelearning.engine.acquisition.ordering import order

__all__ = ["cold_order", "content_vectors", "order"]
