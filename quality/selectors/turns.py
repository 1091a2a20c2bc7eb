"""Whose turn at a document is still to come."""

from __future__ import annotations

from annotation.models import Annotation, Assignment, Document


def all_are_in(document: Document) -> bool:
    """Everybody who is to label it has; nobody is at work on it or refused it, and it has no gold."""
    turns = document.assignments.filter(status__in=Assignment.LIVE, is_check=False)
    if turns.exclude(status=Assignment.Status.SUBMITTED).exists():
        return False
    gold = document.annotations.filter(kind=Annotation.Kind.GOLD, current=True)
    return turns.count() >= document.overlap_target and not gold.exists()
