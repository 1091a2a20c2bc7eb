"""What one document adds to every agreement figure: counts that are kept and summed.

Figures of any slice (a project, a week, a guideline version, two people) are figures of a sum of
such rows, so nobody has to read the annotations again. Shapes follow the definitions:

Alpha. Units are the stored tokens. Of the coincidences o_ck only the row sums n_c and the
disagreement n·D_o = n - Σ o_cc are needed, per view (see `quality.numeric.alpha`). The views
`bio`, `type`, `detect` and `label` need one tag per token: they take the people who were asked
about every label and marked no span over another. A view `=x` asks for one label only, is read
from the spans of that label alone, and takes everybody who was asked about it.

Spans. Pairs are compared on the labels that both were asked about.

A label that somebody was not asked about is missing for them; a label they were asked about and
did not use, and a document they submitted empty, are judgements.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, combinations
from typing import Any

from annotation.domain.spans import LabelledSpan, overlapping
from annotation.domain.tags import OUTSIDE, spans_to_bio
from annotation.domain.text import Token
from quality.domain.conflicts import Kind, conflict_groups
from quality.domain.judgements import JudgedDocument
from quality.domain.span_agreement import PairCounts, pair_counts

WHOLE_VIEWS = ("bio", "type", "detect", "label")
ENTITY = "entity"
NOBODY = ""
"""In the confusion: the other person has nothing there."""

Json = Any
Pair = tuple[str, str]
Spans = Sequence[LabelledSpan]


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


def measured(document: JudgedDocument) -> MeasuredDocument:
    """A document read from files, as the measures take it. Its gold stays behind."""
    return MeasuredDocument(
        text=document.text,
        tokens=document.tokens,
        layers={judgement.annotator: judgement.spans for judgement in document.judgements},
        with_suggestions=any(judgement.with_suggestions for judgement in document.judgements),
        asked={
            judgement.annotator: judgement.asked for judgement in document.judgements if judgement.asked is not None
        },
    )


@dataclass(frozen=True, slots=True)
class ViewRow:
    """Additive sums of alpha in one view, over the units with two ratings or more."""

    units: int = 0
    ratings: int = 0
    """n, of all values."""
    disagreement: float = 0.0
    """n·D_o."""
    values: Mapping[str, int] = field(default_factory=dict)
    """n_c of every value but O, which has the rest of `ratings`."""

    def __add__(self, other: ViewRow) -> ViewRow:
        return ViewRow(
            self.units + other.units,
            self.ratings + other.ratings,
            self.disagreement + other.disagreement,
            _sum(self.values, other.values),
        )

    def as_json(self) -> Json:
        return [self.units, self.ratings, self.disagreement, dict(self.values)]

    @classmethod
    def from_json(cls, data: Json) -> ViewRow:
        return cls(*data)


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """Additive counts of two people's spans of one label."""

    first: int = 0
    """Spans of the first person."""
    second: int = 0
    both: int = 0
    """Spans that both marked, bounds and label the same."""
    overlap: int = 0
    """Spans of both sides that share a character with one of the other side."""
    documents: int = 0
    """With both asked about this label, but not about all."""

    def __add__(self, other: LabelCounts) -> LabelCounts:
        return LabelCounts(*map(sum, zip(self.as_json(), other.as_json(), strict=True)))

    def as_json(self) -> Json:
        return [self.first, self.second, self.both, self.overlap, self.documents]

    @classmethod
    def from_json(cls, data: Json) -> LabelCounts:
        return cls(*data)


@dataclass(frozen=True, slots=True)
class PairRow:
    """Additive counts of two people over the documents both submitted."""

    documents: int = 0
    asked_all: int = 0
    """Of them, with both asked about every label."""
    both_empty: int = 0
    boundary: int = 0
    """Spans of both sides whose bounds the other side has too."""
    labels: Mapping[str, LabelCounts] = field(default_factory=dict)
    bio: ViewRow = ViewRow()

    def __add__(self, other: PairRow) -> PairRow:
        return PairRow(
            self.documents + other.documents,
            self.asked_all + other.asked_all,
            self.both_empty + other.both_empty,
            self.boundary + other.boundary,
            _sum(self.labels, other.labels),
            self.bio + other.bio,
        )

    def counts(self, label: str | None = None) -> PairCounts:
        """As `pair_counts` has them, of one label or of all; the bounds only of all."""
        if label is None:
            return PairCounts(
                documents=self.documents,
                both_empty=self.both_empty,
                spans=sum(row.first + row.second for row in self.labels.values()),
                exact=sum(2 * row.both for row in self.labels.values()),
                overlap=sum(row.overlap for row in self.labels.values()),
                boundary=self.boundary,
            )
        row = self.labels.get(label, LabelCounts())
        return PairCounts(
            documents=self.asked_all + row.documents,
            spans=row.first + row.second,
            exact=2 * row.both,
            overlap=row.overlap,
        )

    def as_json(self) -> Json:
        labels = {label: row.as_json() for label, row in self.labels.items()}
        return [self.documents, self.asked_all, self.both_empty, self.boundary, labels, self.bio.as_json()]

    @classmethod
    def from_json(cls, data: Json) -> PairRow:
        documents, asked_all, both_empty, boundary, labels, bio = data
        counts = {label: LabelCounts.from_json(row) for label, row in labels.items()}
        return cls(documents, asked_all, both_empty, boundary, counts, ViewRow.from_json(bio))


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """What one document, or a sum of documents, adds to the figures."""

    documents: int = 0
    """Documents that at least two people submitted, both asked about some label."""
    suggested: int = 0
    """Of them, with suggestions before somebody's eyes."""
    tokens: int = 0
    spans: int = 0
    left_out: int = 0
    """Judgements the views bio, type, detect and label cannot read: partly asked, or span over span."""
    plain: ViewRow = ViewRow()
    """Units and ratings of the documents whose judgements are all whole, for every `=x` in them."""
    alpha: Mapping[str, ViewRow] = field(default_factory=dict)
    """View → sums. In documents counted in `plain`, `=x` holds no units and ratings of its own."""
    pairs: Mapping[Pair, PairRow] = field(default_factory=dict)
    """Keys are sorted names."""
    annotators: frozenset[str] = frozenset()
    conflicts: Mapping[str, int] = field(default_factory=dict)
    """Conflict kind → groups; kinds that occur only."""
    agreed: int = 0
    """Groups that all marked alike."""
    confusion: Mapping[Pair, int] = field(default_factory=dict)
    """(label, the other person's label there, or NOBODY) → spans, over both sides of all pairs."""

    def __add__(self, other: DocumentRow) -> DocumentRow:
        return DocumentRow(
            documents=self.documents + other.documents,
            suggested=self.suggested + other.suggested,
            tokens=self.tokens + other.tokens,
            spans=self.spans + other.spans,
            left_out=self.left_out + other.left_out,
            plain=self.plain + other.plain,
            alpha=_sum(self.alpha, other.alpha),
            pairs=_sum(self.pairs, other.pairs),
            annotators=self.annotators | other.annotators,
            conflicts=_sum(self.conflicts, other.conflicts),
            agreed=self.agreed + other.agreed,
            confusion=_sum(self.confusion, other.confusion),
        )

    def view(self, name: str) -> ViewRow:
        """The whole sums of a view, `=x` with its share of `plain`."""
        row = self.alpha.get(name, ViewRow())
        return row if name in WHOLE_VIEWS else row + self.plain

    @property
    def in_conflict(self) -> int:
        """Groups in conflict."""
        return sum(self.conflicts.values())

    def as_json(self) -> dict[str, Json]:
        return {
            "documents": self.documents,
            "suggested": self.suggested,
            "tokens": self.tokens,
            "spans": self.spans,
            "left_out": self.left_out,
            "plain": self.plain.as_json(),
            "alpha": {name: row.as_json() for name, row in self.alpha.items()},
            "pairs": [[*pair, row.as_json()] for pair, row in self.pairs.items()],
            "annotators": sorted(self.annotators),
            "conflicts": dict(self.conflicts),
            "agreed": self.agreed,
            "confusion": [[*labels, count] for labels, count in self.confusion.items()],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> DocumentRow:
        return cls(
            **dict(data)
            | {
                "plain": ViewRow.from_json(data["plain"]),
                "alpha": {name: ViewRow.from_json(row) for name, row in data["alpha"].items()},
                "pairs": {(a, b): PairRow.from_json(row) for a, b, row in data["pairs"]},
                "annotators": frozenset(data["annotators"]),
                "confusion": {(label, other): count for label, other, count in data["confusion"]},
            }
        )


def total(rows: Iterable[DocumentRow]) -> DocumentRow:
    """The sum of rows: the same as adding them one to the other, in one pass."""
    sums = _Sums()
    for row in rows:
        sums.add(row)
    return sums.row()


class _ViewSum:
    """A ViewRow that grows."""

    def __init__(self) -> None:
        self.units, self.ratings, self.disagreement = 0, 0, 0.0
        self.values: dict[str, int] = {}

    def add(self, row: ViewRow) -> None:
        self.units += row.units
        self.ratings += row.ratings
        self.disagreement += row.disagreement
        _grow(self.values, row.values)

    def row(self) -> ViewRow:
        return ViewRow(self.units, self.ratings, self.disagreement, self.values)


class _PairSum:
    """A PairRow that grows."""

    def __init__(self) -> None:
        self.counts = [0, 0, 0, 0]
        self.labels: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
        self.bio = _ViewSum()

    def add(self, row: PairRow) -> None:
        counts = self.counts
        counts[0] += row.documents
        counts[1] += row.asked_all
        counts[2] += row.both_empty
        counts[3] += row.boundary
        for label, added in row.labels.items():
            counts = self.labels[label]
            counts[0] += added.first
            counts[1] += added.second
            counts[2] += added.both
            counts[3] += added.overlap
            counts[4] += added.documents
        self.bio.add(row.bio)

    def row(self) -> PairRow:
        documents, asked_all, both_empty, boundary = self.counts
        labels = {label: LabelCounts(*counts) for label, counts in self.labels.items()}
        return PairRow(documents, asked_all, both_empty, boundary, labels, self.bio.row())


class _Sums:
    """A DocumentRow that grows."""

    def __init__(self) -> None:
        self.numbers = dict.fromkeys(("documents", "suggested", "tokens", "spans", "left_out", "agreed"), 0)
        self.plain = _ViewSum()
        self.alpha: dict[str, _ViewSum] = defaultdict(_ViewSum)
        self.pairs: dict[Pair, _PairSum] = defaultdict(_PairSum)
        self.annotators: set[str] = set()
        self.conflicts: dict[str, int] = {}
        self.confusion: dict[Pair, int] = {}

    def add(self, row: DocumentRow) -> None:
        for name in self.numbers:
            self.numbers[name] += getattr(row, name)
        self.plain.add(row.plain)
        for view, sums in row.alpha.items():
            self.alpha[view].add(sums)
        for pair, counts in row.pairs.items():
            self.pairs[pair].add(counts)
        self.annotators |= row.annotators
        _grow(self.conflicts, row.conflicts)
        _grow(self.confusion, row.confusion)

    def row(self) -> DocumentRow:
        return DocumentRow(
            **self.numbers,
            plain=self.plain.row(),
            alpha={view: sums.row() for view, sums in self.alpha.items()},
            pairs={pair: sums.row() for pair, sums in self.pairs.items()},
            annotators=frozenset(self.annotators),
            conflicts=self.conflicts,
            confusion=self.confusion,
        )


def document_row(document: MeasuredDocument, labels: Sequence[str]) -> DocumentRow:
    """The row of one document; all zero unless two people were asked about the same label.

    Raises KeyError for a span with a label that is not in `labels`.
    """
    layers = {name: sorted(set(spans)) for name, spans in sorted(document.layers.items())}
    every = frozenset(labels)
    asked = {name: document.asked.get(name, every) & every for name in layers}
    if unknown := {span.label for spans in layers.values() for span in spans} - every:
        raise KeyError(min(unknown))
    pairs = [pair for pair in combinations(layers, 2) if asked[pair[0]] & asked[pair[1]] or not labels]
    if not pairs:
        return DocumentRow()
    whole = whole_layers(document, labels)
    tags = {name: spans_to_bio(document.tokens, layers[name]) for name in whole}
    plain = len(whole) == len(layers)
    size = len(document.tokens)
    alpha = _whole_views(list(tags.values())) | _label_views(document.tokens, layers, asked, labels, plain=plain)
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
        pairs={pair: _pair_row(pair, layers, asked, tags, every) for pair in pairs},
        annotators=frozenset(layers),
        conflicts=conflicts,
        agreed=agreed,
        confusion=_confusion(pairs, layers, asked),
    )


def whole_layers(document: MeasuredDocument, labels: Sequence[str]) -> list[str]:
    """Who was asked about every label and marked no span over another: one tag per token says it all."""
    every = frozenset(labels)
    return [
        name
        for name, spans in sorted(document.layers.items())
        if document.asked.get(name, every) >= every and not overlapping(set(spans))
    ]


def _whole_views(tags: Sequence[Sequence[str]]) -> dict[str, ViewRow]:
    """`tags`: one row of BIO tags per person."""
    if len(tags) < 2:
        return {}
    # Most tokens of a document look alike across people, so each pattern is counted once.
    bio = Counter(zip(*tags, strict=True))
    types = _regroup(bio, lambda tag: tag if tag == OUTSIDE else f"={tag[2:]}")
    return {
        "bio": view_row(bio),
        "type": _bare(view_row(types)),
        "detect": view_row(_regroup(types, lambda tag: tag if tag == OUTSIDE else ENTITY)),
        "label": _bare(view_row(_regroup(types, lambda tag: None if tag == OUTSIDE else tag))),
    }


def _regroup(patterns: Counter[Any], reading: Any) -> Counter[Any]:
    result: Counter[Any] = Counter()
    for cells, times in patterns.items():
        result[tuple(map(reading, cells))] += times
    return result


def _bare(row: ViewRow) -> ViewRow:
    """A type is written with a sign before it, so that a label named O is none; here it goes."""
    return ViewRow(row.units, row.ratings, row.disagreement, {value[1:]: n for value, n in row.values.items()})


def view_row(patterns: Mapping[tuple[str | None, ...], int]) -> ViewRow:
    """The sums over units; `patterns`: what each person said of a unit (None: missing) → units like it."""
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
    tags: Mapping[str, Sequence[str]],
    every: frozenset[str],
) -> PairRow:
    shared = asked[pair[0]] & asked[pair[1]]
    first, second = (_only(layers[name], shared) for name in pair)
    used = {span.label for span in (*first, *second)}
    counts = {label: _label_counts(_only(first, {label}), _only(second, {label})) for label in sorted(used)}
    if shared != every:
        counts = {label: counts.get(label, LabelCounts()) + LabelCounts(documents=1) for label in sorted(shared)}
    both = pair_counts(first, second)
    return PairRow(
        documents=1,
        asked_all=int(shared == every),
        both_empty=both.both_empty,
        boundary=both.boundary,
        labels=counts,
        bio=view_row(Counter(zip(*(tags[name] for name in pair), strict=True)))
        if all(name in tags for name in pair)
        else ViewRow(),
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
    if all(labels_asked == frozenset(labels) for labels_asked in asked.values()):
        groups = conflict_groups(layers, document.text)
    else:
        groups = []
        for label in labels:
            parts = {name: _only(spans, {label}) for name, spans in layers.items() if label in asked[name]}
            groups += conflict_groups(parts, document.text) if len(parts) > 1 else []
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


def _sum(first: Mapping[Any, Any], second: Mapping[Any, Any]) -> dict[Any, Any]:
    """Key by key."""
    result = dict(first)
    for key, value in second.items():
        result[key] = result[key] + value if key in result else value
    return result


def _grow(sums: dict[Any, int], row: Mapping[Any, int]) -> None:
    for key, value in row.items():
        sums[key] = sums.get(key, 0) + value
