"""Who may do what in a project: one table, used by pages, API, sockets and templates."""

from __future__ import annotations

from enum import StrEnum

from daner_site.core.sentences import Sentence


class Permission(StrEnum):
    VIEW = "view"
    """See that the project exists: progress, model curve, guidelines."""
    ANNOTATE = "annotate"
    VIEW_LAYERS = "view_layers"
    """See other people's annotations: documents with their layers, agreement, conflicts."""
    REVIEW = "review"
    INFER = "infer"
    """Ask a trained model for the entities of a text."""
    EXPORT = "export"
    TRAIN = "train"
    MANAGE = "manage"
    """Settings, labels, guidelines, import, members."""


DEEDS: dict[Permission, str] = {
    Permission.VIEW: Sentence("see progress and models"),
    Permission.ANNOTATE: Sentence("label documents"),
    Permission.VIEW_LAYERS: Sentence("see everybody's labels and the agreement"),
    Permission.REVIEW: Sentence("settle conflicts into gold, judge models blind"),
    Permission.INFER: Sentence("try models"),
    Permission.EXPORT: Sentence("export labels and models"),
    Permission.TRAIN: Sentence("start and stop trainings, have models compared blind"),
    Permission.MANAGE: Sentence("change settings, labels, people and texts"),
}
"""What each permission lets people do, in words."""


class ProjectRole(StrEnum):
    MANAGER = "manager"
    REVIEWER = "reviewer"
    ANNOTATOR = "annotator"
    VIEWER = "viewer"

    @property
    def label(self) -> str:
        return _ROLES[self]


_ROLES = {
    ProjectRole.MANAGER: Sentence("Manager"),
    ProjectRole.REVIEWER: Sentence("Reviewer"),
    ProjectRole.ANNOTATOR: Sentence("Annotator"),
    ProjectRole.VIEWER: Sentence("Viewer"),
}

ROLE_PERMISSIONS: dict[ProjectRole, frozenset[Permission]] = {
    ProjectRole.MANAGER: frozenset(Permission),
    ProjectRole.REVIEWER: frozenset({Permission.VIEW, Permission.VIEW_LAYERS, Permission.REVIEW, Permission.INFER}),
    ProjectRole.ANNOTATOR: frozenset({Permission.VIEW, Permission.ANNOTATE}),
    ProjectRole.VIEWER: frozenset({Permission.VIEW, Permission.VIEW_LAYERS, Permission.INFER}),
}
