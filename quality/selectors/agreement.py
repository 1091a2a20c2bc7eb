"""Agreement figures of any slice, from sums.

The figures want a row per document, to draw intervals from. Where documents are many they are added
up by bucket: chance has put every document into one of some dozens, and drawing these stands for
drawing documents ("random groups", Wolter 2007, Introduction to Variance Estimation, ch. 2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from operator import itemgetter
from typing import Any

from django.db.models import Count, Model, QuerySet, Sum

from annotation.models import Project
from quality.domain.agreement_rows import ENTITY, NOBODY, DocumentRow, LabelCounts, Pair, PairRow, ViewRow
from quality.domain.agreement_totals import DOCUMENTS, LABELS, PAIR, PAIRS, SQUARES, Sums
from quality.domain.conflicts import CONFLICT_KINDS
from quality.models import Confusion, DocumentAgreement, LabelAgreement, PairAgreement
from quality.numeric.measures import PairSums, figures
from quality.selectors.slices import ALL, OVERLAPS, WHOLE, Slice, guideline_text
from quality.selectors.totals import OF_CONFUSIONS, OF_DOCUMENTS, OF_LABELS, OF_PAIRS, total_sums

MANY = 1000
"""More documents than that are added up by bucket. Figures that few of a project's documents have a say in want
documents: which of them share a bucket is chance, and moved such an interval from one import to the next."""

Json = dict[str, Any]
Key = tuple[Any, bool]
"""(document's entry or bucket, with suggestions)"""
Of = Mapping[Key, Mapping[int, Sums]]
"""… → label's id, 0 for none → sums"""
ANYBODY: Pair = ("", "")
BY_BUCKET = ("bucket", "with_suggestions")
COUNTS = ("first_spans", "second_spans", "both", "overlap", "asked")


def measures(project: Project, chosen: Slice = WHOLE) -> Json:
    """As `quality.numeric.measures.figures` returns them, `left_out` by itself; people are ids, as text."""
    found = _Reader(project, chosen).figures(label_names(project, chosen))
    return found | {"left_out": found["counts"].pop("left_out", 0)}


def kept_apart(project: Project) -> list[Json]:
    """The leading figures of kinds of work that are not to be mixed, as far as there are two of a kind.

    Returns: per kind `{parameter, value, documents, alpha, exact}`, the figures as in `measures`.
    """
    by = ("overlap_reason", "with_suggestions", "guideline_version")
    sums = total_sums(OF_DOCUMENTS, project, ALL, by, sums=("documents",))
    found = [kind for kind, of in sums.items() if of["documents"]]
    overlaps = {reason for reason, _, _ in found if reason}
    versions = {version for _, _, version in found}
    slices = [("overlap", value) for value in OVERLAPS if value in overlaps and len({r for r, _, _ in found}) > 1]
    if len({suggested for _, suggested, _ in found}) > 1:
        slices += [("suggestions", "without"), ("suggestions", "with")]
    if len(versions) > 1:
        slices += [("guideline", guideline_text(version)) for version in sorted(versions, reverse=True)]
    return [_leading(project, name, value) for name, value in slices]


def _leading(project: Project, name: str, value: str) -> Json:
    found = figures(_Reader(project, WHOLE.but(**{name: value})).pooled(), [])
    return {
        "parameter": name,
        "value": value,
        "documents": found["counts"]["documents"],
        "alpha": found["alpha"]["bio"],
        "exact": found["span_f1"]["exact"],
    }


def label_names(project: Project, chosen: Slice) -> list[str]:
    return [chosen.label.name] if chosen.label else list(project.labels.values_list("name", flat=True))


def rows_of(model: type[Model], project: Project, chosen: Slice) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._default_manager.filter(project=project).order_by()
    return chosen.narrow(rows)


class _Reader:
    """The sums of one slice, each table asked once: by document where they are few, else by bucket.

    In a fixed order, so that the same work has the same intervals each time.
    """

    def __init__(self, project: Project, chosen: Slice) -> None:
        self._project, self._slice = project, chosen
        self._names: dict[int, str] = {0: NOBODY} | dict(project.labels.values_list("pk", "name"))

    def figures(self, labels: list[str]) -> Json:
        if self._slice.pair:
            return figures(self._of_a_pair(), labels)
        documents, few = self._documents()
        if few:
            ids = [entry for entry, _ in documents]
            of_labels, pairs = self._labels_of(ids), self._pairs_of(ids)
            rows = [self._row(sums, key, of_labels[key], self._pairs(pairs[key])) for key, sums in documents.items()]
            return figures(self._with_confusion(rows, self._confusion_of(ids)), labels)
        of_labels = self._labels_by_bucket()
        rows = [self._pooled(sums, key, of_labels[key]) for key, sums in documents.items()]
        return figures(self._with_confusion(rows, self._confusion()), labels, self._whole_pairs())

    def pooled(self) -> list[DocumentRow]:
        """With all pairs as one, for figures that are pooled over pairs anyway."""
        documents, few = self._documents()
        labels = self._labels_of([entry for entry, _ in documents]) if few else self._labels_by_bucket()
        return [self._pooled(sums, key, labels[key]) for key, sums in documents.items()]

    def _documents(self) -> tuple[dict[Key, Sums], bool]:
        """By document, True, or by bucket, False."""
        found = total_sums(OF_DOCUMENTS, self._project, self._slice, BY_BUCKET)
        if sum(sums["documents"] for sums in found.values()) > MANY:
            return {(bucket, seen): sums for (bucket, seen), sums in sorted(found.items()) if sums["documents"]}, False
        rows = rows_of(DocumentAgreement, self._project, self._slice).order_by("pk").values()
        return {(row["id"], row["with_suggestions"]): sums for row, sums in DOCUMENTS.read(rows)}, True

    def _labels_by_bucket(self) -> Of:
        found: dict[Key, dict[int, Sums]] = defaultdict(dict)
        sums = total_sums(OF_LABELS, self._project, self._slice, (*BY_BUCKET, "label"))
        for (bucket, seen, label), of in sums.items():
            found[bucket, seen][label] = of
        return found

    def _labels_of(self, entries: list[int]) -> Of:
        found: dict[Key, dict[int, Sums]] = defaultdict(dict)
        for row, sums in LABELS.read(LabelAgreement.objects.filter(entry__in=entries).values()):
            found[row["entry_id"], row["with_suggestions"]][row["label_id"]] = sums
        return found

    def _pairs_of(self, entries: list[int]) -> Mapping[Key, Mapping[Pair, Mapping[int, Sums]]]:
        found: dict[Key, dict[Pair, dict[int, Sums]]] = defaultdict(lambda: defaultdict(dict))
        for row, sums in PAIRS.read(PairAgreement.objects.filter(entry__in=entries).order_by("entry").values()):
            pair = str(row["first_id"]), str(row["second_id"])
            found[row["entry_id"], row["with_suggestions"]][pair][row["label_id"] or 0] = sums
        return found

    def _whole_pairs(self) -> dict[Pair, PairSums]:
        """Every pair over all documents, with the squares its interval is made of."""
        found: dict[Pair, dict[int, Sums]] = defaultdict(dict)
        for (first, second, label), sums in total_sums(
            OF_PAIRS, self._project, self._slice, ("first", "second", "label")
        ).items():
            found[str(first), str(second)][label] = sums
        about = self._slice.label.pk if self._slice.label else 0
        nothing = dict.fromkeys(SQUARES, 0.0)
        return {
            pair: PairSums(row, {name: of.get(about, nothing)[name] for name in SQUARES})
            for pair, of in found.items()
            if (row := self._pair(of)).documents
        }

    def _of_a_pair(self) -> list[DocumentRow]:
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
            for (_, with_suggestions), found in sorted(self._sums_of_a_pair().items(), key=itemgetter(0))
            if (row := self._pair(found)).documents
            for pair in [self._chosen_pair()]
        ]

    def _chosen_pair(self) -> Pair:
        assert self._slice.pair is not None
        return str(self._slice.pair[0].pk), str(self._slice.pair[1].pk)

    def _sums_of_a_pair(self) -> Of:
        assert self._slice.pair is not None
        who: dict[str, Any] = {"first": self._slice.pair[0].pk, "second": self._slice.pair[1].pk}
        found: dict[Key, dict[int, Sums]] = defaultdict(dict)
        rows = rows_of(PairAgreement, self._project, self._slice).filter(**who)
        if self._slice.since or self._slice.until:  # not kept by bucket and day
            names = ("documents", *PAIR)
            for row in rows.values(*BY_BUCKET, "label").annotate(
                sum_documents=Count("pk"), **{f"sum_{name}": Sum(name) for name in PAIR}
            ):
                found[row["bucket"], row["with_suggestions"]][row["label"] or 0] = {
                    name: row[f"sum_{name}"] for name in names
                }
        else:
            for (bucket, seen, label), sums in total_sums(
                OF_PAIRS, self._project, self._slice, (*BY_BUCKET, "label"), **who
            ).items():
                found[bucket, seen][label] = sums
        if sum(of[0]["documents"] for of in found.values()) > MANY:
            return found
        found.clear()
        for row, sums in PAIRS.read(rows.order_by("entry").values()):
            found[row["entry_id"], row["with_suggestions"]][row["label_id"] or 0] = sums
        return found

    def _pairs(self, found: Mapping[Pair, Mapping[int, Sums]]) -> dict[Pair, PairRow]:
        return {pair: row for pair, of in found.items() if (row := self._pair(of)).documents}

    def _pair(self, found: Mapping[int, Sums]) -> PairRow:
        whole, of_labels = found[0], {self._names[label]: sums for label, sums in found.items() if label}
        counts = {
            name: LabelCounts(*(int(sums[column]) for column in COUNTS))
            for name, sums in of_labels.items()
            if self._slice.label is None or name == self._slice.label.name
        }
        documents, asked_all = int(whole["documents"]), int(whole["asked"])
        if self._slice.label is not None:
            documents = asked_all + sum(row.documents for row in counts.values())
        return PairRow(
            documents=documents,
            asked_all=asked_all,
            both_empty=int(whole["both_empty"]),
            boundary=int(whole["same_bounds"]),
            labels=counts,
            bio=ViewRow(int(whole["bio_words"]), int(whole["bio_votes"]), whole["bio_apart"], _tags(of_labels)),
        )

    def _with_confusion(self, rows: list[DocumentRow], confusion: dict[Pair, int]) -> list[DocumentRow]:
        """Added up anyway, so it does not matter where they stand."""
        return [replace(rows[0], confusion=confusion), *rows[1:]] if rows else []

    def _confusion_of(self, entries: list[int]) -> dict[Pair, int]:
        rows = Confusion.objects.filter(entry__in=entries, **self._of_label()).order_by()
        found = rows.values_list("label", "other").annotate(Sum("spans"))
        return {(self._names[label], self._names[other or 0]): spans for label, other, spans in found}

    def _confusion(self) -> dict[Pair, int]:
        found = total_sums(OF_CONFUSIONS, self._project, self._slice, ("label", "other"), **self._of_label())
        return {
            (self._names[label], self._names[other]): int(sums["spans"])
            for (label, other), sums in found.items()
            if sums["spans"]
        }

    def _of_label(self) -> dict[str, Any]:
        return {"label": self._slice.label.pk} if self._slice.label else {}

    def _pooled(self, sums: Sums, key: Key, labels: Mapping[int, Sums]) -> DocumentRow:
        return self._row(sums, key, labels, {ANYBODY: self._anybody(sums, labels)})

    def _anybody(self, sums: Sums, labels: Mapping[int, Sums]) -> PairRow:
        """All pairs as one; what is not the spans of one person stands with the first."""
        named = {
            self._names[label]: LabelCounts(int(of["spans"]), 0, int(of["exact"]) // 2, int(of["overlap"]))
            for label, of in labels.items()
            if self._slice.label is None or label == self._slice.label.pk
        }
        documents = int(sums["documents"])
        return PairRow(
            documents=documents,
            asked_all=documents,
            both_empty=int(sums["both_empty"]),
            boundary=int(sums["same_bounds"]),
            labels=named,
        )

    def _row(self, sums: Sums, key: Key, labels: Mapping[int, Sums], pairs: dict[Pair, PairRow]) -> DocumentRow:
        whole = {name: int(value) for name, value in sums.items()}
        named = {self._names[label]: of for label, of in labels.items()}
        words, votes = whole["bio_words"], whole["bio_votes"]
        types = {name: int(of["begin"] + of["inside"]) for name, of in named.items()}
        seen = {name: int(of["named"]) for name, of in named.items()}
        own = {
            f"={name}": ViewRow(int(of["words"]), int(of["votes"]), of["apart"], {name: int(of["marked"])})
            for name, of in named.items()
        }
        return DocumentRow(
            documents=whole["documents"],
            suggested=whole["documents"] if key[1] else 0,
            tokens=whole["words"],
            spans=whole["spans"],
            left_out=whole["left_out"],
            plain=ViewRow(whole["plain_words"], whole["plain_votes"]),
            alpha={
                "bio": ViewRow(words, votes, sums["bio_apart"], _tags(named)),
                "type": ViewRow(words, votes, sums["type_apart"], types),
                "detect": ViewRow(words, votes, sums["detect_apart"], {ENTITY: sum(types.values())}),
                "label": ViewRow(whole["named_words"], whole["named_votes"], sums["named_apart"], seen),
                **own,
            },
            pairs=pairs,
            annotators=frozenset(name for pair in pairs for name in pair if pair != ANYBODY),
            conflicts={kind.value: whole[kind.value] for kind in CONFLICT_KINDS},
            agreed=whole["agreed"],
        )


def _tags(labels: Mapping[str, Sums]) -> dict[str, int]:
    begun = {f"B-{name}": int(of["begin"]) for name, of in labels.items()}
    return begun | {f"I-{name}": int(of["inside"]) for name, of in labels.items()}
