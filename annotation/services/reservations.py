"""Giving back documents that were reserved ahead of their turn.

A reservation is a claim made early. What it was drawn from may change before its turn comes, a new
order, other labels or settings, so it is then taken back as if it had never been: no row stays,
the person's turns count as before, and a text that chance had drawn to measure on is in the pool again.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from annotation.models import Annotation, Assignment, Document, Project, Split
from daner_site.core.live import nudge_on_commit, project_group


@transaction.atomic
def reservations_drop(assignments: QuerySet[Assignment]) -> int:
    """Take back those of `assignments` that are reserved; returns how many."""
    # Locked, so that one whose turn comes at this moment is either in work or gone.
    reserved = assignments.filter(status=Assignment.Status.RESERVED).select_for_update(of=("self",)).order_by("pk")
    rows = list(reserved.values_list("pk", "document_id"))
    if rows:
        Assignment.objects.filter(pk__in=[pk for pk, _ in rows]).delete()
        seen = [model.objects.filter(document=OuterRef("pk")) for model in (Assignment, Annotation)]
        drawn = Document.objects.filter(pk__in=[document for _, document in rows], probe=True)
        drawn.filter(*(~Exists(found) for found in seen)).update(split=Split.POOL, probe=False)
    return len(rows)


def reservations_end(project: Project) -> None:
    """Take back all the project's reservations, and tell the pages that keep what was reserved."""
    if reservations_drop(project.assignments.all()):
        nudge_on_commit(project_group(project.uuid), "ahead")
