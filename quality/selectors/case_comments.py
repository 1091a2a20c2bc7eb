"""What was said about a case's document, with the letters of the review page instead of names."""

from __future__ import annotations

from annotation.access import ProjectContext
from annotation.models import Annotation
from annotation.selectors.comments import ThreadRow, document_threads, labelled_by, thread_rows
from daner_site.accounts.models import User
from quality.domain.anonymity import lane_letters
from quality.models import AdjudicationCase


def case_comments(ctx: ProjectContext, case: AdjudicationCase) -> list[ThreadRow]:
    return thread_rows(ctx, document_threads(ctx, case.document), _letters(case))


def case_annotators(case: AdjudicationCase) -> dict[str, User]:
    """Letter → whom a reviewer can ask about the document, in the letters' order."""
    letters = _letters(case)
    return dict(
        sorted(((letters[str(user.pk)], user) for user in labelled_by(case.document)), key=lambda item: item[0])
    )


def _letters(case: AdjudicationCase) -> dict[str, str]:
    authors = case.document.annotations.filter(kind=Annotation.Kind.HUMAN, current=True)
    return lane_letters(str(case.document.uuid), map(str, authors.values_list("author", flat=True)))
