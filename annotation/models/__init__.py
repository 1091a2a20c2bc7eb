"""The tables of the annotation app; import models from here."""

from __future__ import annotations

from annotation.models.comments import Comment, CommentNotice, Thread
from annotation.models.documents import Document, ImportJob, OverlapReason, Split
from annotation.models.drafts import Draft
from annotation.models.keys import KeyChoice
from annotation.models.learning import AnnotatorTrust, Doubt, ResolvedLabels
from annotation.models.projects import CostUnit, Guideline, Label, Project, ProjectMember, Strategy
from annotation.models.work import Annotation, Assignment, QueueEntry, Span, Suggestion

__all__ = [
    "Annotation",
    "AnnotatorTrust",
    "Assignment",
    "Comment",
    "CommentNotice",
    "CostUnit",
    "Document",
    "Doubt",
    "Draft",
    "Guideline",
    "ImportJob",
    "KeyChoice",
    "Label",
    "OverlapReason",
    "Project",
    "ProjectMember",
    "QueueEntry",
    "ResolvedLabels",
    "Span",
    "Split",
    "Strategy",
    "Suggestion",
    "Thread",
]
