"""What is known of the labels before a model learns from them, as far as the project wants it used."""

from __future__ import annotations

from dataclasses import dataclass, field

from annotation.domain.spans import LabelledSpan
from annotation.models import Project
from annotation.selectors.layers import DocumentLayers


@dataclass(frozen=True, slots=True)
class _Consensus:
    annotations: tuple[str, ...]
    spans: tuple[LabelledSpan, ...]
    weight: float


@dataclass(frozen=True)
class LabelKnowledge:
    """Nothing by default: then people vote, and all documents count the same."""

    consensus: dict[int, _Consensus] = field(default_factory=dict)
    trust: dict[int, float] = field(default_factory=dict)
    usual_trust: float = 1.0
    """Of a person about whom too little is known."""
    use_consensus: bool = False
    weigh: bool = False

    def consensus_of(self, item: DocumentLayers) -> tuple[LabelledSpan, ...] | None:
        """The consensus of exactly the layers there are now, if the project learns from it."""
        found = self._of(item) if self.use_consensus else None
        return None if found is None else found.spans

    def weight_of(self, item: DocumentLayers, source: str) -> float:
        """How much the document counts in training."""
        if self.weigh and source == "single":
            return self.trust.get(item.layers[0].author_id, self.usual_trust)
        found = self._of(item) if self.weigh and source == "consensus" else None
        return 1.0 if found is None else found.weight

    def _of(self, item: DocumentLayers) -> _Consensus | None:
        found = self.consensus.get(item.document_id)
        if found is None or found.annotations != tuple(sorted(str(layer.annotation_uuid) for layer in item.layers)):
            return None
        return found


def label_knowledge(project: Project) -> LabelKnowledge:
    """Read at once, for documents to be looked up one after the other."""
    if not (project.learn_consensus or project.weigh_labels):
        return LabelKnowledge()
    rows = project.resolved_labels.values_list("document_id", "annotations", "spans", "weight")
    trust = dict(project.trust.values_list("annotator_id", "weight"))
    return LabelKnowledge(
        consensus={
            document: _Consensus(tuple(annotations), tuple(LabelledSpan(*span) for span in spans), weight)
            for document, annotations, spans, weight in rows.iterator()
        },
        trust=trust,
        usual_trust=sum(trust.values()) / len(trust) if trust else 1.0,
        use_consensus=project.learn_consensus,
        weigh=project.weigh_labels,
    )
