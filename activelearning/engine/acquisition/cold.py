"""The pool in order before there is a model."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from activelearning.domain.selection import RANDOM, Ranked, SelectionConfig, is_chance, shuffled
from activelearning.engine.acquisition.likeness import Vectors, copy_numbers, unit
from activelearning.engine.types import Text

HEAD_DOCUMENTS = 200
"""Places that are chosen with care; chance fills the rest."""
CANDIDATES = 1500
"""Documents drawn by chance that the head is chosen from."""
SENSIBLE_WORDS = range(5, 41)
BLIND_SHARE = 0.5
"""Chance's share where nothing is known but words."""
LEAST_WEIGHT = 1e-3
"""Of a word that every text has, so that texts of such words alone have a vector, too."""


def content_vectors(texts: Sequence[Text], states: Iterable[NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Document id → mean of its words' features, (H,), for texts that have words.

    A word counts the more the fewer of the texts have it (inverse document frequency, Spärck Jones 1972): entities are
    among the words that set texts apart, and most words of a text are those that all have. Arora et al. 2017 weight
    likewise where they average the vectors of a sentence's words.

    Args:
        texts: the pool.
        states: what the encoder sees at each word of each text, (W, H), in the order of the texts.
    """
    kinds = [[word.casefold() for word in text.words] for text in texts]
    having = Counter(kind for words in kinds for kind in set(words))
    rarity = {kind: math.log(len(texts) / number) + LEAST_WEIGHT for kind, number in having.items()}
    return {
        text.document_id: np.average(seen, axis=0, weights=[rarity[word] for word in words]).astype(np.float32)
        for text, words, seen in zip(texts, kinds, states, strict=True)
        if words
    }


def cold_order(
    texts: Sequence[Text],
    vectors: Mapping[str, NDArray[np.float32]] | None,
    config: SelectionConfig,
    *,
    terms: Collection[str] = (),
) -> list[Ranked]:
    """Every document once. The head stands for the pool: each next document covers what the ones before do not.

    Args:
        texts: in any order, each id once.
        vectors: as `content_vectors` makes them; None: texts with telling words take turns with chance.
        config: its strategy `random` leaves everything to chance; no other makes a difference.
        terms: words people expect in entities; texts with one of them take every second of the chosen places.
    """
    drawn = [r.document_id for r in shuffled([text.document_id for text in texts], seed=config.seed)]
    if config.strategy == RANDOM:
        return [Ranked(document_id, None, RANDOM) for document_id in drawn]
    by_id = {text.document_id: text for text in texts}
    copies = copy_numbers(by_id[document_id].text for document_id in sorted(by_id))
    is_first = dict(zip(sorted(by_id), (copies == 0).tolist(), strict=True))
    wanted = [document_id for document_id in drawn if is_first[document_id]]
    sensible = [document_id for document_id in wanted if len(by_id[document_id].tokens) in SENSIBLE_WORDS]
    if vectors is not None:
        candidates = [d for d in sensible or wanted if d in vectors][:CANDIDATES]
        chosen = [candidates[row] for row in _covering(np.array([vectors[d] for d in candidates], dtype=np.float32))]
    else:
        chosen = [d for d in sensible if _is_telling(by_id[d])][:HEAD_DOCUMENTS]
    hits = _hits([by_id[document_id] for document_id in sensible], terms)
    chosen = [d for pair in zip_longest(hits[:HEAD_DOCUMENTS], chosen) for d in pair if d is not None]
    share = config.random_share if vectors is not None else max(config.random_share, BLIND_SHARE)
    return _woven(chosen, [*wanted, *drawn], config, share)


def _is_telling(text: Text) -> bool:
    """Whether a word may be a name or a number: it has a digit, or a capital that does not merely begin the text."""
    return any(
        any(c.isdigit() for c in word) or any(c.isupper() for c in (word if number else word[1:]))
        for number, word in enumerate(text.words)
    )


def _woven(chosen: list[str], drawn: list[str], config: SelectionConfig, share: float) -> list[Ranked]:
    """The chosen first, with chance's share among them, then everything else by chance."""
    found: dict[str, Ranked] = {}
    own, chance = iter(chosen), iter(drawn)
    for place in range(len(set(drawn))):
        pick = None if is_chance(place, share) else next((d for d in own if d not in found), None)
        strategy = config.strategy if pick is not None else RANDOM
        pick = pick or next(document_id for document_id in chance if document_id not in found)
        found[pick] = Ranked(pick, None, strategy)
    return list(found.values())


def _hits(texts: Sequence[Text], terms: Collection[str]) -> list[str]:
    """The texts with terms as whole words, the most different terms first."""
    if not terms:
        return []
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(term) for term in sorted(terms))})(?!\w)", re.IGNORECASE)
    found = {text.document_id: len({m.casefold() for m in pattern.findall(text.text)}) for text in texts}
    return sorted((document_id for document_id in found if found[document_id]), key=lambda d: -found[d])


def _covering(vectors: Vectors) -> list[int]:
    """Rows so that each next one comes closest to what is not yet covered: greedy facility location."""
    units = unit(vectors)
    likeness = np.maximum(units @ units.T, 0.0)
    covered = np.zeros(len(units), np.float32)
    chosen: list[int] = []
    for _ in range(min(HEAD_DOCUMENTS, len(units))):
        gain = np.maximum(likeness - covered, 0.0).sum(axis=1)
        gain[chosen] = -1.0
        chosen.append(int(gain.argmax()))
        covered = np.maximum(covered, likeness[chosen[-1]])
    return chosen
