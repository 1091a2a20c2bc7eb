"""Who could label a document."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from annotation.domain.permissions import ProjectRole
from annotation.models import Assignment, Document


def somebody_left(document: Document) -> bool:
    """A member who labels here and has not had the document: without one it would stay open for good."""
    project = document.project
    of_member = Assignment.objects.filter(project=project, annotator=OuterRef("user"))
    labels_here = Q(role=ProjectRole.ANNOTATOR.value) | Q(Exists(of_member), role=ProjectRole.MANAGER.value)
    had_it = of_member.filter(document=document, status__in=Assignment.LIVE)
    return project.members.filter(labels_here, ~Exists(had_it)).exists()
