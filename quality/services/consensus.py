"""What a project's annotators say together, computed anew as their work changes."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from itertools import groupby
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import F, Max, OuterRef, Q, Subquery

from annotation.domain.spans import LabelledSpan, SpanOverlap, of_labels
from annotation.models import Annotation, Project
from annotation.selectors.layers import DocumentLayers, layers_of
from daner_site.core.clock import now
from daner_site.core.jobs import enqueue_on_commit
from daner_site.core.live import nudge_on_commit, project_group
from quality.domain.copying import Compared, copied
from quality.domain.drift import Residual, drift
from quality.domain.judgements import JudgedDocument, Judgement
from quality.domain.mistakes import document_f1
from quality.domain.speed import paces
from quality.models import AnnotatorReliability, ConsensusDocument, ConsensusRun
from quality.numeric.calibration import fit
from quality.numeric.consensus import Consensus, ConsensusSpan, consensus
from quality.selectors.consensus import layers_sha, newest_run
from quality.selectors.content import asked_by_name
from quality.selectors.people import timings
from quality.services.training_labels import compared_with_vote, training_labels_publish

VERSION = 3
"""Rises when a method changes, so that the next annotation has a project computed again."""
DEBOUNCE_MS = 5_000
"""A burst of submissions is computed once: later messages find nothing new and stop."""
REST_SECONDS = 15.0
REST = 10
"""Between runs, so many times as long as the last one took: a tenth of a worker at most."""
STALE_AFTER = timedelta(minutes=30)
"""A run that has not finished by then died with its worker."""
MISSED_AFTER = timedelta(minutes=1)
TOKENS = 1_000_000
"""Words one run reads at most; the sequence method needs about 1.5 GB for them."""
KEPT = 20
"""Runs whose figures are kept."""
WHOLE = 2
"""Runs whose documents are kept, too: a file of the newest that is on its way when the next one ends stays whole."""
BATCH = 500


def consensus_request(*, project_id: int, delay_ms: int = DEBOUNCE_MS) -> None:
    """Have the consensus computed shortly after the current transaction."""
    enqueue_on_commit("recompute_consensus", delay_ms=delay_ms, project_id=project_id)


def consensus_recompute(*, project_id: int) -> ConsensusRun | None:
    """Compute the project's consensus if anything was annotated since; the newest finished run.

    Not one transaction on purpose: on SQLite it would keep all writers waiting while it computes.
    The unfinished run's row keeps a second worker out; pages show finished runs only.
    """
    project = Project.objects.filter(pk=project_id).first()
    if project is None:
        return None
    newest = newest_run(project)
    watermark = _watermark(project)
    if newest is not None and newest.watermark >= watermark:
        return newest
    if (rest := _rest_ms(newest)) > 0:
        consensus_request(project_id=project_id, delay_ms=rest)
        return newest
    sha = _data_sha(project)
    if newest is not None and newest.data_sha == sha:
        ConsensusRun.objects.filter(pk=newest.pk).update(watermark=watermark)
        return newest
    run = _begin(project, sha, watermark)
    if run is None:
        return newest
    try:
        return _compute(run)
    except BaseException:
        # Nobody may be kept out by a run that will not finish.
        ConsensusRun.objects.filter(pk=run.pk, finished_at__isnull=True).delete()
        raise


def consensus_sweep() -> int:
    """Ask again for projects whose newest annotations are in no run; how many there were."""
    seen = ConsensusRun.objects.filter(project=OuterRef("pk"), finished_at__isnull=False).order_by("-number")
    last = Annotation.objects.filter(project=OuterRef("pk"), created_at__lt=now() - MISSED_AFTER).order_by("-pk")
    behind = (
        Project.objects.annotate(seen=Subquery(seen.values("watermark")[:1]), last=Subquery(last.values("pk")[:1]))
        .filter(Q(seen__isnull=True) | Q(last__gt=F("seen")), last__isnull=False)
        .values_list("pk", flat=True)
    )
    for project_id in (found := list(behind)):
        consensus_request(project_id=project_id)
    return len(found)


def _begin(project: Project, sha: str, watermark: int) -> ConsensusRun | None:
    """The row of a new run; None while another worker is at one."""
    runs = ConsensusRun.objects.filter(project=project)
    runs.filter(finished_at__isnull=True, created_at__lt=now() - STALE_AFTER).delete()
    last = runs.aggregate(last=Max("number"))["last"] or 0
    try:
        with transaction.atomic():
            return ConsensusRun.objects.create(
                organization_id=project.organization_id,
                project=project,
                number=last + 1,
                data_sha=sha,
                watermark=watermark,
                created_at=now(),
            )
    except IntegrityError:
        consensus_request(project_id=project.pk)
        return None


def _compute(run: ConsensusRun) -> ConsensusRun:
    started = time.monotonic()
    project = run.project
    documents, left_out = _documents(project)
    labels = list(project.labels.values_list("name", flat=True))
    allowed = SpanOverlap(project.span_overlap)
    judged = [_judged(item) for item in documents]
    found = consensus(judged, labels, allowed=allowed) if documents else _nothing()
    confidences = [span.confidence for spans in found.spans.values() for span in spans]
    by_people = _settled(project, documents)
    settled = list(_settled_spans(by_people, found))
    calibration = fit([confidence for confidence, _ in settled], [right for _, right in settled])
    compared = compared_with_vote(found, by_people) if calibration else None
    for rows in _batches(_document_rows(run, documents, found)):
        ConsensusDocument.objects.bulk_create(rows)
    AnnotatorReliability.objects.bulk_create(_people_rows(run, documents, found))
    run.method = found.method
    run.documents, run.left_out = len(documents), left_out
    run.annotators = len(found.reliability)
    run.spans = len(confidences)
    run.thirds = [float(cut) for cut in np.quantile(confidences, [1 / 3, 2 / 3])] if confidences else []
    run.calibration = None if calibration is None else calibration.as_json()
    run.settled_spans = len(settled)
    run.against_vote = None if compared is None else asdict(compared)
    run.alike = [asdict(item) for item in copied(_compared(documents))]
    run.seconds = time.monotonic() - started
    run.finished_at = now()
    training_labels_publish(run=run, documents=documents, found=found, calibration=calibration, compared=compared)
    run.save()
    _prune(project)
    nudge_on_commit(project_group(project.uuid), "quality")
    # What is worth a reviewer's time first may be something else now.
    enqueue_on_commit("refresh_priorities", project_id=project.pk)
    return run


def _documents(project: Project) -> tuple[list[DocumentLayers], int]:
    """Documents several people labelled, as many as one run may hold, and how many that leaves out."""
    taken: list[DocumentLayers] = []
    tokens = left_out = 0
    for item in layers_of(project):
        tokens += len(item.tokens)
        if tokens > TOKENS:
            left_out += 1
        else:
            taken.append(item)
    return taken, left_out


def _judged(item: DocumentLayers) -> JudgedDocument:
    """Without its gold: the consensus is what people say, and is compared with the gold later."""
    return JudgedDocument(
        id=str(item.document_id),
        text=item.text,
        tokens=item.tokens,
        judgements=tuple(
            Judgement(
                str(layer.author_id),
                layer.spans,
                asked=item.partly_asked.get(layer.author_id),
                with_suggestions=layer.with_suggestions,
            )
            for layer in item.layers
        ),
    )


def _nothing() -> Consensus:
    return Consensus("vote", {}, {}, ())


def _settled(project: Project, documents: Iterable[DocumentLayers]) -> list[DocumentLayers]:
    """Documents that a person has settled.

    Gold that nobody looked at, because all annotators said the same, would confirm itself.
    """
    unseen = set(
        project.annotations.filter(
            kind=Annotation.Kind.GOLD, current=True, provenance__source__in=["unanimous", "consensus"]
        ).values_list("pk", flat=True)
    )
    return [item for item in documents if item.gold is not None and item.gold.annotation_id not in unseen]


def _settled_spans(settled: Iterable[DocumentLayers], found: Consensus) -> Iterator[tuple[float, bool]]:
    """(confidence, whether the gold has the span) of documents that a person has settled."""
    for item in settled:
        gold = {(span.start, span.end, span.label) for span in item.gold.spans} if item.gold else set()
        for span in found.spans[str(item.document_id)]:
            yield span.confidence, (span.start, span.end, span.label) in gold


def _document_rows(
    run: ConsensusRun, documents: Iterable[DocumentLayers], found: Consensus
) -> Iterator[ConsensusDocument]:
    for item in documents:
        key = str(item.document_id)
        yield ConsensusDocument(
            organization_id=run.organization_id,
            run=run,
            document_id=item.document_id,
            spans=[_span_json(span) for span in found.spans[key]],
            people=len(item.layers),
            uncertainty=found.uncertainty[key],
            layers_sha=layers_sha(item),
        )


def _span_json(span: ConsensusSpan) -> dict[str, Any]:
    return {
        "start": span.start,
        "end": span.end,
        "label": span.label,
        "confidence": round(span.confidence, 6),
        "supporters": list(span.supporters),
        "against": list(span.against),
    }


def _people_rows(
    run: ConsensusRun, documents: Sequence[DocumentLayers], found: Consensus
) -> list[AnnotatorReliability]:
    speeds = paces(timings(run.project))
    drifts = _drifts(documents, found)
    return [
        AnnotatorReliability(
            organization_id=run.organization_id,
            run=run,
            annotator_id=int(row.annotator),
            documents=row.documents,
            reference_spans=row.reference_spans,
            precision=row.precision,
            recall=row.recall,
            f1=row.f1,
            low=row.low,
            high=row.high,
            enough=row.enough,
            per_label={label: asdict(item) for label, item in row.per_label.items()},
            speed=asdict(pace) | {"too_fast": pace.too_fast} if (pace := speeds.get(row.annotator)) else None,
            drift=drifts.get(row.annotator),
        )
        for row in found.reliability
    ]


def _drifts(documents: Iterable[DocumentLayers], found: Consensus) -> dict[str, dict[str, Any]]:
    """person → the alarm that stands, if one does."""
    met: dict[str, list[tuple[int, Residual]]] = defaultdict(list)
    for item in documents:
        right = _right(item, found)
        scores = {layer.annotation_id: document_f1(layer.spans, of_labels(right, layer.asked)) for layer in item.layers}
        for layer in item.layers:
            own = scores[layer.annotation_id]
            others = [score for key, score in scores.items() if key != layer.annotation_id and score is not None]
            # Imported work has no order in time.
            if own is not None and others and not layer.imported:
                residual = Residual(own - sum(others) / len(others), layer.guideline_version)
                met[str(layer.author_id)].append((layer.annotation_id, residual))
    alarms = {
        person: drift([residual for _, residual in sorted(rows, key=lambda row: row[0])])
        for person, rows in met.items()
    }
    return {person: asdict(alarm) for person, alarm in alarms.items() if alarm is not None}


def _right(item: DocumentLayers, found: Consensus) -> Sequence[LabelledSpan]:
    """The gold where there is one, else the consensus."""
    if item.gold is not None:
        return item.gold.spans
    return [LabelledSpan(span.start, span.end, span.label) for span in found.spans[str(item.document_id)]]


def _compared(documents: Iterable[DocumentLayers]) -> Iterator[Compared]:
    for item in documents:
        layers = {str(layer.author_id): layer.spans for layer in item.layers}
        yield Compared(layers, None if item.gold is None else item.gold.spans, asked_by_name(item))


def _batches(rows: Iterable[ConsensusDocument]) -> Iterator[list[ConsensusDocument]]:
    for _, group in groupby(enumerate(rows), key=lambda row: row[0] // BATCH):
        yield [row for _, row in group]


def _prune(project: Project) -> None:
    """Keep the figures of the last runs, and the documents of the very last."""
    finished = ConsensusRun.objects.filter(project=project, finished_at__isnull=False).order_by("-number")
    kept = list(finished.values_list("pk", flat=True)[:KEPT])
    finished.exclude(pk__in=kept).delete()
    ConsensusDocument.objects.filter(run__in=kept[WHOLE:]).delete()


def _rest_ms(newest: ConsensusRun | None) -> int:
    """Milliseconds until the project may be computed again."""
    if newest is None or newest.finished_at is None:
        return 0
    due = newest.finished_at + timedelta(seconds=max(REST_SECONDS, REST * newest.seconds))
    return int((due - now()).total_seconds() * 1000)


def _watermark(project: Project) -> int:
    return project.annotations.aggregate(last=Max("pk"))["last"] or 0


def _data_sha(project: Project) -> str:
    """Over the annotations of documents at least two people submitted, their gold, and the label names."""
    rows = project.annotations.filter(current=True).order_by("document_id", "pk")
    digest = hashlib.sha256(f"{VERSION}|".encode())
    for label in project.labels.values_list("name", flat=True):
        digest.update(f"{label}|".encode())
    for _, group in groupby(rows.values_list("document_id", "pk", "kind"), key=lambda row: row[0]):
        found = [(pk, kind) for _, pk, kind in group if kind in (Annotation.Kind.HUMAN, Annotation.Kind.GOLD)]
        if sum(kind == Annotation.Kind.HUMAN for _, kind in found) > 1:
            digest.update((",".join(str(pk) for pk, _ in found) + "|").encode())
    return digest.hexdigest()
