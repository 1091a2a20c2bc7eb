"""Gold without a reviewer: what everybody marked exactly the same, if the project wants that."""

from __future__ import annotations

from django.db import transaction

from annotation.domain.spans import SpanOverlap
from annotation.models import Annotation, Document
from annotation.services.gold import gold_publish
from quality.domain.adjudication import merge
from quality.domain.samples import in_sample
from quality.models import AdjudicationCase
from quality.selectors.content import case_content
from quality.selectors.turns import all_are_in
from quality.services.cases import case_open
from quality.services.decisions import span_rows

PEOPLE = 2
"""At least so many must have said the same, of every label."""


@transaction.atomic
def unanimous_accept(*, document_id: int) -> Annotation | None:
    """Make what everybody said gold, once all who were to label the document have; or do nothing.

    A seeded sample goes to a reviewer all the same, so that the share that is right is known. The
    gold says in its provenance that nobody decided on it. Safe to repeat.
    """
    document = (
        Document.objects.select_for_update(no_key=True, of=("self",))
        .select_related("project__created_by", "project__organization")
        .filter(pk=document_id, project__accept_unanimous=True)
        .first()
    )
    if document is None or not all_are_in(document):
        return None
    content = case_content(document)
    if content.open_groups or min(map(len, content.layers.questions.values()), default=0) < PEOPLE:
        return None
    audited = in_sample("audit", seed=document.project.seed, key=document.sha256)
    gold = gold_publish(
        project=document.project,
        document=document,
        author=document.project.created_by,
        spans=merge(content.groups, [], allowed=SpanOverlap(document.project.span_overlap)),
        provenance={
            "source": "unanimous",
            "annotations": [str(layer.annotation_uuid) for layer in content.layers.layers],
            "audited": audited,
        },
    )
    if audited and not AdjudicationCase.objects.filter(document=document, status="open").exists():
        spans = [span for group in content.groups for span in group.options[0].spans]
        case_open(document=document, content=content, origin=AdjudicationCase.Origin.AUDIT, before=span_rows(spans))
    return gold
