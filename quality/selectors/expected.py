"""What the newest consensus expects to be wrong, for those who decide what to look at next."""

from __future__ import annotations

from collections.abc import Sequence

from annotation.domain.spans import LabelledSpan
from annotation.models import Project
from annotation.selectors.layers import DocumentLayers
from quality.models import ConsensusDocument, ConsensusRun
from quality.numeric.calibration import Calibration
from quality.selectors.consensus import layers_sha


def consensus_of(project: Project, layers: DocumentLayers) -> ConsensusDocument | None:
    """The document in the newest consensus; None where that knows other annotations than there are now."""
    return _consensus(project, [layers]).get(layers.document_id)


def probable_spans(project: Project, layers: DocumentLayers) -> list[tuple[LabelledSpan, float]] | None:
    """The consensus spans of the document, each with the probability that it is right; None where no
    consensus is new enough.

    Before enough is settled to know probabilities, the method's own confidence stands in: too high,
    but in the right order.
    """
    return probable_spans_of(project, [layers]).get(layers.document_id)


def probable_spans_of(
    project: Project, documents: Sequence[DocumentLayers]
) -> dict[int, list[tuple[LabelledSpan, float]]]:
    """Likewise of many documents, by id, those of which a consensus is new enough."""
    result = {}
    for document_id, found in _consensus(project, documents).items():
        known = found.run.calibration
        probability = Calibration.from_json(known).probability if known else float
        result[document_id] = [
            (LabelledSpan(item["start"], item["end"], item["label"]), probability(item["confidence"]))
            for item in found.spans
        ]
    return result


def label_weights(project: Project) -> dict[str, float]:
    """How much a mistake in a label matters, for those where it is not 1."""
    return dict(project.labels.exclude(review_weight=1).values_list("name", "review_weight"))


def _consensus(project: Project, documents: Sequence[DocumentLayers]) -> dict[int, ConsensusDocument]:
    run = ConsensusRun.objects.filter(project=project, finished_at__isnull=False).order_by("-number").first()
    if run is None:
        return {}
    shas = {layers.document_id: layers_sha(layers) for layers in documents}
    rows = ConsensusDocument.objects.select_related("run").filter(run=run, document__in=shas)
    return {row.document_id: row for row in rows if row.layers_sha == shas[row.document_id]}


def expected_errors(project: Project, layers: DocumentLayers) -> float | None:
    """How many words of the document are expected to be wrong, or None where no consensus is new enough."""
    found = consensus_of(project, layers)
    return None if found is None else found.uncertainty
