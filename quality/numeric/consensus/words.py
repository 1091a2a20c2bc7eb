"""What the words themselves suggest: features of each unit, weighed by naive Bayes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quality.numeric.consensus.chain import Floats, Ints
from quality.numeric.consensus.digamma import digamma
from quality.numeric.consensus.evidence import Pieces, group_sums
from quality.numeric.consensus.reading import Reading

_SUFFIX = 3
_LONGEST_SHAPE = 6
_EDGE = "\n"
"""The neighbour of the first and the last unit of a piece; no unit reads like it."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One property of every unit: value numbers 0 … values - 1."""

    value: Ints
    values: int

    def evidence(self, posterior: Floats, smoothing: float) -> Floats:
        """units × tags: expected log p(value | tag), learned from `posterior`."""
        counts = group_sums(self.value, posterior, self.values) + smoothing
        logs = digamma(counts) - digamma(counts.sum(axis=0))
        result: Floats = logs[self.value]
        return result


def features(readings: Sequence[Reading], pieces: Pieces, order: Ints) -> list[Feature]:
    """Word, shape, ending, and the words before and after in lower case; units in `order`."""
    numbers: dict[str, int] = {}
    token = np.fromiter(
        (
            numbers.setdefault(reading.text[start:end], len(numbers))
            for reading, first, stop in zip(readings, pieces.first, pieces.first[1:], strict=False)
            if stop > first
            for start, end in reading.units
        ),
        dtype=np.int64,
        count=len(pieces.document),
    )
    words = [*numbers, _EDGE]
    is_start = np.zeros(len(token) + 1, dtype=bool)
    is_start[pieces.starts] = is_start[-1] = True
    edge = len(numbers)
    before = np.where(is_start[:-1], edge, np.roll(token, 1))
    after = np.where(is_start[1:], edge, np.roll(token, -1))
    lower = [word.lower() for word in words]
    return [
        _feature(token[order], words),
        _feature(token[order], [shape(word) for word in words]),
        _feature(token[order], [word[-_SUFFIX:] for word in lower]),
        _feature(before[order], lower),
        _feature(after[order], lower),
    ]


def _feature(word: Ints, properties: Sequence[str]) -> Feature:
    """`properties`: word number → what counts of it."""
    numbers: dict[str, int] = {}
    number = np.array([numbers.setdefault(name, len(numbers)) for name in properties])
    return Feature(number[word], len(numbers))


def shape(word: str) -> str:
    """`McDonald's` → XxXx'x, `1,000` → d,d: runs of a kind as one letter, at most six of them.

    Letters without case, such as those of Chinese, are a kind of their own.
    """
    result = ""
    for character in word:
        if character.isupper():
            kind = "X"
        elif character.islower():
            kind = "x"
        elif character.isdigit():
            kind = "d"
        else:
            kind = "c" if character.isalpha() else character
        if not result.endswith(kind):
            result += kind
            if len(result) == _LONGEST_SHAPE:
                break
    return result
