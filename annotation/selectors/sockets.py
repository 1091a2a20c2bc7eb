"""Which groups an open page may listen to."""

from __future__ import annotations

from enum import Enum
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from annotation.access import project_context
from annotation.domain.permissions import Permission
from annotation.selectors.projects import projects_visible
from daner_site.accounts.access import organization_for
from daner_site.accounts.models import User
from daner_site.core.live import organization_group, project_group


class Refusal(Enum):
    NOT_FOUND = "not found"
    FORBIDDEN = "forbidden"


def organization_page_groups(user: User | AnonymousUser, org_slug: str) -> frozenset[str] | Refusal:
    """The organisation's own group and those of the projects the member may open."""
    ctx = organization_for(user, org_slug)
    if ctx is None:
        return Refusal.NOT_FOUND
    projects = projects_visible(ctx).values_list("uuid", flat=True)
    return frozenset({organization_group(ctx.organization.uuid), *map(project_group, projects)})


def project_page_groups(user: User | AnonymousUser, org_slug: str, project_uuid: UUID) -> frozenset[str] | Refusal:
    """The project's group, and the organisation's for word of lost memberships."""
    try:
        ctx = project_context(user, org_slug, project_uuid)
    except PermissionDenied:
        return Refusal.FORBIDDEN
    if ctx is None:
        return Refusal.NOT_FOUND
    if not ctx.can(Permission.VIEW):
        return Refusal.FORBIDDEN
    return frozenset({project_group(ctx.project.uuid), organization_group(ctx.organization.uuid)})
