"""The pool in order, from what a model found.

Documents are sorted by id first, so the order depends on the documents and the seed and not on how they arrive. The
head is chosen batch by batch out of the least sure, each batch without near-duplicates; the rest follows by score.
Of several documents with the same text only one is in the head; the others come after everything else. A text that
would cost too much of the work so far waits, too, as long as there is another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from activelearning.domain.selection import (
    BADGE,
    MIX,
    RANDOM,
    STRATEGIES,
    Ranked,
    SelectionConfig,
    is_chance,
    score_of,
    shuffled,
)
from activelearning.engine.acquisition.batches import Batch, Candidates, Pick
from activelearning.engine.acquisition.likeness import Places, Space, copy_numbers
from activelearning.engine.types import ScoredDocument

HEAD_BATCHES = 4
HEAD_DOCUMENTS = 400
"""The head has as many batches as fit in it, one at least."""
BREADTH = 4
"""Candidates for each place of a batch, counted in words."""
MAX_CANDIDATES = 4096
LONG_TEXTS = 8
"""A text of more words than so many average ones is long ..."""
LONG_SHARE = 0.25
"""... where it is more than this share of the words labelled so far, too. What a long text teaches is not worth what it
costs while little is labelled: a contract's appendix of 1,000 words may name two people. Later it may come; in a pool of
posts and articles the model must see both."""
SPARE_DRAWS = 4
"""Documents that chance may draw from for each of its places, should some be near-duplicates."""


def order(scored: Sequence[ScoredDocument], texts: Mapping[str, str], config: SelectionConfig) -> list[Ranked]:
    """Every document once, the one to label first at the head.

    Args:
        scored: in any order, each id once. Where none has a vector, words alone say how alike documents are.
        texts: document id → its text.

    Raises KeyError when a document has no text or not the score that the strategy needs.
    """
    if config.strategy == RANDOM:
        return shuffled([document.document_id for document in scored], seed=config.seed)
    if not scored:
        return []
    pool = _Pool(sorted(scored, key=lambda document: document.document_id), texts, config)
    return [pool.ranked(*pick) for pick in pool.picks()]


class _Pool:
    """All documents, and which have found their place in the order."""

    def __init__(self, documents: list[ScoredDocument], texts: Mapping[str, str], config: SelectionConfig) -> None:
        self.documents, self.config = documents, config
        self.texts = [texts[document.document_id] for document in documents]
        self.words = np.array([document.n_words for document in documents], dtype=np.int64)
        self.scores = np.array([score_of(config, document.scores, document.n_words) for document in documents])
        copies = copy_numbers(self.texts)
        self.is_first = copies == 0
        self.is_long = self.words > max(LONG_TEXTS * self.words.mean(), LONG_SHARE * config.labelled_words)
        self.by_score: Places = np.lexsort((STRATEGIES[config.strategy].sign * self.scores, self.is_long, copies))
        self.by_chance = self._drawn(copies) if config.random_share else self.by_score[:0]
        self.taken = np.zeros(len(documents), bool)
        self.space = Space(documents, self.texts, config)

    def _drawn(self, copies: Places) -> Places:
        places = {document.document_id: place for place, document in enumerate(self.documents)}
        drawn = np.array([places[r.document_id] for r in shuffled(places, seed=self.config.seed)], dtype=np.int64)
        return drawn[np.argsort(copies[drawn], kind="stable")]

    def ranked(self, place: int, by_chance: bool) -> Ranked:
        score, strategy = (None, RANDOM) if by_chance else (float(self.scores[place]), self.config.strategy)
        return Ranked(self.documents[place].document_id, score, strategy)

    def picks(self) -> list[Pick]:
        found: list[Pick] = []
        for _ in range(max(1, min(HEAD_BATCHES, HEAD_DOCUMENTS // self.config.batch))):
            found += self._batch(found)
        own, drawn = iter(self.by_score.tolist()), iter(self.by_chance.tolist())
        for place in range(len(found), len(self.documents)):
            by_chance = is_chance(place, self.config.random_share)
            pick = next(document for document in (drawn if by_chance else own) if not self.taken[document])
            self.taken[pick] = True
            found.append((pick, by_chance))
        return found

    def _batch(self, before: list[Pick]) -> list[Pick]:
        """The next batch, out of the least sure; out of more of them where too many are near-duplicates."""
        own, drawn = (s[self.is_first[s] & ~self.taken[s]] for s in (self.by_score, self.by_chance))
        if not len(own):
            return []
        if not self.is_long[own[0]]:
            own = own[~self.is_long[own]]
        places = range(len(before), len(before) + self.config.batch)
        drawn = drawn[: SPARE_DRAWS * sum(is_chance(place, self.config.random_share) for place in places)]
        taken = np.array([place for place, _ in before], dtype=np.int64)
        found: list[Pick] = []
        for width in self._widths(own):
            rows = np.concatenate([own[:width], np.setdiff1d(drawn, own[:width])])
            batch = Batch(self._candidates(rows, width, drawn), self.config, first=len(before), near=self.space.near)
            if before:
                batch.keep_away_from(self.space.points(taken))
            picks, is_enough = batch.picks()
            found = [(int(rows[row]), by_chance) for row, by_chance in picks]
            if is_enough:
                break
        self.taken[[place for place, _ in found]] = True
        return found

    def _candidates(self, rows: Places, own: int, drawn: Places) -> Candidates:
        row_of = {place: row for row, place in enumerate(rows.tolist())}
        return Candidates(
            self.space.points(rows),
            doubt=np.abs(self.scores[rows] - STRATEGIES[self.config.strategy].surest),
            own=np.arange(len(rows)) < own,
            drawn=[row_of[place] for place in drawn.tolist()],
        )

    def _widths(self, own: Places) -> Iterator[int]:
        """How many of the least sure to choose from: more, the more a difference counts, then as many as can be."""
        limit = min(len(own), MAX_CANDIDATES)
        if self.config.strategy != BADGE and self.config.mix < 1:
            breadth = BREADTH * max(1, (1 - MIX) / (1 - self.config.mix))
            wanted = breadth * self.config.batch * self.words.mean()
            width = int(np.searchsorted(np.cumsum(self.words[own]), wanted)) + 1
            yield min(max(width, 2 * self.config.batch), limit)
        yield limit
