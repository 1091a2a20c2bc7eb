"""What accounts tells us."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from annotation.services.projects import roles_end
from daner_site.accounts.signals import membership_ended


# No job: roles must be gone in the moment the membership is, so this runs inside its transaction.
@receiver(membership_ended)
def member_left(organization_id: int, user_id: int, **kwargs: Any) -> None:
    roles_end(organization_id=organization_id, user_id=user_id)
