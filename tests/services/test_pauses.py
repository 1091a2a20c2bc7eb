"""Pausing somebody's labelling: no new work, the lease ends, a reason, an audit entry, a way back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from annotation.models import Annotation, Assignment, Project, ProjectMember
from annotation.services.pauses import member_pause, member_resume
from annotation.services.queue import queue_extend
from annotation.services.work import (
    Paused,
    annotation_submit,
    assignment_claim_next,
    assignment_held,
    assignment_reject,
    assignment_skip,
)
from daner_site.accounts.models import AuditEvent, User
from tests.cast import Cast, cast_make
from tests.factories import documents_make, membership_make, user_make
from tests.services.test_work import EMPTY, claim, context

REASON = "Please read the new guideline first."


def member_of(project: Project, user: User) -> ProjectMember:
    return project.members.get(user=user)


def pause(cast: Cast, user: User, **changes: Any) -> ProjectMember:
    arguments = {"ctx": context(cast.alice, cast.project_a), "member": member_of(cast.project_a, user)}
    return member_pause(**({"reason": REASON} | arguments | changes))


@pytest.fixture
def project(cast: Cast) -> Project:
    documents_make(cast.project_a, 4)
    queue_extend(project=cast.project_a)
    return cast.project_a


@pytest.mark.django_db
def test_somebody_paused_gets_nothing_and_everybody_else_does(cast: Cast, project: Project) -> None:
    pause(cast, cast.bob)
    ctx = context(cast.bob, project)
    assert (ctx.paused, ctx.pause_reason) == (True, REASON)
    assert assignment_claim_next(ctx=ctx) is None
    assert not context(cast.ben, project).paused
    assert claim(cast.ben, project).annotator == cast.ben


@pytest.mark.django_db
def test_the_document_in_work_goes_back_to_the_others(cast: Cast, project: Project) -> None:
    held = claim(cast.bob, project)
    pause(cast, cast.bob)
    held.refresh_from_db()
    assert held.status == Assignment.Status.EXPIRED
    assert held.closed_at is not None
    assert assignment_held(ctx=context(cast.bob, project), assignment_uuid=held.uuid) is None
    assert claim(cast.ben, project).document == held.document


@pytest.mark.django_db
@pytest.mark.parametrize("stale", [True, False])
def test_nothing_of_the_document_in_work_is_stored_any_more(cast: Cast, project: Project, stale: bool) -> None:
    """Also for a page whose request began before the pause."""
    before = context(cast.bob, project)
    held = claim(cast.bob, project)
    pause(cast, cast.bob)
    ctx = before if stale else context(cast.bob, project)
    with pytest.raises(Paused, match="paused your labelling"):
        annotation_submit(ctx=ctx, assignment_uuid=held.uuid, submission=EMPTY)
    with pytest.raises(Paused):
        assignment_skip(ctx=ctx, assignment_uuid=held.uuid)
    with pytest.raises(Paused):
        assignment_reject(ctx=ctx, assignment_uuid=held.uuid, reason="")
    assert not Annotation.objects.exists()
    assert assignment_claim_next(ctx=ctx) is None


@pytest.mark.django_db
def test_what_was_submitted_stays_and_work_goes_on_after_the_pause(cast: Cast, project: Project) -> None:
    annotation_submit(ctx=context(cast.bob, project), assignment_uuid=claim(cast.bob, project).uuid, submission=EMPTY)
    pause(cast, cast.bob)
    assert Annotation.objects.filter(author=cast.bob, current=True).count() == 1
    member = member_resume(ctx=context(cast.alice, project), member=member_of(project, cast.bob))
    assert (member.paused_at, member.paused_by, member.pause_reason) == (None, None, "")
    assert claim(cast.bob, project).annotator == cast.bob


@pytest.mark.django_db
def test_both_are_in_the_audit_trail_with_the_reason(cast: Cast, project: Project) -> None:
    pause(cast, cast.bob)
    member_resume(ctx=context(cast.alice, project), member=member_of(project, cast.bob))
    member_resume(ctx=context(cast.alice, project), member=member_of(project, cast.bob))
    events = AuditEvent.objects.filter(verb__startswith="member.").order_by("pk")
    assert [(event.verb, event.actor, event.payload) for event in events] == [
        ("member.pause", cast.alice, {"user": "bob", "reason": REASON}),
        ("member.resume", cast.alice, {"user": "bob"}),
    ]


@pytest.mark.django_db
def test_a_pause_needs_a_manager_a_reason_and_somebody_else(cast: Cast, project: Project) -> None:
    with pytest.raises(PermissionDenied):
        pause(cast, cast.bob, ctx=context(cast.dora, project))
    with pytest.raises(PermissionDenied):
        member_resume(ctx=context(cast.bob, project), member=member_of(project, cast.bob))
    with pytest.raises(ValidationError):
        pause(cast, cast.bob, reason="  ")
    with pytest.raises(ValidationError):
        pause(cast, cast.alice)
    assert not project.members.filter(paused_at__isnull=False).exists()


@pytest.mark.django_db
def test_the_reason_can_be_changed(cast: Cast, project: Project) -> None:
    pause(cast, cast.bob)
    assert pause(cast, cast.bob, reason="Enjoy your holiday.").pause_reason == "Enjoy your holiday."


@pytest.mark.django_db
def test_a_manager_without_a_role_in_the_project_can_label(cast: Cast, project: Project) -> None:
    boss = user_make()
    membership_make(cast.org_a, boss, "owner")
    assert claim(boss, project).annotator == boss


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(8))
def test_a_pause_and_a_claim_at_once_leave_nobody_with_a_document(turn: int) -> None:
    cast = cast_make()
    documents_make(cast.project_a, 2)
    queue_extend(project=cast.project_a)
    start = threading.Barrier(2)
    bob, alice = context(cast.bob, cast.project_a), context(cast.alice, cast.project_a)
    member = member_of(cast.project_a, cast.bob)

    def run(deed: Any) -> None:
        start.wait()
        try:
            deed()
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=(lambda: assignment_claim_next(ctx=bob),)),
        threading.Thread(target=run, args=(lambda: member_pause(ctx=alice, member=member, reason=REASON),)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert member_of(cast.project_a, cast.bob).paused_at is not None
    assert not Assignment.objects.filter(annotator=cast.bob, status=Assignment.Status.ACTIVE).exists()
