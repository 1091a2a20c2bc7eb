"""The one way into an organisation: who is this, and are they a member?

A stranger gets 404, so that names of organisations cannot be probed; a member without the right
gets 403; somebody not signed in is sent to the login page.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext
from django_htmx.http import HttpResponseClientRedirect

from daner_site.accounts.models import Membership, Organization, User

P = ParamSpec("P")
OrganizationView = Callable[Concatenate[HttpRequest, "OrganizationContext", P], HttpResponseBase]


@dataclass(frozen=True)
class OrganizationContext:
    """A person in an organisation."""

    user: User
    organization: Organization
    membership: Membership

    @property
    def administers(self) -> bool:
        return self.membership.administers


def organization_for(user: User | AnonymousUser, slug: str) -> OrganizationContext | None:
    """The context of `user` in the organisation, or None where it is none of their business."""
    if not user.is_authenticated or not user.is_active:
        return None
    membership = (
        Membership.objects.filter(user=user, organization__slug=slug).select_related("organization", "user").first()
    )
    if membership is None:
        return None
    return OrganizationContext(membership.user, membership.organization, membership)


def to_login(request: HttpRequest) -> HttpResponseBase:
    """Send somebody whose session ended to the login page, and back afterwards.

    A fragment that htmx asked for moves the whole page there: the login form must never be
    swapped into a panel.
    """
    if getattr(request, "htmx", False):
        page: str | None = request.htmx.current_url_abs_path  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(redirect_to_login(page or "/").url)
    return redirect_to_login(request.get_full_path() if request.method in ("GET", "HEAD") else "/")


def organization_view(*, admin: bool = False) -> Callable[[OrganizationView[P]], Callable[..., HttpResponseBase]]:
    """Gate of a page: consumes the URL's `org`, passes an `OrganizationContext` instead.

    Args:
        admin: owners and administrators only.
    """

    def decorate(view: OrganizationView[P]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def gate(request: HttpRequest, org: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_login(request)
            ctx = organization_for(request.user, org)
            if ctx is None:
                raise Http404
            if admin and not ctx.administers:
                raise PermissionDenied(gettext("Only owners and administrators may do this."))
            return view(request, ctx, *args, **kwargs)

        gate.organization = "admin" if admin else "member"  # type: ignore[attr-defined]  # read by the tenancy test
        return gate

    return decorate
