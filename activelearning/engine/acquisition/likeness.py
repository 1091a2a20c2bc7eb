"""How alike documents are: the same text, nearly the same, or more or less different."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from activelearning.domain.scoring import OVERHEAD_WORDS
from activelearning.domain.selection import BADGE, SelectionConfig
from activelearning.engine.types import ScoredDocument
from annotation.domain.text import tokenize

Vectors = NDArray[np.float32]
"""One row a document."""
Places = NDArray[np.int64]
"""Documents by their place in the order of ids."""

NEAR_VECTORS = 0.95
"""Cosine of two documents' directions above which they are near-duplicates."""
NEAR_TEXTS = 0.8
"""The same for directions made of words alone: about one word in ten differs."""
SAMPLE = 256
"""Documents drawn to see what is common to all and where the pool is dense."""
BUCKETS = 1024


def copy_numbers(texts: Iterable[str]) -> NDArray[np.int64]:
    """For each text how many before it are the same but for white space and case: 0 for the first of its kind."""
    seen: Counter[str] = Counter()
    numbers = []
    for text in texts:
        plain = " ".join(text.casefold().split())
        numbers.append(seen[plain])
        seen[plain] += 1
    return np.array(numbers, dtype=np.int64)


def unit(vectors: Vectors) -> Vectors:
    """Rows of length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32, copy=False)


def text_vectors(texts: Sequence[str]) -> Vectors:
    """Words and pairs of neighbours counted in hashed buckets, (N, BUCKETS), rows of length 1."""
    counts = np.zeros((len(texts), BUCKETS), np.float32)
    for row, text in zip(counts, texts, strict=True):
        words = [text[start:end].casefold() for start, end in tokenize(text)]
        for shingle in (*words, *(" ".join(pair) for pair in pairwise(words))):
            row[zlib.crc32(shingle.encode()) % BUCKETS] += 1
    return unit(counts)


@dataclass(frozen=True, slots=True)
class Points:
    """Where some documents lie; one row a document."""

    units: Vectors
    """Directions, of length 1."""
    lengths: NDArray[np.float64]
    """How far out they lie that way; 1 where only directions count."""
    density: NDArray[np.float64]
    """How much like the pool each is: mean cosine to a sample of it, brought to [0, 1]."""


class Space:
    """Where documents lie: by their model vectors, or by their words where none has one.

    A model's vectors all share one direction (cosines of unlike texts are about 0.9), so the pool's mean is taken off
    them before they are compared.
    """

    def __init__(self, documents: Sequence[ScoredDocument], texts: Sequence[str], config: SelectionConfig) -> None:
        self._documents, self._texts = documents, texts
        self._by_length = config.strategy == BADGE
        known = next((document.vector for document in documents if document.vector is not None), None)
        self._blank: Vectors | None = None if known is None else np.zeros_like(known)
        """Where a document without words lies; None: no document has a vector."""
        self.near = NEAR_TEXTS if self._blank is None else NEAR_VECTORS
        size = min(SAMPLE, len(documents))
        sample = np.random.default_rng(config.seed).choice(len(documents), size, replace=False)
        self._mean: Vectors = unit(self._vectors(sample)).mean(axis=0)

    def points(self, places: Places) -> Points:
        vectors = self._vectors(places)
        directions = unit(vectors)
        return Points(
            directions if self._blank is None else unit(directions - self._mean),
            self._lengths(vectors, places),
            np.clip((1 + (directions @ self._mean).astype(np.float64)) / 2, 0, 1),
        )

    def _lengths(self, vectors: Vectors, places: Places) -> NDArray[np.float64]:
        """BADGE's: a label's estimated gradient is the hidden state of its word, as long as the doubt about it.

        Their sum is the document's vector, so its length is the document's doubt; it is divided as `mnlp_length` is.
        """
        if not self._by_length:
            return np.ones(len(places))
        words = np.array([self._documents[place].n_words for place in places])
        lengths: NDArray[np.float64] = np.linalg.norm(vectors, axis=1) / (words + OVERHEAD_WORDS)
        return lengths

    def _vectors(self, places: Places) -> Vectors:
        if self._blank is None:
            return text_vectors([self._texts[place] for place in places])
        vectors = (self._documents[place].vector for place in places)
        return np.array([self._blank if vector is None else vector for vector in vectors], dtype=np.float32)
