"""The audit trail: who did what to which object, written in the transaction of the deed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from daner_site.accounts.domain.verbs import VERBS
from daner_site.accounts.models import AuditEvent

if TYPE_CHECKING:
    from daner_site.accounts.models import Organization, User


class UnknownVerbError(ValueError):
    """A verb that is not in `domain.verbs`: a typing error would otherwise be lost in the trail."""


def audit(
    *,
    organization: Organization,
    actor: User | None,
    verb: str,
    project_uuid: UUID | None = None,
    target_uuid: UUID | None = None,
    payload: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write one event. Call it inside the service's transaction.

    Args:
        actor: the person, or None for the system itself.
        verb: one of `domain.verbs.VERBS`.
        payload: small JSON-serialisable facts; ids and counts, never document text or secrets.

    Raises:
        UnknownVerbError: there is no such verb.
    """
    if verb not in VERBS:
        raise UnknownVerbError(verb)
    return AuditEvent.objects.create(
        organization=organization,
        actor=actor,
        verb=verb,
        project_uuid=project_uuid,
        target_uuid=target_uuid,
        payload=dict(payload or {}),
    )
