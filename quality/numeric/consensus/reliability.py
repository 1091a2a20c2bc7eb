"""How well each person meets the consensus of all others.

Their own answers are taken out of the consensus they are measured by: a person who is alone with
an opinion would otherwise meet it in part by having it. F1 over exact spans follows the true F1
of annotators more closely than agreement with peers or the tags' confusion matrix does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from annotation.domain.shares import f1_interval
from quality.numeric.consensus.reading import Mark, Reading
from quality.numeric.consensus.results import LabelReliability, Reliability
from quality.numeric.consensus.solution import Solution

ENOUGH_DOCUMENTS = 8
ENOUGH_SPANS = 100

Counts = npt.NDArray[np.int64]
"""… × (right, their own, the reference's spans)."""


def reliabilities(readings: Sequence[Reading], solution: Solution, labels: Sequence[str]) -> tuple[Reliability, ...]:
    """One row for everybody who judged anything, by name."""
    rows: dict[str, list[dict[str, list[int]]]] = defaultdict(list)
    everybody = {name for reading in readings for name in reading.asked}
    for reading, references in zip(readings, solution.without, strict=True):
        for name in reading.asked:
            if shared := reading.shared_labels(name):
                rows[name].append(_counts(reading.marks[name], references.get(name, frozenset()), shared))
    return tuple(_row(name, rows[name], labels) for name in sorted(everybody))


def _counts(own: frozenset[Mark], reference: frozenset[Mark], labels: frozenset[str]) -> dict[str, list[int]]:
    """Label → right, own, reference of one document; labels nobody marked are left out."""
    result: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for place, marks in enumerate((own & reference, own, reference)):
        for mark in marks:
            if mark.label in labels:
                result[mark.label][place] += 1
    return result


def _row(name: str, documents: Sequence[Mapping[str, list[int]]], labels: Sequence[str]) -> Reliability:
    counts: Counts = np.zeros((len(documents), len(labels), 3), dtype=np.int64)
    for number, document in enumerate(documents):
        for label, row in document.items():
            counts[number, labels.index(label)] = row
    per_label = counts.sum(axis=0)
    right, own, reference = (int(number) for number in per_label.sum(axis=0))
    by_document = (column.tolist() for column in counts.sum(axis=1).T)
    low, high = f1_interval(*by_document) if own or reference else (None, None)
    return Reliability(
        annotator=name,
        documents=len(documents),
        reference_spans=reference,
        precision=_share(right, own),
        recall=_share(right, reference),
        f1=_share(2 * right, own + reference),
        low=low,
        high=high,
        enough=len(documents) >= ENOUGH_DOCUMENTS and reference >= ENOUGH_SPANS,
        per_label={
            label: LabelReliability(
                _share(2 * int(row[0]), int(row[1] + row[2])), int(row[2]), int(row[0]), int(row[1])
            )
            for label, row in zip(labels, per_label, strict=True)
        },
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
