"""What several people said about one document: the input of every measure over files."""

from __future__ import annotations

from dataclasses import dataclass

from annotation.domain.spans import LabelledSpan


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one person said about one document. Empty spans: the judgement 'nothing here'."""

    annotator: str
    spans: tuple[LabelledSpan, ...]
    asked: frozenset[str] | None = None
    """The labels they were asked about, None for all. A label not asked is missing, not absent."""
    with_suggestions: bool = False


@dataclass(frozen=True, slots=True)
class JudgedDocument:
    """One text, its frozen tokens, and every judgement of it."""

    id: str
    text: str
    tokens: tuple[tuple[int, int], ...]
    judgements: tuple[Judgement, ...]
    """At most one per annotator."""
    gold: tuple[LabelledSpan, ...] | None = None
