"""What the newest consensus expects to be wrong, for those who decide what to look at next."""

from __future__ import annotations

from annotation.domain.spans import LabelledSpan
from annotation.models import Project
from annotation.selectors.layers import DocumentLayers
from quality.models import ConsensusDocument, ConsensusRun
from quality.numeric.calibration import Calibration
from quality.selectors.consensus import layers_sha


def consensus_of(project: Project, layers: DocumentLayers) -> ConsensusDocument | None:
    """The document in the newest consensus; None where that knows other annotations than there are now."""
    run = ConsensusRun.objects.filter(project=project, finished_at__isnull=False).order_by("-number").first()
    if run is None:
        return None
    return (
        ConsensusDocument.objects.select_related("run")
        .filter(run=run, document_id=layers.document_id, layers_sha=layers_sha(layers))
        .first()
    )


def probable_spans(project: Project, layers: DocumentLayers) -> list[tuple[LabelledSpan, float]] | None:
    """The consensus spans of the document, each with the probability that it is right; None where no
    consensus is new enough.

    Before enough is settled to know probabilities, the method's own confidence stands in: too high,
    but in the right order.
    """
    found = consensus_of(project, layers)
    if found is None:
        return None
    known = found.run.calibration
    probability = Calibration.from_json(known).probability if known else float
    return [
        (LabelledSpan(item["start"], item["end"], item["label"]), probability(item["confidence"]))
        for item in found.spans
    ]


def expected_errors(project: Project, layers: DocumentLayers) -> float | None:
    """How many words of the document are expected to be wrong, or None where no consensus is new enough."""
    found = consensus_of(project, layers)
    return None if found is None else found.uncertainty
