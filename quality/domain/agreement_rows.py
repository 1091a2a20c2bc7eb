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

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quality.domain.span_agreement import PairCounts

WHOLE_VIEWS = ("bio", "type", "detect", "label")
ENTITY = "entity"
NOBODY = ""
"""In the confusion: the other person has nothing there."""

Json = Any
Pair = tuple[str, str]


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


def _sum(first: Mapping[Any, Any], second: Mapping[Any, Any]) -> dict[Any, Any]:
    """Key by key."""
    result = dict(first)
    for key, value in second.items():
        result[key] = result[key] + value if key in result else value
    return result
