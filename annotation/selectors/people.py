"""Who could label a document, and with whom."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count, Exists, OuterRef, Q

from annotation.domain.permissions import ProjectRole
from annotation.models import Assignment, Document, Project
from daner_site.accounts.models import User


def somebody_left(document: Document) -> bool:
    """A member who labels here and has not had the document: without one it would stay open for good."""
    project = document.project
    of_member = Assignment.objects.filter(project=project, annotator=OuterRef("user"))
    labels_here = Q(role=ProjectRole.ANNOTATOR.value) | Q(Exists(of_member), role=ProjectRole.MANAGER.value)
    had_it = of_member.filter(document=document, status__in=Assignment.LIVE)
    return project.members.filter(labels_here, ~Exists(had_it)).exists()


def documents_shared(project: Project, user: User, document_ids: Collection[int]) -> dict[int, float]:
    """For each document, how many others its people and this person both have, on average over them."""
    turns = Assignment.objects.filter(project=project, status__in=Assignment.LIVE, is_check=False).order_by()
    people: dict[int, list[int]] = {pk: [] for pk in document_ids}
    for document_id, person in turns.filter(document__in=document_ids).values_list("document", "annotator"):
        people[document_id].append(person)
    others = {person for found in people.values() for person in found}
    mine = turns.filter(annotator=user).values("document")
    shared = dict(
        turns.filter(annotator__in=others, document__in=mine).values_list("annotator").annotate(n=Count("document"))
    )
    return {
        pk: sum(shared.get(person, 0) for person in found) / len(found) if found else 0.0
        for pk, found in people.items()
    }
