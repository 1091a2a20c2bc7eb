"""Counting one document: from everybody's spans to the row of `quality.domain.agreement_rows`."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, combinations
from operator import itemgetter
from typing import Any

from annotation.domain.spans import LabelledSpan, SpanOverlap, overlapping
from annotation.domain.tags import OUTSIDE, spans_to_bio
from annotation.domain.text import Token
from quality.domain.agreement_rows import ENTITY, NOBODY, DocumentRow, LabelCounts, Pair, PairRow, ViewRow
from quality.domain.conflicts import Kind, conflict_groups
from quality.domain.judgements import JudgedDocument
from quality.domain.span_agreement import boundary_matches, pair_counts

Spans = Sequence[LabelledSpan]
Patterns = Counter[tuple[str | None, ...]]
"""What each person said of a unit (None: missing) → units like it."""


@dataclass(frozen=True)
class MeasuredDocument:
    """One document with everybody who submitted it; `layers`: annotator → spans."""

    text: str
    tokens: Sequence[Token]
    layers: Mapping[str, Sequence[LabelledSpan]]
    with_suggestions: bool = False
    """Somebody saw a model's suggestions here; those push people towards each other."""
    asked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Annotator → the labels they were asked about; who is not in it was asked about all."""
    labels: frozenset[str] | None = None
    """All that somebody could have been asked about here; None for every label there is."""
    allowed: SpanOverlap = SpanOverlap.NONE
    """Which spans of one person may share characters: what counts as a conflict depends on it."""

    def of(self, labels: Iterable[str]) -> frozenset[str]:
        """Those of all `labels` that somebody could have been asked about."""
        every = frozenset(labels)
        return every if self.labels is None else every & self.labels

    def questions(self, labels: Iterable[str]) -> dict[str, frozenset[str]]:
        """Annotator → the labels they were asked about, for everybody."""
        every = self.of(labels)
        return {name: self.asked.get(name, every) & every for name in sorted(self.layers)}


def measured(document: JudgedDocument, allowed: SpanOverlap = SpanOverlap.NONE) -> MeasuredDocument:
    """A document read from files, as the measures take it. Its gold stays behind."""
    return MeasuredDocument(
        text=document.text,
        tokens=document.tokens,
        layers={judgement.annotator: judgement.spans for judgement in document.judgements},
        with_suggestions=any(judgement.with_suggestions for judgement in document.judgements),
        asked={
            judgement.annotator: judgement.asked for judgement in document.judgements if judgement.asked is not None
        },
        allowed=allowed,
    )


def document_row(document: MeasuredDocument, labels: Sequence[str]) -> DocumentRow:
    """The row of one document; all zero unless two people were asked about the same label.

    Raises KeyError for a span with a label that is not in `labels`.
    """
    layers = {name: sorted(set(spans)) for name, spans in sorted(document.layers.items())}
    every, asked = frozenset(labels), document.questions(labels)
    if unknown := {span.label for spans in layers.values() for span in spans} - every:
        raise KeyError(min(unknown))
    pairs = [pair for pair in combinations(layers, 2) if asked[pair[0]] & asked[pair[1]] or not labels]
    if not pairs:
        return DocumentRow()
    whole = whole_layers(document, labels)
    tags = {name: spans_to_bio(document.tokens, layers[name]) for name in whole}
    plain = len(whole) == len(layers) and document.of(labels) == every
    size = len(document.tokens)
    # Most tokens of a document look alike across people, so each pattern is counted once.
    patterns = Counter(zip(*tags.values(), strict=True))
    alpha = _whole_views(patterns) if len(whole) > 1 else {}
    alpha |= _label_views(document.tokens, layers, asked, labels, plain=plain)
    conflicts = _conflicts(document, layers, asked, labels)
    agreed = conflicts.pop(Kind.UNANIMOUS.value, 0)
    return DocumentRow(
        documents=1,
        suggested=int(document.with_suggestions),
        tokens=size,
        spans=sum(map(len, layers.values())),
        left_out=len(layers) - len(whole),
        plain=ViewRow(size, size * len(layers)) if plain else ViewRow(),
        alpha=alpha,
        pairs={pair: _pair_row(pair, layers, asked, _of_pair(patterns, whole, pair), every) for pair in pairs},
        annotators=frozenset(name for pair in pairs for name in pair),
        conflicts=conflicts,
        agreed=agreed,
        confusion=_confusion(pairs, layers, asked),
    )


def whole_layers(document: MeasuredDocument, labels: Sequence[str]) -> list[str]:
    """Who was asked about every label and marked no span over another: one tag per token says it all."""
    every, asked = document.of(labels), document.questions(labels)
    return [
        name for name, spans in sorted(document.layers.items()) if asked[name] == every and not overlapping(set(spans))
    ]


def _whole_views(bio: Patterns) -> dict[str, ViewRow]:
    """`bio`: the tags that each person gave a token → tokens like it."""
    types = _regroup(bio, lambda tag: tag if tag == OUTSIDE else f"={tag[2:]}")
    return {
        "bio": view_row(bio),
        "type": _bare(view_row(types)),
        "detect": view_row(_regroup(types, lambda tag: tag if tag == OUTSIDE else ENTITY)),
        "label": _bare(view_row(_regroup(types, lambda tag: None if tag == OUTSIDE else tag))),
    }


def _regroup(patterns: Patterns, reading: Callable[[Any], str | None]) -> Patterns:
    return _merged(patterns, lambda cells: tuple(map(reading, cells)))


def _of_pair(patterns: Patterns, whole: Sequence[str], pair: Pair) -> Patterns:
    """`patterns` of everybody in `whole`, as far as these two go; none where one of them is not in it."""
    if not set(pair) <= set(whole):
        return Counter()
    return _merged(patterns, itemgetter(*map(whole.index, pair)))


def _merged(patterns: Patterns, key: Callable[[Any], Any]) -> Patterns:
    result: Patterns = Counter()
    for cells, times in patterns.items():
        result[key(cells)] += times
    return result


def _bare(row: ViewRow) -> ViewRow:
    """A type is written with a sign before it, so that a label named O is none; here it goes."""
    return ViewRow(row.units, row.ratings, row.disagreement, {value[1:]: n for value, n in row.values.items()})


def view_row(patterns: Mapping[tuple[str | None, ...], int]) -> ViewRow:
    """The sums over units."""
    units, ratings, disagreement = 0, 0, 0.0
    values: Counter[str] = Counter()
    for cells, times in patterns.items():
        counts = Counter(cell for cell in cells if cell is not None)
        people = counts.total()
        if people < 2:
            continue
        units += times
        ratings += times * people
        disagreement += times * (people - sum(n * (n - 1) for n in counts.values()) / (people - 1))
        for value, n in counts.items():
            values[value] += times * n
    del values[OUTSIDE]
    return ViewRow(units, ratings, disagreement, dict(values))


def _label_views(
    tokens: Sequence[Token],
    layers: Mapping[str, Spans],
    asked: Mapping[str, frozenset[str]],
    labels: Sequence[str],
    *,
    plain: bool,
) -> dict[str, ViewRow]:
    """`=x` per label; where all judgements are whole, only the labels somebody used, without units."""
    marked = _marked(tokens, layers)
    result = {}
    for label in labels:
        people = sum(label in asked[name] for name in layers)
        if people < 2 or (plain and label not in marked):
            continue
        counts = marked.get(label, Counter())
        apart = sum(2 * n * (people - n) for n in counts.values()) / (people - 1)
        units = 0 if plain else len(tokens)
        result[f"={label}"] = ViewRow(
            units, units * people, apart, {label: total_n} if (total_n := counts.total()) else {}
        )
    return result


def _marked(tokens: Sequence[Token], layers: Mapping[str, Spans]) -> dict[str, Counter[int]]:
    """Label → token → how many people marked it so, each label a layer of its own."""
    starts, ends = [start for start, _ in tokens], [end for _, end in tokens]
    result: dict[str, Counter[int]] = {}
    for spans in layers.values():
        touched: dict[str, set[int]] = {}
        for span in spans:
            reach = range(bisect_right(ends, span.start), bisect_left(starts, span.end))
            touched.setdefault(span.label, set()).update(reach)
        for label, numbers in touched.items():
            result.setdefault(label, Counter()).update(numbers)
    return result


def _pair_row(
    pair: Pair,
    layers: Mapping[str, Spans],
    asked: Mapping[str, frozenset[str]],
    bio: Patterns,
    every: frozenset[str],
) -> PairRow:
    shared = asked[pair[0]] & asked[pair[1]]
    first, second = (_only(layers[name], shared) for name in pair)
    used = {span.label for span in (*first, *second)}
    counts = {label: _label_counts(_only(first, {label}), _only(second, {label})) for label in sorted(used)}
    if shared != every:
        counts = {label: counts.get(label, LabelCounts()) + LabelCounts(documents=1) for label in sorted(shared)}
    return PairRow(
        documents=1,
        asked_all=int(shared == every),
        both_empty=int(not used),
        boundary=boundary_matches(first, second),
        labels=counts,
        bio=view_row(bio),
    )


def _label_counts(first: Spans, second: Spans) -> LabelCounts:
    counts = pair_counts(first, second)
    return LabelCounts(len(first), len(second), counts.exact // 2, counts.overlap)


def _only(spans: Spans, labels: frozenset[str] | set[str]) -> list[LabelledSpan]:
    return [span for span in spans if span.label in labels]


def _conflicts(
    document: MeasuredDocument,
    layers: Mapping[str, Spans],
    asked: Mapping[str, frozenset[str]],
    labels: Sequence[str],
) -> dict[str, int]:
    """Kind → groups, `unanimous` among them; kinds that occur only.

    Where somebody was asked about some labels only, each label is looked at by itself, among
    those who were asked about it: choosing another label was not open to the others.
    """
    if set(asked.values()) == {document.of(labels)}:
        groups = conflict_groups(layers, document.text, allowed=document.allowed)
    else:
        groups = []
        for label in labels:
            parts = {name: _only(spans, {label}) for name, spans in layers.items() if label in asked[name]}
            groups += conflict_groups(parts, document.text, allowed=document.allowed) if len(parts) > 1 else []
    return dict(Counter(group.kind.value for group in groups))


def _confusion(
    pairs: Iterable[Pair], layers: Mapping[str, Spans], asked: Mapping[str, frozenset[str]]
) -> dict[Pair, int]:
    """Each span of one side, with the label of the span on the other side it shares most with."""
    result: Counter[Pair] = Counter()
    for pair in pairs:
        shared = asked[pair[0]] & asked[pair[1]]
        first, second = (_only(layers[name], shared) for name in pair)
        result.update(_counterparts(first, second))
        result.update(_counterparts(second, first))
    return dict(result)


def _counterparts(spans: Spans, others: Spans) -> Iterable[Pair]:
    """Both sorted. The same label goes before another that shares as many characters."""
    starts = [other.start for other in others]
    furthest = list(accumulate((other.end for other in others), max))
    for span in spans:
        best, label = (0, False), NOBODY
        at = bisect_left(starts, span.end) - 1
        while at >= 0 and furthest[at] > span.start:
            other = others[at]
            shared = min(span.end, other.end) - max(span.start, other.start)
            if shared > 0 and (shared, other.label == span.label) >= best:
                best, label = (shared, other.label == span.label), other.label
            at -= 1
        yield span.label, label
