"""The keys people have chosen for themselves."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.projects import Project
from daner_site.accounts.models import TenantModel


class KeyChoice(TenantModel):
    """One person's keys: of the commands, in a whole organisation, or of one project's labels.

    Only what differs from the standard is kept, so that a later change of the standard reaches
    everybody who has not chosen otherwise.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE, related_name="key_choices")
    """Whose labels; null for the commands."""
    keys = models.JSONField(default=dict)
    """`{command: [keys]}`, or `{label name: key}`."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organization", "user"],
                condition=Q(project__isnull=True),
                name="command_keys_once_per_user",
            ),
            models.UniqueConstraint(
                fields=["project", "user"],
                condition=Q(project__isnull=False),
                name="label_keys_once_per_user_and_project",
            ),
        ]

    def __str__(self) -> str:
        return f"keys of {self.user}"
