"""Pages outside any organisation: sign in, sign up, join, found an organisation."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login as start_session
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from daner_site.accounts import selectors
from daner_site.accounts.forms import LoginForm, OrganizationForm, SignupForm, errors_into_form
from daner_site.accounts.models import User
from daner_site.accounts.services.members import invitation_accept, invitation_accept_as_new_user
from daner_site.accounts.services.organizations import organization_create, signup_is_open, user_signup

BACKEND = "django.contrib.auth.backends.ModelBackend"

login = auth_views.LoginView.as_view(
    template_name="accounts/login.html",
    authentication_form=LoginForm,
    redirect_authenticated_user=True,
    extra_context={"signup_is_open": signup_is_open},
)
logout = auth_views.LogoutView.as_view()
password_change = auth_views.PasswordChangeView.as_view(
    template_name="accounts/password_change.html", success_url=reverse_lazy("accounts:home")
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The landing page, or where a signed-in person belongs."""
    if not isinstance(request.user, User):
        return render(request, "accounts/landing.html", {"signup_is_open": signup_is_open()})
    memberships = list(selectors.memberships_of(request.user))
    if not memberships:
        return redirect("accounts:organization_new")
    if len(memberships) == 1:
        return redirect("pages:organization", org=memberships[0].organization.slug)
    return render(request, "accounts/home.html", {"memberships": memberships})


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    """Make an account, where that is open to strangers, and go on to naming an organisation."""
    if not signup_is_open():
        return render(request, "accounts/signup_closed.html", status=403)
    form = SignupForm(request.POST or None)
    if form.is_valid():
        try:
            user = user_signup(**form.cleaned_data)
        except ValidationError as error:
            errors_into_form(form, error)
        else:
            start_session(request, user, backend=BACKEND)
            return redirect("accounts:organization_new")
    return render(request, "accounts/signup.html", {"form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organization_new(request: HttpRequest) -> HttpResponse:
    """Name an organisation; whoever does owns it."""
    form = OrganizationForm(request.POST or None)
    if form.is_valid() and isinstance(request.user, User):
        try:
            organization = organization_create(owner=request.user, **form.cleaned_data)
        except ValidationError as error:
            errors_into_form(form, error)
        else:
            return redirect("pages:organization", org=organization.slug)
    return render(request, "accounts/organization_new.html", {"form": form})


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """Join an organisation, as oneself or with a new account."""
    invitation = selectors.invitation_by_token(token)
    if invitation is None:
        return render(request, "accounts/invite_invalid.html", status=404)
    form = SignupForm(request.POST or None)
    if request.method == "POST":
        try:
            return _join(request, token, form)
        except ValidationError as error:
            errors_into_form(form, error)
    return render(request, "accounts/invite.html", {"invitation": invitation, "form": form})


def _join(request: HttpRequest, token: str, form: SignupForm) -> HttpResponse:
    """Raises ValidationError with what is to be corrected."""
    if isinstance(request.user, User):
        membership = invitation_accept(token=token, user=request.user)
    else:
        if not form.is_valid():
            raise ValidationError(gettext("Please correct what is marked below."))
        membership = invitation_accept_as_new_user(token=token, **form.cleaned_data)
        start_session(request, membership.user, backend=BACKEND)
    messages.success(request, gettext("Welcome to {name}.").format(name=membership.organization.name))
    return redirect("pages:organization", org=membership.organization.slug)
