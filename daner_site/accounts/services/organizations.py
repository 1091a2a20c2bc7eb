"""People sign up, organisations are founded."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext

from daner_site.accounts.audit import audit
from daner_site.accounts.models import Membership, Organization, OrganizationRole, User

RESERVED_SLUGS = frozenset({"new"})
SLUG_LENGTH = Organization._meta.get_field("slug").max_length or 60


def signup_is_open() -> bool:
    """May a stranger make an account? Otherwise an invitation is the only way in."""
    return bool(settings.DANER_SIGNUP == "open")


@transaction.atomic
def user_create(*, username: str, password: str, display_name: str = "", email: str = "") -> User:
    """A new account.

    Raises ValidationError by field: name taken (whatever its case), password too weak.
    """
    user = User(username=User.normalize_username(username), display_name=display_name, email=email)
    if User.objects.filter(username__iexact=user.username).exists():
        raise ValidationError({"username": gettext("Somebody already has this user name.")})
    user.full_clean(exclude=["password"])
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    user.set_password(password)
    user.save()
    return user


@transaction.atomic
def user_signup(*, username: str, password: str, display_name: str = "", email: str = "") -> User:
    """A stranger's own account.

    Raises PermissionDenied where sign-up is closed, ValidationError as `user_create`.
    """
    if not signup_is_open():
        raise PermissionDenied(gettext("Sign-up is closed here. Ask an administrator for an invitation."))
    return user_create(username=username, password=password, display_name=display_name, email=email)


@transaction.atomic
def organization_create(*, name: str, owner: User) -> Organization:
    """A new organisation whose founder owns it; the slug is made from the name.

    Raises ValidationError by field.
    """
    organization = Organization(name=name.strip(), slug=slug_for(name))
    organization.full_clean()
    organization.save()
    Membership.objects.create(organization=organization, user=owner, role=OrganizationRole.OWNER)
    audit(
        organization=organization,
        actor=owner,
        verb="organization.create",
        target_uuid=organization.uuid,
        payload={"slug": organization.slug},
    )
    return organization


def slug_for(name: str) -> str:
    """A free slug near `name`: `harbour-desk`, `harbour-desk-2`, … `organisation` where nothing is left of it."""
    stem = slugify(name)[: SLUG_LENGTH - 6].strip("-_") or "organisation"
    taken = set(Organization.objects.filter(slug__startswith=stem).values_list("slug", flat=True)) | RESERVED_SLUGS
    slug, number = stem, 2
    while slug in taken:
        slug, number = f"{stem}-{number}", number + 1
    return slug
