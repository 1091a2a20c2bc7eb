"""The tables of the annotation app; import models from here."""

from __future__ import annotations

from annotation.models.documents import Document, ImportJob, OverlapReason, Split
from annotation.models.drafts import Draft
from annotation.models.keys import KeyChoice
from annotation.models.projects import CostUnit, Guideline, Label, Project, ProjectMember, Strategy
from annotation.models.work import Annotation, Assignment, QueueEntry, Span, Suggestion

__all__ = [
    "Annotation",
    "Assignment",
    "CostUnit",
    "Document",
    "Draft",
    "Guideline",
    "ImportJob",
    "KeyChoice",
    "Label",
    "OverlapReason",
    "Project",
    "ProjectMember",
    "QueueEntry",
    "Span",
    "Split",
    "Strategy",
    "Suggestion",
]
