"""Texts as an encoder's tokenizer cuts them: with sub-words and special tokens in the place of words.

For the ablation only; the product knows words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from activelearning.engine.cache import WordFeatures
from activelearning.engine.checkpoints import Checkpoint
from activelearning.engine.encoding import Window
from activelearning.engine.features import PIECES_PER_BATCH, FeaturePass, FeatureStore, batches, codes
from activelearning.engine.types import EngineError, Example, OnProgress, PredictedSpan, ShouldStop, Text
from annotation.domain.spans import LabelledSpan
from annotation.domain.tags import bio_to_spans, spans_to_bio

SPECIAL = -1


@dataclass(frozen=True, slots=True)
class View(Text):
    """A text with one letter for each position that counts: position i is the characters [2i, 2i + 1)."""

    source: Text
    pieces: tuple[int, ...]
    """What the encoder reads, special tokens included."""
    heads: tuple[int, ...]
    """The places in `pieces` that count, one a position."""
    owners: tuple[int, ...]
    """For each position its word in `source`, or SPECIAL."""

    def labelled(self, example: Example) -> Example:
        """The labels of `example`, which is the source, on all positions of their words."""
        tags = spans_to_bio(example.tokens, example.spans)
        words = [(2 * word, 2 * word + 1) for word in range(len(tags))]
        spans = []
        for span in bio_to_spans(words, tags):
            inside = [i for i, owner in enumerate(self.owners) if span.start <= 2 * owner < span.end]
            spans.append(LabelledSpan(2 * inside[0], 2 * inside[-1] + 1, span.label))
        return Example(self.document_id, self.text, self.tokens, tuple(spans))

    def in_source(self, spans: Iterable[PredictedSpan]) -> Iterator[PredictedSpan]:
        """Spans of positions as spans of the source: a word has the label of its first position."""
        first = {owner: position for position, owner in reversed(list(enumerate(self.owners)))}
        for span in spans:
            words = sorted(w for w, position in first.items() if w != SPECIAL and span.start <= 2 * position < span.end)
            if words:
                start, end = self.source.tokens[words[0]][0], self.source.tokens[words[-1]][1]
                yield PredictedSpan(start, end, span.label, span.confidence)


class PieceStore(FeatureStore):
    """Features of all the positions of views, in memory."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        self._encoder = FeaturePass(checkpoint, self.layer)
        self._states: dict[tuple[int, ...], Tensor] = {}

    def views(self, texts: Sequence[Text], *, sub_words: bool, special: bool) -> list[View]:
        """Texts by their words, or all sub-words of them, with the special tokens around them or without.

        Raises EngineError for a text that the encoder cannot read at once: there is but one pair of special tokens.
        """
        windows = self._encoder.words.windows(texts)
        if [window.document for window in windows] != list(range(len(texts))):
            raise EngineError(
                "The ablation reads documents of a few sentences; one here is longer than the encoder's input."
            )
        return [self._view(text, window, sub_words, special) for text, window in zip(texts, windows, strict=True)]

    def of(
        self,
        texts: Sequence[Text],
        *,
        should_stop: ShouldStop = lambda: False,
        on_progress: OnProgress = lambda progress: None,
    ) -> list[WordFeatures]:
        """As in FeatureStore; all texts must be views. Sub-words have the spelling of their word."""
        views = [text for text in texts if isinstance(text, View)]
        assert len(views) == len(texts)
        new = dict.fromkeys(view.pieces for view in views if view.pieces not in self._states)
        windows = [_window(pieces) for pieces in new]
        for batch in batches(windows, PIECES_PER_BATCH):
            for window, states in zip(batch, self._encoder.read(batch), strict=True):
                self._states[tuple(window.pieces)] = states[: len(window.pieces)]
        return [WordFeatures(self._states[view.pieces][list(view.heads)], codes(_surfaces(view))) for view in views]

    def _view(self, text: Text, window: Window, sub_words: bool, special: bool) -> View:
        words = self._encoder.words
        first, last = len(words.prefix), len(window.pieces) - len(words.suffix)
        if sub_words:
            heads = list(range(first, last))
            owners = [sum(head <= place for head in window.heads) - 1 for place in heads]
        else:
            heads, owners = list(window.heads), list(range(len(window.heads)))
        if special:
            heads, owners = [first - 1, *heads, last], [SPECIAL, *owners, SPECIAL]
        return View(
            document_id=text.document_id,
            text=" ".join("x" * len(heads)),
            tokens=tuple((2 * i, 2 * i + 1) for i in range(len(heads))),
            source=text,
            pieces=tuple(window.pieces),
            heads=tuple(heads),
            owners=tuple(owners),
        )


def _window(pieces: Sequence[int]) -> Window:
    count = len(pieces)
    return Window(0, 0, list(pieces), list(range(count)), [0] * count, [(0, 0, 0, 0)] * count)


def _surfaces(view: View) -> list[str]:
    words = view.source.words
    return ["" if owner == SPECIAL else words[owner] for owner in view.owners]
