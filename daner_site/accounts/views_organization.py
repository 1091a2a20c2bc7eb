"""Pages of one organisation: its members and one's own API tokens."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daner_site.accounts import selectors
from daner_site.accounts.access import OrganizationContext, organization_view
from daner_site.accounts.forms import InvitationForm, RoleForm, TokenForm, errors_into_form
from daner_site.accounts.models import Membership, OrganizationRole
from daner_site.accounts.services.members import (
    invitation_create,
    invitation_revoke,
    member_remove,
    member_role_change,
)
from daner_site.accounts.services.tokens import api_token_create, api_token_revoke
from daner_site.core.clock import now


@organization_view()
@require_safe
def members(request: HttpRequest, ctx: OrganizationContext) -> HttpResponse:
    return _members_page(request, ctx, InvitationForm())


@organization_view(admin=True)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_new(request: HttpRequest, ctx: OrganizationContext) -> HttpResponse:
    """Answers with the page that shows the link, once: no redirect, for nothing keeps the secret."""
    if request.method != "POST":
        return redirect("accounts:members", org=ctx.organization.slug)
    form = InvitationForm(request.POST)
    link = ""
    if form.is_valid():
        try:
            _, secret = invitation_create(organization=ctx.organization, actor=ctx.membership, **form.cleaned_data)
        except ValidationError as error:
            errors_into_form(form, error)
        else:
            link = request.build_absolute_uri(reverse("accounts:invite", args=[secret]))
            form = InvitationForm()
    return _members_page(request, ctx, form, link=link)


def _members_page(
    request: HttpRequest, ctx: OrganizationContext, form: InvitationForm, *, link: str = ""
) -> HttpResponse:
    context = {
        "ctx": ctx,
        "members": selectors.members_of(ctx.organization),
        "invitations": selectors.open_invitations(ctx.organization) if ctx.administers else [],
        "roles": OrganizationRole.choices,
        "form": form,
        "link": link,
    }
    return render(request, "accounts/members.html", context, status=422 if form.errors else 200)


@organization_view(admin=True)
@require_POST
def invitation_gone(request: HttpRequest, ctx: OrganizationContext, invitation: UUID) -> HttpResponse:
    if not invitation_revoke(organization=ctx.organization, actor=ctx.membership, invitation_uuid=invitation):
        raise Http404
    messages.success(request, gettext("The invitation is withdrawn."))
    return redirect("accounts:members", org=ctx.organization.slug)


@organization_view(admin=True)
@require_POST
def member_role(request: HttpRequest, ctx: OrganizationContext, member: UUID) -> HttpResponse:
    form = RoleForm(request.POST)
    try:
        role = form.cleaned_data["role"] if form.is_valid() else ""
        changed = member_role_change(organization=ctx.organization, actor=ctx.membership, member_uuid=member, role=role)
    except Membership.DoesNotExist as error:
        raise Http404 from error
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(
            request,
            gettext("{name} is now {role}.").format(name=changed.user.name, role=changed.get_role_display().lower()),
        )
    return redirect("accounts:members", org=ctx.organization.slug)


@organization_view(admin=True)
@require_POST
def member_gone(request: HttpRequest, ctx: OrganizationContext, member: UUID) -> HttpResponse:
    try:
        member_remove(organization=ctx.organization, actor=ctx.membership, member_uuid=member)
    except Membership.DoesNotExist as error:
        raise Http404 from error
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, gettext("The member is removed. What they labelled stays."))
    return redirect("accounts:members", org=ctx.organization.slug)


@organization_view()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest, ctx: OrganizationContext) -> HttpResponse:
    """One's own tokens; making one answers with the page that shows its secret, once."""
    form = TokenForm(request.POST or None)
    secret = ""
    if form.is_valid():
        days = form.cleaned_data["life"]
        expires_at = now() + timedelta(days=int(days)) if days else None
        try:
            _, secret = api_token_create(member=ctx.membership, name=form.cleaned_data["name"], expires_at=expires_at)
        except ValidationError as error:
            errors_into_form(form, error)
        else:
            form = TokenForm()
    context = {"ctx": ctx, "form": form, "secret": secret, "tokens": selectors.tokens_of(ctx.membership)}
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


@organization_view()
@require_POST
def token_gone(request: HttpRequest, ctx: OrganizationContext, token: UUID) -> HttpResponse:
    if not api_token_revoke(member=ctx.membership, token_uuid=token):
        raise Http404
    messages.success(request, gettext("The token is revoked."))
    return redirect("accounts:tokens", org=ctx.organization.slug)
