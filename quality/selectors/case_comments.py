"""What was said about a case's document, with the letters of the review page instead of names."""

from __future__ import annotations

from annotation.access import ProjectContext
from annotation.models import Annotation
from annotation.selectors.comments import ThreadRow, document_threads, thread_rows
from quality.domain.anonymity import lane_letters
from quality.models import AdjudicationCase


def case_comments(ctx: ProjectContext, case: AdjudicationCase) -> list[ThreadRow]:
    authors = case.document.annotations.filter(kind=Annotation.Kind.HUMAN, current=True).values_list(
        "author", flat=True
    )
    letters = lane_letters(str(case.document.uuid), map(str, authors))
    return thread_rows(ctx, document_threads(ctx, case.document), letters)
