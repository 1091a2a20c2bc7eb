"""Handing what people say together to whoever trains, as far as it has proved to be as good as their vote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from annotation.domain.spans import LabelledSpan
from annotation.selectors.layers import DocumentLayers
from annotation.services.knowledge import ResolvedDocument, resolved_labels_replace, trust_replace
from quality.models import ConsensusRun
from quality.numeric.calibration import Calibration
from quality.numeric.consensus import Consensus
from quality.numeric.training import AgainstVote, Settled, against_vote, consensus_weight, trust


def compared_with_vote(found: Consensus, settled: Sequence[DocumentLayers]) -> AgainstVote | None:
    """How consensus and vote did on documents a person settled; None where the consensus is a vote itself."""
    if found.method == "vote" or not settled:
        return None
    return against_vote(
        [
            Settled(
                item.gold.spans if item.gold else (),
                [layer.spans for layer in item.layers],
                _spans(found, item),
                [item.partly_asked.get(layer.author_id) for layer in item.layers],
            )
            for item in settled
        ]
    )


def training_labels_publish(
    *,
    run: ConsensusRun,
    documents: Sequence[DocumentLayers],
    found: Consensus,
    calibration: Calibration | None,
    compared: AgainstVote | None,
) -> int:
    """Store what may be learned of the run; returns the number of documents with a consensus to learn.

    How far people are trusted always; the consensus only once confidence is calibrated, which takes
    enough settled spans, and if on the settled documents it is at least as good as the vote.
    """
    trust_replace(
        project=run.project, weights={int(person): weight for person, weight in trust(found.reliability).items()}
    )
    proved = compared is not None and compared.as_good
    return resolved_labels_replace(
        project=run.project,
        run_uuid=run.uuid,
        method=found.method,
        documents=_resolved(documents, found, calibration) if calibration is not None and proved else (),
    )


def _resolved(
    documents: Sequence[DocumentLayers], found: Consensus, calibration: Calibration
) -> Iterator[ResolvedDocument]:
    for item in documents:
        yield ResolvedDocument(
            document_id=item.document_id,
            annotation_uuids=[layer.annotation_uuid for layer in item.layers],
            spans=_spans(found, item),
            weight=consensus_weight(found.spans[str(item.document_id)], calibration),
        )


def _spans(found: Consensus, item: DocumentLayers) -> list[LabelledSpan]:
    return [LabelledSpan(span.start, span.end, span.label) for span in found.spans[str(item.document_id)]]
