"""Writing down what each document adds to the agreement, the moment somebody submits it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import UTC
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Q

from annotation.models import Annotation, Document, Project
from annotation.selectors.layers import DocumentLayers, layers_of
from quality.domain.agreement_counting import document_row
from quality.domain.agreement_rows import DocumentRow, ViewRow
from quality.domain.conflicts import CONFLICT_KINDS
from quality.models import Confusion, DocumentAgreement, LabelAgreement, PairAgreement
from quality.models.agreement import Sliced
from quality.numeric.measures import VERSION
from quality.selectors.content import measured
from quality.services.agreement_totals import documents_lock, totals_subtract, totals_update

Json = dict[str, Any]


BATCH = 200


def document_measure(*, document_id: int) -> bool:
    """Bring the document's rows in line with its current annotations; whether they changed."""
    document = Document.objects.select_related("project").filter(pk=document_id).first()
    return document is not None and documents_measure(project=document.project, document_ids=[document.pk]) > 0


def documents_measure(*, project: Project, document_ids: Iterable[int]) -> int:
    """Bring the rows of these documents in line with their current annotations; how many changed.

    Costs as much as the documents are long, whatever the size of the project. Safe to repeat.
    """
    ids, changed = sorted(document_ids), 0
    labels = {label.name: label.pk for label in project.labels.all()}
    for at in range(0, len(ids), BATCH):
        changed += _measure(project, ids[at : at + BATCH], labels)
        if len(ids) > BATCH:
            totals_update(project=project)
    return changed


@transaction.atomic
def _measure(project: Project, ids: list[int], labels: Mapping[str, int]) -> int:
    documents_lock(project, ids)
    entries = DocumentAgreement.objects.filter(document__in=ids)
    stored = dict(entries.values_list("document_id", "layers_sha"))
    now = {layers.document_id: layers for layers in layers_of(project, document_ids=ids)}
    shas = {pk: layers_sha(layers, labels.keys()) for pk, layers in now.items()}
    gone = stored.keys() - now.keys()
    new = [pk for pk in now if shas[pk] != stored.get(pk)]
    if old := [*gone, *(pk for pk in new if pk in stored)]:
        totals_subtract(project=project, document_ids=old)
        entries.filter(document__in=old).delete()
    rows_write(project, [now[pk] for pk in new], labels)
    return len(gone) + len(new)


def rows_write(project: Project, documents: Sequence[DocumentLayers], labels: Mapping[str, int]) -> None:
    """Store the rows of documents that have none. `labels`: name → id.

    Nothing of a document in which no two people were asked the same.
    """
    found = [(layers, document_row(measured(layers), list(labels))) for layers in documents]
    compared = [(layers, row) for layers, row in found if row.documents]
    owner = {"organization_id": project.organization_id, "project_id": project.pk}
    common = [owner | dimensions(layers) for layers, _ in compared]
    entries = DocumentAgreement.objects.bulk_create(
        DocumentAgreement(
            document_id=layers.document_id,
            layers_sha=layers_sha(layers, labels.keys()),
            people=len(layers.layers),
            **document_columns(row),
            **fixed,
        )
        for (layers, row), fixed in zip(compared, common, strict=True)
    )
    for model, columns in PARTS:
        _insert(
            model,
            (
                {"entry_id": entry.pk, **values, **fixed}
                for entry, (_, row), fixed in zip(entries, compared, common, strict=True)
                for values in columns(row, labels)
            ),
        )


def _insert(model: type[Sliced], rows: Iterable[Json]) -> None:
    """Without an object for each row: there are dozens a document, all numbers, and making objects and
    statements of them cost several times what counting does."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    missing = {field.attname: field.get_default() for field in fields}
    day = connection.ops.adapt_datefield_value
    values = [
        [day(row[name]) if name == "day" else row.get(name, default) for name, default in missing.items()]
        for row in rows
    ]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({marks})", values)  # noqa: S608


def documents_missed(project: Project, *, since: int) -> list[int]:
    """Documents several people have labelled, now or when their rows were written, and that were annotated
    after `since` or got several people for another reason since."""
    human = Annotation.objects.filter(project=project, kind=Annotation.Kind.HUMAN)
    shared = human.filter(current=True).values("document").annotate(people=Count("pk")).filter(people__gt=1)
    written = DocumentAgreement.objects.filter(project=project).values("document")
    changed = human.filter(Q(document__in=shared.values("document")) | Q(document__in=written), pk__gt=since)
    annotated = changed.order_by("document").values_list("document", flat=True).distinct()
    moved = DocumentAgreement.objects.filter(project=project).exclude(overlap_reason=F("document__overlap_reason"))
    return sorted({*annotated, *moved.values_list("document", flat=True)})


def dimensions(layers: DocumentLayers) -> Json:
    """What the document's rows are sliced by."""
    versions = {layer.guideline_version or Sliced.NO_GUIDELINE for layer in layers.layers}
    return {
        "overlap_reason": layers.overlap_reason,
        "with_suggestions": any(layer.with_suggestions for layer in layers.layers),
        "guideline_version": versions.pop() if len(versions) == 1 else Sliced.MIXED_GUIDELINES,
        "day": max(layer.created_at for layer in layers.layers).astimezone(UTC).date(),
        "bucket": layers.document_uuid.int % Sliced.BUCKETS,
    }


def layers_sha(layers: DocumentLayers, known: Set[str]) -> str:
    """`known`: the names of all labels."""
    ids = sorted(str(layer.annotation_uuid) for layer in layers.layers)
    # Of a label that came later nobody here was asked, which the other labels' rows have to know.
    unknown = sorted(known - layers.labels)
    parts = [str(VERSION), *ids, layers.overlap_reason, layers.allowed.value, *unknown]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def document_columns(row: DocumentRow) -> Json:
    bio, named = row.alpha.get("bio", ViewRow()), row.alpha.get("label", ViewRow())
    pairs = [pair.counts() for pair in row.pairs.values()]
    return {
        "words": row.tokens,
        "spans": row.spans,
        "left_out": row.left_out,
        "agreed": row.agreed,
        **{kind.value: row.conflicts.get(kind.value, 0) for kind in CONFLICT_KINDS},
        "plain_words": row.plain.units,
        "plain_votes": row.plain.ratings,
        "bio_words": bio.units,
        "bio_votes": bio.ratings,
        "bio_apart": bio.disagreement,
        "type_apart": row.alpha.get("type", ViewRow()).disagreement,
        "detect_apart": row.alpha.get("detect", ViewRow()).disagreement,
        "named_words": named.units,
        "named_votes": named.ratings,
        "named_apart": named.disagreement,
        "both_empty": sum(pair.both_empty for pair in pairs),
        "pair_spans": sum(pair.spans for pair in pairs),
        "exact": sum(pair.exact for pair in pairs),
        "overlap": sum(pair.overlap for pair in pairs),
        "same_bounds": sum(pair.boundary for pair in pairs),
    }


def label_columns(row: DocumentRow, labels: Mapping[str, int]) -> list[Json]:
    """One dict per label that says something here."""
    bio, named = row.alpha.get("bio", ViewRow()).values, row.alpha.get("label", ViewRow()).values
    used = {label for pair in row.pairs.values() for label in pair.labels}
    used |= {name[1:] for name in row.alpha if name.startswith("=")}
    result = []
    for label in sorted(used):
        own = row.alpha.get(f"={label}", ViewRow())
        pairs = [pair.counts(label) for pair in row.pairs.values()]
        result.append(
            {
                "label_id": labels[label],
                "begin": bio.get(f"B-{label}", 0),
                "inside": bio.get(f"I-{label}", 0),
                "named": named.get(label, 0),
                "marked": own.values.get(label, 0),
                "apart": own.disagreement,
                "words": own.units,
                "votes": own.ratings,
                "spans": sum(pair.spans for pair in pairs),
                "exact": sum(pair.exact for pair in pairs),
                "overlap": sum(pair.overlap for pair in pairs),
            }
        )
    return result


def pair_columns(row: DocumentRow, labels: Mapping[str, int]) -> list[Json]:
    """Per pair one dict without a label, and one per label either used."""
    result: list[Json] = []
    for (first, second), pair in row.pairs.items():
        who = {"first_id": int(first), "second_id": int(second)}
        bio = pair.bio
        result.append(
            who
            | {
                "label_id": None,
                "asked": pair.asked_all,
                "both_empty": pair.both_empty,
                "same_bounds": pair.boundary,
                "bio_words": bio.units,
                "bio_votes": bio.ratings,
                "bio_apart": bio.disagreement,
            }
        )
        result += [
            who
            | {
                "label_id": labels[label],
                "asked": counts.documents,
                "begin": bio.values.get(f"B-{label}", 0),
                "inside": bio.values.get(f"I-{label}", 0),
                "first_spans": counts.first,
                "second_spans": counts.second,
                "both": counts.both,
                "overlap": counts.overlap,
            }
            for label, counts in pair.labels.items()
        ]
    return result


def confusion_columns(row: DocumentRow, labels: Mapping[str, int]) -> list[Json]:
    return [
        {"label_id": labels[label], "other_id": labels.get(other), "spans": spans}
        for (label, other), spans in row.confusion.items()
    ]


PARTS: list[tuple[Any, Callable[[DocumentRow, Mapping[str, int]], list[Json]]]] = [
    (LabelAgreement, label_columns),
    (PairAgreement, pair_columns),
    (Confusion, confusion_columns),
]
