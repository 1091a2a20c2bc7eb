"""A reviewer's decision taken over for the same words elsewhere, all at once."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotation.models.base import PublicModel
from annotation.models.projects import Project
from quality.models.cases import AdjudicationCase


class DecisionApplication(PublicModel):
    """One press of the key: where the decision went, so that it can be taken back."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(AdjudicationCase, on_delete=models.CASCADE, related_name="+")
    """Where it was decided."""
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    places = models.JSONField()
    """`[{case, group, version, finished}]`: the other cases, their version afterwards, and whether the
    place was the last open one, so that the document has its gold now."""
    created_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"decision of {self.case_id} applied to {len(self.places)} places"
