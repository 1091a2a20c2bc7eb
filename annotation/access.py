"""The one way into a project: who is this, which project, what may they do.

Everything below gets a `ProjectContext` and reaches rows through `ctx.project`, never by a bare
primary key. Not a member of the organisation: 404, so that nothing can be probed. A member
without the right: 403.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Concatenate, ParamSpec
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext

from annotation.domain.permissions import ROLE_PERMISSIONS, Permission, ProjectRole
from annotation.models import Project
from daner_site.accounts.access import organization_for, to_login
from daner_site.core.language import translated

if TYPE_CHECKING:
    from daner_site.accounts.models import Organization, User

P = ParamSpec("P")


@dataclass(frozen=True)
class ProjectContext:
    """A person in a project, with what their role allows."""

    user: User
    organization: Organization
    project: Project
    role: ProjectRole
    permissions: frozenset[Permission] = field(repr=False)
    paused: bool = False
    """Whether a manager has stopped giving them documents to label."""
    pause_reason: str = ""

    def can(self, permission: Permission) -> bool:
        return permission in self.permissions


def project_context(user: User | AnonymousUser, org_slug: str, project_uuid: UUID) -> ProjectContext | None:
    """The context of `user` in the project, or None where the project is none of their business.

    Raises PermissionDenied for a member of the organisation who has no role in the project.
    """
    organization = organization_for(user, org_slug)
    if organization is None:
        return None
    project = (
        Project.objects.filter(organization=organization.organization, uuid=project_uuid)
        .select_related("organization")
        .first()
    )
    if project is None:
        return None
    membership = project.members.filter(user=organization.user).first()
    if organization.membership.administers:
        role = ProjectRole.MANAGER
    elif membership is not None:
        role = ProjectRole(membership.role)
    else:
        raise PermissionDenied(gettext("You have no role in this project."))
    return ProjectContext(
        user=organization.user,
        organization=organization.organization,
        project=project,
        role=role,
        permissions=ROLE_PERMISSIONS[role],
        paused=membership is not None and membership.paused_at is not None,
        pause_reason="" if membership is None else membership.pause_reason,
    )


def require(ctx: ProjectContext, permission: Permission) -> None:
    """Raises PermissionDenied where the role does not carry the permission."""
    if not ctx.can(permission):
        raise PermissionDenied(
            gettext("Your role ({label}) does not allow this.").format(label=translated(ctx.role.label))
        )


def project_view(
    permission: Permission,
) -> Callable[
    [Callable[Concatenate[HttpRequest, ProjectContext, P], HttpResponseBase]],
    Callable[..., HttpResponseBase],
]:
    """Gate of a page: consumes the URL's `org` and `project`, passes a context instead."""

    def decorate(
        view: Callable[Concatenate[HttpRequest, ProjectContext, P], HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def gate(request: HttpRequest, org: str, project: UUID, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_login(request)
            ctx = project_context(request.user, org, project)
            if ctx is None:
                raise Http404
            require(ctx, permission)
            return view(request, ctx, *args, **kwargs)

        gate.permission = permission  # type: ignore[attr-defined]  # read by the tenancy test
        return gate

    return decorate
