"""Agreement figures of any slice, each from one aggregate query of a table of sums.

The figures want a row per document, to draw intervals from. Where documents are many the database
adds them up by bucket: chance has put every document into one of some dozens, and drawing these
stands for drawing documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Count, F, Model, QuerySet, Sum

from annotation.models import Project
from quality.domain.agreement_rows import ENTITY, NOBODY, DocumentRow, LabelCounts, Pair, PairRow, ViewRow
from quality.domain.conflicts import CONFLICT_KINDS
from quality.models import Confusion, DocumentAgreement, LabelAgreement, PairAgreement
from quality.numeric.measures import figures
from quality.selectors.slices import OVERLAPS, WHOLE, Slice, guideline_text

MANY = 150
"""More documents than that are added up by bucket."""

Json = dict[str, Any]
Key = tuple[Any, bool]
"""(document or bucket, with suggestions)"""
ANYBODY: Pair = ("", "")


def measures(project: Project, chosen: Slice = WHOLE) -> Json:
    """As `quality.numeric.measures.figures` returns them, `left_out` by itself; people are ids, as text."""
    found = figures(document_rows(project, chosen), label_names(project, chosen))
    return found | {"left_out": found["counts"].pop("left_out", 0)}


def kept_apart(project: Project) -> list[Json]:
    """The leading figures of kinds of work that are not to be mixed, as far as there are two of a kind.

    Returns: per kind `{parameter, value, documents, alpha, exact}`, the figures as in `measures`.
    """
    rows = DocumentAgreement.objects.filter(project=project).order_by()
    found = list(rows.values_list("overlap_reason", "with_suggestions", "guideline_version").distinct())
    overlaps = {reason for reason, _, _ in found if reason}
    versions = {version for _, _, version in found}
    slices = [("overlap", value) for value in OVERLAPS if value in overlaps and len({r for r, _, _ in found}) > 1]
    if len({suggested for _, suggested, _ in found}) > 1:
        slices += [("suggestions", "without"), ("suggestions", "with")]
    if len(versions) > 1:
        slices += [("guideline", guideline_text(version)) for version in sorted(versions, reverse=True)]
    return [_leading(project, name, value) for name, value in slices]


def _leading(project: Project, name: str, value: str) -> Json:
    found = figures(_reader(project, WHOLE.but(**{name: value})).pooled(), [])
    return {
        "parameter": name,
        "value": value,
        "documents": found["counts"]["documents"],
        "alpha": found["alpha"]["bio"],
        "exact": found["span_f1"]["exact"],
    }


def label_names(project: Project, chosen: Slice) -> list[str]:
    return [chosen.label.name] if chosen.label else list(project.labels.values_list("name", flat=True))


def document_rows(project: Project, chosen: Slice) -> list[DocumentRow]:
    """One per document, or, where they are many, per bucket; with and without suggestions apart."""
    reader = _reader(project, chosen)
    return reader.of_a_pair() if chosen.pair else reader.of_everybody()


def _reader(project: Project, chosen: Slice) -> _Reader:
    return _Reader(project, chosen, by_document=rows_of(DocumentAgreement, project, chosen).count() <= MANY)


def rows_of(model: type[Model], project: Project, chosen: Slice) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._default_manager.filter(project=project).order_by()
    return chosen.narrow(rows)


class _Reader:
    """The tables of sums of one slice, each asked once."""

    def __init__(self, project: Project, chosen: Slice, *, by_document: bool) -> None:
        self._project, self._slice = project, chosen
        self._grain = "document" if by_document else "bucket"
        self._names: dict[int | None, str] = dict(project.labels.values_list("pk", "name"))
        self._names[None] = NOBODY

    def of_everybody(self) -> list[DocumentRow]:
        labels = self._labels()
        pairs = self._pairs()
        rows = {key: self._row(values, labels[key], pairs[key]) for key, values in self._documents().items()}
        first = next(iter(rows), None)
        if first is not None:  # added up anyway, so it does not matter where they stand
            rows[first] = replace(rows[first], confusion=self._confusion())
        return list(rows.values())

    def pooled(self) -> list[DocumentRow]:
        """With all pairs as one, for figures that are pooled over pairs anyway."""
        labels = self._labels()
        return [
            self._row(values, labels[key], {ANYBODY: self._anybody(values)})
            for key, values in self._documents().items()
        ]

    def of_a_pair(self) -> list[DocumentRow]:
        """As if nobody else had labelled anything; of the words, only the tags are kept by pair."""
        return [
            DocumentRow(
                documents=row.documents,
                suggested=row.documents if with_suggestions else 0,
                spans=row.counts().spans,
                tokens=row.bio.units,
                alpha={"bio": row.bio},
                pairs={pair: row},
                annotators=frozenset(pair),
            )
            for (_, with_suggestions), found in self._pairs().items()
            for pair, row in found.items()
        ]

    def _key(self, values: Mapping[str, Any]) -> Key:
        return values["grain"], values["with_suggestions"]

    def _grouped(self, model: type[Model], by: tuple[str, ...], sums: tuple[str, ...]) -> QuerySet[Any]:
        grain = self._grain if self._grain == "bucket" or model is DocumentAgreement else "entry__document"
        rows = rows_of(model, self._project, self._slice).annotate(grain=F(grain))
        grouped: QuerySet[Any] = rows.values("grain", "with_suggestions", *by).annotate(
            documents=Count("pk"), **{f"sum_{name}": Sum(name) for name in sums}
        )
        return grouped

    def _documents(self) -> dict[Key, Json]:
        return {self._key(values): values for values in self._grouped(DocumentAgreement, (), DOCUMENT_SUMS)}

    def _labels(self) -> Mapping[Key, list[Json]]:
        rows = self._grouped(LabelAgreement, ("label",), LABEL_SUMS)
        found: dict[Key, list[Json]] = defaultdict(list)
        for values in rows:
            found[self._key(values)].append(values | {"name": self._names[values["label"]]})
        return found

    def _pairs(self) -> Mapping[Key, dict[Pair, PairRow]]:
        rows = self._grouped(PairAgreement, ("first", "second", "label"), PAIR_SUMS)
        if self._slice.pair:
            rows = rows.filter(first=self._slice.pair[0], second=self._slice.pair[1])
        found: dict[Key, dict[Pair, list[Json]]] = defaultdict(lambda: defaultdict(list))
        for values in rows:
            found[self._key(values)][str(values["first"]), str(values["second"])].append(values)
        return defaultdict(
            dict, {key: {pair: self._pair(rows) for pair, rows in of.items()} for key, of in found.items()}
        )

    def _pair(self, rows: list[Json]) -> PairRow:
        whole = next(values for values in rows if values["label"] is None)
        of_labels = {self._names[values["label"]]: values for values in rows if values["label"] is not None}
        counts = {
            name: LabelCounts(
                *(values[f"sum_{column}"] for column in ("first_spans", "second_spans", "both", "overlap"))
            )
            for name, values in of_labels.items()
            if self._slice.label is None or name == self._slice.label.name
        }
        return PairRow(
            documents=whole["documents"],
            asked_all=whole["documents"],
            both_empty=whole["sum_both_empty"],
            boundary=whole["sum_same_bounds"],
            labels=counts,
            bio=ViewRow(whole["sum_bio_words"], whole["sum_bio_votes"], whole["sum_bio_apart"], _tags(of_labels)),
        )

    def _anybody(self, values: Json) -> PairRow:
        spans = LabelCounts(values["sum_pair_spans"], 0, values["sum_exact"] // 2, values["sum_overlap"])
        return PairRow(documents=values["documents"], asked_all=values["documents"], labels={NOBODY: spans})

    def _confusion(self) -> dict[Pair, int]:
        rows = rows_of(Confusion, self._project, self._slice)
        if self._slice.label:
            rows = rows.filter(label=self._slice.label)
        found = rows.values_list("label", "other").annotate(Sum("spans"))
        return {(self._names[label], self._names[other]): spans for label, other, spans in found}

    def _row(self, values: Json, labels: list[Json], pairs: dict[Pair, PairRow]) -> DocumentRow:
        named = {row["name"]: row for row in labels}
        words, votes = values["sum_bio_words"], values["sum_bio_votes"]
        tags = _tags(named)
        types = {name: row["sum_begin"] + row["sum_inside"] for name, row in named.items()}
        seen = {name: row["sum_named"] for name, row in named.items()}
        own = {
            f"={name}": ViewRow(row["sum_words"], row["sum_votes"], row["sum_apart"], {name: row["sum_marked"]})
            for name, row in named.items()
        }
        return DocumentRow(
            documents=values["documents"],
            suggested=values["documents"] if values["with_suggestions"] else 0,
            tokens=values["sum_words"],
            spans=values["sum_spans"],
            left_out=values["sum_left_out"],
            plain=ViewRow(values["sum_plain_words"], values["sum_plain_votes"]),
            alpha={
                "bio": ViewRow(words, votes, values["sum_bio_apart"], tags),
                "type": ViewRow(words, votes, values["sum_type_apart"], types),
                "detect": ViewRow(words, votes, values["sum_detect_apart"], {ENTITY: sum(types.values())}),
                "label": ViewRow(values["sum_named_words"], values["sum_named_votes"], values["sum_named_apart"], seen),
                **own,
            },
            pairs=pairs,
            annotators=frozenset(name for pair in pairs for name in pair),
            conflicts={kind.value: values[f"sum_{kind.value}"] for kind in CONFLICT_KINDS},
            agreed=values["sum_agreed"],
        )


def _tags(labels: Mapping[str, Json]) -> dict[str, int]:
    begun = {f"B-{name}": row["sum_begin"] for name, row in labels.items()}
    return begun | {f"I-{name}": row["sum_inside"] for name, row in labels.items()}


DOCUMENT_SUMS = (
    *("words", "spans", "left_out", "agreed", *(kind.value for kind in CONFLICT_KINDS)),
    *("plain_words", "plain_votes", "bio_words", "bio_votes", "bio_apart", "type_apart", "detect_apart"),
    *("named_words", "named_votes", "named_apart", "pair_spans", "exact", "overlap"),
)
LABEL_SUMS = ("begin", "inside", "named", "marked", "apart", "words", "votes")
PAIR_SUMS = (
    *("both_empty", "same_bounds", "bio_words", "bio_votes", "bio_apart", "begin", "inside"),
    *("first_spans", "second_spans", "both", "overlap"),
)
