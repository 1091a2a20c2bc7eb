"""What is in a file, before anything is written: the dry run of an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from annotation.domain.formats.base import ParsedDocument, Row, RowError
from annotation.domain.spans import LabelledSpan, overlapping
from annotation.domain.text import text_hash

MESSAGES_KEPT = 100
PREVIEW_DOCUMENTS = 5
PREVIEW_LENGTH = 600


@dataclass
class Survey:
    """Counts of a file. `rows` is documents and errors together, the length of the job.

    Attributes:
        labels: label → its number of spans, over gold and all annotators; 0 of one that was only asked about.
        label_rows: label → the first row with it.
        layers: annotator → number of documents they labelled.
        splits: "pool"/"test" → number of documents for which the file says so.
        first: the beginning of the first documents, with their spans.
    """

    rows: int = 0
    documents: int = 0
    characters: int = 0
    with_gold: int = 0
    repeated: int = 0
    known: int = 0
    overlaps: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    label_rows: dict[str, int] = field(default_factory=dict)
    layers: dict[str, int] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)
    notices: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    error_count: int = 0
    first: list[dict[str, Any]] = field(default_factory=list)

    @property
    def new(self) -> int:
        """How many documents an import would add."""
        return self.documents - self.repeated - self.known

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"new": self.new}


def survey(rows: Iterable[Row], known_hashes: Collection[str]) -> Survey:
    """Look at every row once. `known_hashes` are of the texts that the project has already."""
    result = Survey()
    labels: Counter[str] = Counter()
    layers: Counter[str] = Counter()
    splits: Counter[str] = Counter()
    notices: Counter[str] = Counter()
    seen: set[str] = set()
    for row in rows:
        result.rows += 1
        if isinstance(row, RowError):
            result.error_count += 1
            if len(result.errors) < MESSAGES_KEPT:
                result.errors.append(str(row))
            continue
        digest = text_hash(row.text)
        result.documents += 1
        result.characters += len(row.text)
        result.repeated += digest in seen
        result.known += digest not in seen and digest in known_hashes
        seen.add(digest)
        result.with_gold += row.spans is not None
        for spans in _all_layers(row):
            labels.update(span.label for span in spans)
            result.overlaps += bool(overlapping(spans))
        labels.update(dict.fromkeys(frozenset().union(*row.asked.values()), 0))
        for label in labels.keys() - result.label_rows.keys():
            result.label_rows[label] = row.row
        layers.update(list(row.layers))
        if row.split is not None:
            splits[row.split] += 1
        notices.update(row.notices)
        if len(result.first) < PREVIEW_DOCUMENTS:
            result.first.append(_beginning(row))
    result.labels = dict(sorted(labels.items()))
    result.layers = dict(sorted(layers.items()))
    result.splits = dict(sorted(splits.items()))
    result.notices = dict(notices.most_common(MESSAGES_KEPT))
    return result


def _all_layers(document: ParsedDocument) -> list[Sequence[LabelledSpan]]:
    gold = [] if document.spans is None else [document.spans]
    return [*gold, *document.layers.values()]


def _beginning(document: ParsedDocument) -> dict[str, Any]:
    """The first characters with the first layer's spans in them, as JSON."""
    spans = next(iter(_all_layers(document)), ())
    return {
        "row": document.row,
        "text": document.text[:PREVIEW_LENGTH],
        "cut": len(document.text) > PREVIEW_LENGTH,
        "spans": [[span.start, span.end, span.label] for span in spans if span.end <= PREVIEW_LENGTH],
    }
