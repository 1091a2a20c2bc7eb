"""Inviting, joining, changing roles, removing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from daner_site.accounts.audit import UnknownVerbError, audit
from daner_site.accounts.domain.tokens import token_hash
from daner_site.accounts.models import ApiToken, AuditEvent, Invitation, Membership, User
from daner_site.accounts.services import members as services
from daner_site.accounts.services.tokens import api_token_create
from daner_site.core.clock import now
from tests.cast import Cast
from tests.factories import PASSWORD, annotation_make, assignment_make, document_make, membership_make, user_make

pytestmark = pytest.mark.django_db


def member(cast: Cast, name: str) -> Membership:
    return Membership.objects.get(organization=cast.org_a, user__username=name)


def invitation(cast: Cast, role: str = "member") -> str:
    return services.invitation_create(organization=cast.org_a, actor=member(cast, "alice"), role=role)[1]


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    seen: list[tuple[Any, ...]] = []
    monkeypatch.setattr(services, "nudge_on_commit", lambda *args, **kwargs: seen.append((*args, kwargs)))
    return seen


def test_an_invitation_link_is_shown_once_and_only_its_hash_is_kept(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    page = client.post(f"/o/{cast.org_a.slug}/members/invite/", {"email": "new@example.org", "role": "member"})
    secret = re.search(r"http://testserver/invite/([\w-]+)/", page.text)[1]
    stored = Invitation.objects.get()
    assert stored.token_hash == token_hash(secret)
    assert secret not in str(Invitation.objects.values()) + str(AuditEvent.objects.values())
    again = client.get(f"/o/{cast.org_a.slug}/members/")
    assert secret not in again.text
    assert "new@example.org" in again.text


def test_a_new_person_joins_with_the_link_though_sign_up_is_closed(client: Client, cast: Cast) -> None:
    link = f"/invite/{invitation(cast, 'admin')}/"
    assert "Harbour Desk" in client.get(link).text
    page = client.post(link, {"username": "nina", "password": PASSWORD})
    assert page.url == f"/o/{cast.org_a.slug}/"
    assert client.session["_auth_user_id"] == str(User.objects.get(username="nina").pk)
    assert member(cast, "nina").role == "admin"


def test_somebody_with_an_account_joins_as_themselves(client: Client, cast: Cast) -> None:
    link = f"/invite/{invitation(cast)}/"
    client.force_login(cast.charlie)
    assert "Join as Charlie" in client.get(link).text
    client.post(link)
    assert member(cast, "charlie").role == "member"


def test_an_invitation_works_once(client: Client, cast: Cast) -> None:
    link = f"/invite/{invitation(cast)}/"
    client.post(link, {"username": "nina", "password": PASSWORD})
    second = Client()
    assert second.get(link).status_code == 404
    assert second.post(link, {"username": "mallory", "password": PASSWORD}).status_code == 404
    assert not User.objects.filter(username="mallory").exists()


def test_a_link_used_by_somebody_else_meanwhile_leaves_no_half_account(cast: Cast) -> None:
    secret = invitation(cast)
    services.invitation_accept(token=secret, user=cast.charlie)
    with pytest.raises(ValidationError, match="no longer valid"):
        services.invitation_accept_as_new_user(token=secret, username="late", password=PASSWORD)
    assert not User.objects.filter(username="late").exists()


def test_an_expired_or_withdrawn_or_invented_link_is_not_valid(client: Client, cast: Cast) -> None:
    expired, withdrawn = invitation(cast), invitation(cast)
    Invitation.objects.filter(token_hash=token_hash(expired)).update(expires_at=now() - timedelta(seconds=1))
    client.force_login(cast.alice)
    uuid = Invitation.objects.get(token_hash=token_hash(withdrawn)).uuid
    assert client.post(f"/o/{cast.org_a.slug}/invitations/{uuid}/revoke/").status_code == 302
    for secret in (expired, withdrawn, "invented"):
        assert client.get(f"/invite/{secret}/").status_code == 404


def test_a_wrong_password_leaves_the_invitation_usable(client: Client, cast: Cast) -> None:
    link = f"/invite/{invitation(cast)}/"
    page = client.post(link, {"username": "nina", "password": "short"})
    assert "too short" in page.text
    assert client.post(link, {"username": "nina", "password": PASSWORD}).status_code == 302


def test_accepting_twice_does_not_change_the_role_one_has(cast: Cast) -> None:
    services.invitation_accept(token=invitation(cast, "member"), user=cast.alice)
    assert member(cast, "alice").role == "owner"


def test_only_owners_make_owners(cast: Cast) -> None:
    admin = membership_make(cast.org_a, user_make("ada"), "admin")
    with pytest.raises(PermissionDenied):
        services.invitation_create(organization=cast.org_a, actor=admin, role="owner")
    with pytest.raises(PermissionDenied):
        services.member_role_change(
            organization=cast.org_a, actor=admin, member_uuid=member(cast, "bob").uuid, role="owner"
        )
    for change in ({"role": "member"}, None):
        with pytest.raises(PermissionDenied):
            if change:
                services.member_role_change(
                    organization=cast.org_a, actor=admin, member_uuid=member(cast, "alice").uuid, **change
                )
            else:
                services.member_remove(organization=cast.org_a, actor=admin, member_uuid=member(cast, "alice").uuid)
    assert services.invitation_create(organization=cast.org_a, actor=admin, role="admin")


def test_the_last_owner_can_neither_step_down_nor_be_removed(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    base = f"/o/{cast.org_a.slug}/members/{member(cast, 'alice').uuid}"
    assert "needs an owner" in client.post(f"{base}/role/", {"role": "member"}, follow=True).text
    assert "needs an owner" in client.post(f"{base}/remove/", follow=True).text
    assert member(cast, "alice").role == "owner"
    services.member_role_change(
        organization=cast.org_a, actor=member(cast, "alice"), member_uuid=member(cast, "bob").uuid, role="owner"
    )
    assert client.post(f"{base}/role/", {"role": "member"}).status_code == 302
    assert member(cast, "alice").role == "member"


def test_a_removed_member_is_outside_at_once(cast: Cast, nudges: list[tuple[Any, ...]]) -> None:
    bob = Client()
    bob.force_login(cast.bob)
    api_token_create(member=member(cast, "bob"), name="script")
    assert bob.get(f"/o/{cast.org_a.slug}/members/").status_code == 200
    alice = Client()
    alice.force_login(cast.alice)
    alice.post(f"/o/{cast.org_a.slug}/members/{member(cast, 'bob').uuid}/remove/")
    assert bob.get(f"/o/{cast.org_a.slug}/members/").status_code == 404
    assert ApiToken.objects.get().revoked_at is not None
    assert nudges == [(f"organization.{cast.org_a.uuid}", "membership.revoked", {"user": cast.bob.pk})]
    assert AuditEvent.objects.filter(verb="organization.remove", actor=cast.alice).count() == 1


def test_a_removed_member_loses_roles_in_projects_and_frees_the_open_document(cast: Cast) -> None:
    held, done = document_make(cast.project_a), document_make(cast.project_a)
    open_turn = assignment_make(held, cast.bob, status="active")
    annotation = annotation_make(done, cast.bob)
    services.member_remove(organization=cast.org_a, actor=member(cast, "alice"), member_uuid=member(cast, "bob").uuid)
    assert not cast.project_a.members.filter(user=cast.bob).exists()
    assert cast.project_a.members.filter(user=cast.ben).exists()
    open_turn.refresh_from_db()
    assert open_turn.status == "expired"
    annotation.refresh_from_db()
    assert annotation.current


def test_a_member_sees_the_list_but_none_of_the_forms(client: Client, cast: Cast) -> None:
    client.force_login(cast.bob)
    page = client.get(f"/o/{cast.org_a.slug}/members/")
    assert "Dora" in page.text
    assert "Charlie" not in page.text
    assert "/remove/" not in page.text
    assert "/invite/" not in page.text


def test_a_made_up_role_is_refused(client: Client, cast: Cast) -> None:
    client.force_login(cast.alice)
    page = client.post(
        f"/o/{cast.org_a.slug}/members/{member(cast, 'bob').uuid}/role/", {"role": "emperor"}, follow=True
    )
    assert "Choose one of the roles" in page.text
    assert client.post(f"/o/{cast.org_a.slug}/members/invite/", {"role": "emperor"}).status_code == 422
    assert member(cast, "bob").role == "member"


def test_the_audit_trail_takes_known_verbs_and_is_never_changed(cast: Cast) -> None:
    with pytest.raises(UnknownVerbError):
        audit(organization=cast.org_a, actor=cast.alice, verb="did.something")
    event = audit(organization=cast.org_a, actor=None, verb="project.update", payload={"name": ["a", "b"]})
    event.verb = "project.create"
    with pytest.raises(TypeError):
        event.save()
