"""The newest consensus, ready to show: documents, their spans in words, confidence where it means something."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.db.models.functions import Left

from annotation.domain.spans import LabelledSpan
from annotation.models import Document, Project
from annotation.selectors.layers import DocumentLayers, document_layers
from annotation.selectors.marked import Piece, colored
from daner_site.core.sentences import Sentence
from quality.domain.anonymity import lane_letters
from quality.domain.explanation import Trust, explanation, sureness
from quality.models import AnnotatorReliability, ConsensusDocument, ConsensusRun
from quality.numeric.calibration import LEAST_SPANS, Calibration

PAGE_SIZE = 50
OPENING = 90
"""Characters of a document by which it is known in a list."""
CONTEXT = 40
EXPORT_BATCH = 300

METHODS = {
    "vote": (Sentence("Span vote"), Sentence("every span that at least three in ten of the people marked")),
    "ds": (Sentence("Dawid and Skene"), Sentence("people weighed by what they mistake for what, word by word")),
    "bsc": (
        Sentence("Sequence combination"),
        Sentence("people weighed by their mistakes, along the sentence and with its words in mind"),
    ),
}


@dataclass(frozen=True)
class SpanRow:
    """One span of the consensus, or one left out of it."""

    label: str
    color: str
    before: str
    inside: str
    after: str
    sentences: tuple[str, ...]
    percent: int | None
    """Probability that it is right, where that is known."""
    sureness: str
    """Where its confidence stands among all, where no probability is known."""


@dataclass(frozen=True)
class ConsensusPage:
    """A document with its consensus."""

    row: ConsensusDocument
    pieces: list[Piece]
    spans: tuple[SpanRow, ...]
    left_out: tuple[SpanRow, ...]
    """What somebody marked and the consensus does not hold."""
    people: int
    changed: bool
    """Whether somebody changed their work since."""


@dataclass(frozen=True)
class RunSummary:
    run: ConsensusRun
    method: str
    meaning: str
    finished_at: datetime
    needed: int
    """Settled spans still missing before confidence is a probability; 0 when it is one."""
    learning: str
    """What a model in training makes of it; empty where consensus and vote are one."""


def newest_run(project: Project) -> ConsensusRun | None:
    """The newest finished run."""
    return ConsensusRun.objects.filter(project=project, finished_at__isnull=False).order_by("-number").first()


def run_summary(run: ConsensusRun) -> RunSummary:
    name, meaning = METHODS.get(run.method, (run.method, ""))
    assert run.finished_at is not None
    needed = 0 if run.calibration else max(0, LEAST_SPANS - run.settled_spans)
    return RunSummary(run, name, meaning, run.finished_at, needed, _learning(run))


def _learning(run: ConsensusRun) -> str:
    if run.method == "vote":
        return ""
    found = run.against_vote
    if found is None:
        return Sentence("A model in training learns the vote until reviewers have settled enough to compare the two.")
    figures = Sentence(
        "On {documents} documents that reviewers settled its F1 is {consensus:.2f}, the vote's {vote:.2f}",
        documents=found["documents"],
        consensus=found["consensus"],
        vote=found["vote"],
    )
    if found["consensus"] < found["vote"]:
        return Sentence("{figures}: a model in training learns the vote.", figures=figures)
    if run.project.learn_consensus:
        return Sentence("{figures}: a model in training learns it in place of the vote.", figures=figures)
    return Sentence(
        "{figures}. A model in training learns the vote all the same: the settings say so.", figures=figures
    )


def consensus_documents(run: ConsensusRun, *, number: str) -> Page[ConsensusDocument]:
    """Its documents with the opening of each, the least sure ones first."""
    rows = run.rows.select_related("document").defer("document__text", "document__tokens")
    shown: QuerySet[ConsensusDocument] = rows.annotate(opening=Left("document__text", OPENING))
    return Paginator(shown.order_by("-uncertainty", "document__position"), PAGE_SIZE).get_page(number)


def consensus_of(project: Project, document: Document) -> ConsensusDocument | None:
    run = newest_run(project)
    return None if run is None else run.rows.select_related("run").filter(document=document).first()


def consensus_page(project: Project, document: Document) -> ConsensusPage | None:
    """None where the document is not in the newest consensus."""
    row = consensus_of(project, document)
    if row is None:
        return None
    layers = document_layers(document)
    colors = dict(project.labels.values_list("name", "color"))
    found = {_span(item): item for item in row.spans}
    marked = {span for layer in layers.layers for span in layer.spans}
    tell = _Teller(row.run, layers, colors)
    return ConsensusPage(
        row=row,
        pieces=colored(document.text, found, colors),
        spans=tuple(tell.row(span, item["confidence"]) for span, item in found.items()),
        left_out=tuple(tell.row(span, None) for span in sorted(marked - found.keys())),
        people=len(layers.layers),
        changed=layers_sha(layers) != row.layers_sha,
    )


def layers_sha(layers: DocumentLayers) -> str:
    """Changes with every new revision of anybody's work on the document."""
    ids = sorted(str(layer.annotation_id) for layer in layers.layers)
    return hashlib.sha256("|".join(ids).encode()).hexdigest()


def trust_of(run: ConsensusRun) -> dict[tuple[str, str], Trust]:
    """(user id as text, label) → how often their spans of it stood up against the others."""
    people = AnnotatorReliability.objects.filter(run=run).values_list("annotator", "per_label")
    return {
        (str(person), label): Trust(row["right"], row["made"])
        for person, labels in people
        for label, row in labels.items()
    }


def exported(run: ConsensusRun) -> Iterator[dict[str, Any]]:
    """One plain object per document in import order: text, spans with confidence, how they came about."""
    calibration = _calibration(run)
    head = {"method": run.method, "run": run.number, "confidence": "calibrated" if calibration else "rank"}
    last = -1
    rows = run.rows.select_related("document").order_by("document__position", "pk")
    while batch := list(rows.filter(document__position__gt=last)[:EXPORT_BATCH]):
        last = batch[-1].document.position
        for row in batch:
            yield {
                "id": row.document.external_id or str(row.document.uuid),
                "text": row.document.text,
                "spans": [_exported(item, calibration) for item in row.spans],
                "consensus": head | {"annotators": row.people},
            }


def _exported(item: Mapping[str, Any], calibration: Calibration | None) -> dict[str, Any]:
    confidence = item["confidence"] if calibration is None else calibration.probability(item["confidence"])
    return {
        "start": item["start"],
        "end": item["end"],
        "label": item["label"],
        "confidence": round(confidence, 4),
        "for": len(item["supporters"]),
        "against": len(item["against"]),
    }


class _Teller:
    """Puts spans of one document into words."""

    def __init__(self, run: ConsensusRun, layers: DocumentLayers, colors: Mapping[str, str]) -> None:
        self.text = layers.text
        self.layers = layers.layers
        # The letters reviewers see on this document: names would undo their blind judgement.
        self.names = lane_letters(str(layers.document_uuid), (str(layer.author_id) for layer in layers.layers))
        self.trust = trust_of(run)
        self.calibration = _calibration(run)
        self.thirds: Sequence[float] = run.thirds or (0.0, 0.0)
        self.colors = colors

    def row(self, span: LabelledSpan, confidence: float | None) -> SpanRow:
        percent = None
        if confidence is not None and self.calibration is not None:
            percent = round(100 * self.calibration.probability(confidence))
        return SpanRow(
            label=span.label,
            color=self.colors.get(span.label, "#7F7F7F"),
            before=("…" if span.start > CONTEXT else "") + self.text[max(0, span.start - CONTEXT) : span.start],
            inside=self.text[span.start : span.end],
            after=self.text[span.end : span.end + CONTEXT] + ("…" if span.end + CONTEXT < len(self.text) else ""),
            sentences=tuple(explanation(span, self.text, self._heard(span), self.names, self.trust)),
            percent=percent,
            sureness="" if confidence is None or percent is not None else sureness(confidence, self.thirds),
        )

    def _heard(self, span: LabelledSpan) -> dict[str, Sequence[LabelledSpan]]:
        """What everybody said there who was asked about its label or marked something else."""
        return {
            str(layer.author_id): layer.spans
            for layer in self.layers
            if span.label in layer.asked or any(span.touches(other) for other in layer.spans)
        }


def _calibration(run: ConsensusRun) -> Calibration | None:
    return None if run.calibration is None else Calibration.from_json(run.calibration)


def _span(item: Mapping[str, Any]) -> LabelledSpan:
    return LabelledSpan(item["start"], item["end"], item["label"])
