"""What people type on the account pages; no saving here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from daner_site.accounts import throttle
from daner_site.accounts.models import OrganizationRole

TOKEN_LIVES = [("30", _("30 days")), ("90", _("90 days")), ("365", _("one year")), ("", _("until revoked"))]


def errors_into_form(form: forms.Form, error: ValidationError) -> None:
    """Put what a service refused beside the field it names, or above the form."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for field, messages in by_field.items():
        for message in messages:
            form.add_error(field if field in form.fields else None, message)


class LoginForm(AuthenticationForm):
    """Django's sign-in form that stops answering after too many failures."""

    error_messages = {
        "invalid_login": _("User name and password do not match. Mind capital letters."),
        "inactive": _("User name and password do not match. Mind capital letters."),
        "throttled": _("Too many failed attempts. Wait 15 minutes and try again."),
    }

    username = UsernameField(label=_("User name"), widget=forms.TextInput(attrs={"autofocus": True}))

    def clean(self) -> dict[str, Any]:
        username = str(self.cleaned_data.get("username") or "")
        address = str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""
        if throttle.login_is_blocked(username, address):
            raise ValidationError(self.error_messages["throttled"], code="throttled")
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            throttle.login_failed(username, address)
            raise
        throttle.login_succeeded(username, address)
        return cleaned


class SignupForm(forms.Form):
    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    display_name = forms.CharField(
        label=_("Name shown to others (optional)"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        strip=False,
        help_text=_("At least 10 characters."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class OrganizationForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the organisation"), max_length=120, widget=forms.TextInput(attrs={"autofocus": True})
    )


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("For whom (e-mail, only as a reminder)"), required=False)
    role = forms.ChoiceField(choices=OrganizationRole.choices, initial=OrganizationRole.MEMBER)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=OrganizationRole.choices)


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What is it for?"), max_length=80)
    life = forms.ChoiceField(label=_("Valid for"), choices=TOKEN_LIVES, initial="90", required=False)
