"""One reviewer at a document: taken, kept, lapsed, taken over, and never in anybody's way for long."""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from annotation.access import ProjectContext
from daner_site.accounts.models import AuditEvent
from daner_site.core.clock import now
from quality.models import AdjudicationCase, ReviewLease
from quality.selectors.cases import next_case
from quality.selectors.queue import review_queue
from quality.services import leases
from quality.services.leases import (
    LEASE,
    LeasedError,
    lease_check,
    lease_release,
    lease_take,
    lease_take_over,
    next_case_take,
)
from tests import factories
from tests.services.test_quality_cases import World, another_reviewer
from tests.services.test_quality_races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = World()
    world.annotate()
    world.case()
    return world


@pytest.fixture
def other(world: World) -> ProjectContext:
    return world.ctx(another_reviewer(world))


def holder(world: World) -> Any:
    return ReviewLease.objects.get(document=world.document).reviewer


def silence(seconds: float) -> None:
    ReviewLease.objects.update(lease_until=now() - timedelta(seconds=seconds))


def test_the_first_has_the_document_and_the_second_is_told_who(world: World, other: ProjectContext) -> None:
    assert lease_take(ctx=world.ctx(), document=world.document) is None
    assert lease_take(ctx=world.ctx(), document=world.document) is None
    told = lease_take(ctx=other, document=world.document)
    assert told is not None
    assert (told.reviewer, told.minutes) == (world.reviewer, 0)
    assert holder(world) == world.reviewer
    assert told.organization == world.project.organization


def test_a_heartbeat_renews_and_does_not_begin_anew(world: World) -> None:
    lease_take(ctx=world.ctx(), document=world.document)
    begun = now() - timedelta(minutes=7)
    ReviewLease.objects.update(since=begun, lease_until=now() + timedelta(seconds=5))
    lease_take(ctx=world.ctx(), document=world.document)
    lease = ReviewLease.objects.get()
    assert (lease.since, lease.minutes) == (begun, 7)
    assert lease.lease_until > now() + LEASE - timedelta(seconds=30)


def test_silence_gives_the_document_to_whoever_comes(world: World, other: ProjectContext) -> None:
    lease_take(ctx=world.ctx(), document=world.document)
    silence(1)
    assert lease_take(ctx=other, document=world.document) is None
    assert holder(world) == other.user
    # The heartbeat of the page that slept does not take it back.
    assert lease_take(ctx=world.ctx(), document=world.document) is not None


def test_leaving_gives_back_only_ones_own(world: World, other: ProjectContext) -> None:
    lease_take(ctx=world.ctx(), document=world.document)
    assert not lease_release(ctx=other, document=world.document)
    assert lease_release(ctx=world.ctx(), document=world.document)
    assert not ReviewLease.objects.exists()


def test_taking_over_is_written_down_and_blocks_the_other(world: World, other: ProjectContext) -> None:
    lease_take(ctx=world.ctx(), document=world.document)
    lease_take_over(ctx=other, document=world.document)
    assert holder(world) == other.user
    event = AuditEvent.objects.get(verb="case.takeover")
    assert (event.actor, event.payload) == (other.user, {"from": world.reviewer.pk})
    with pytest.raises(LeasedError, match="is reviewing this document now"):
        lease_check(ctx=world.ctx(), document=world.document)
    lease_check(ctx=other, document=world.document)
    # Nobody's document is not taken over, just taken.
    silence(1)
    lease_take_over(ctx=world.ctx(), document=world.document)
    assert AuditEvent.objects.filter(verb="case.takeover").count() == 1


def test_who_may_not_review_takes_nothing(world: World) -> None:
    for take in (lease_take, lease_take_over):
        with pytest.raises(PermissionDenied):
            take(ctx=world.ctx(world.one), document=world.document)
    assert not ReviewLease.objects.exists()


def test_the_queue_passes_over_what_others_have_open_and_says_who(world: World, other: ProjectContext) -> None:
    second = factories.document_make(world.project, "Ada met Grace in Oslo.")
    for person, label in ((world.one, "PERSON"), (world.two, "NORP")):
        factories.annotation_make(second, person, [(0, 3, label)])
    world.document, first = second, world.document
    world.case()
    mine = next_case_take(ctx=world.ctx())
    theirs = next_case_take(ctx=other)
    assert mine is not None
    assert theirs is not None
    assert {mine.document, theirs.document} == {first, second}
    assert next_case(world.ctx()) == mine
    rows = review_queue(other).rows
    assert {row.case.document: row.lease.reviewer if row.lease else None for row in rows} == {
        mine.document: world.reviewer,
        theirs.document: None,
    }
    lease_release(ctx=world.ctx(), document=mine.document)
    assert next_case(other, after=theirs.uuid) == mine


def test_when_everything_is_open_elsewhere_there_is_nothing_to_do(world: World, other: ProjectContext) -> None:
    assert next_case_take(ctx=world.ctx()) is not None
    assert next_case_take(ctx=other) is None
    assert AdjudicationCase.objects.get().status == "open"


def test_others_are_nudged_when_a_document_changes_hands(
    world: World, other: ProjectContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    nudged: list[str] = []
    monkeypatch.setattr(leases, "nudge_on_commit", lambda group, kind: nudged.append(kind))
    lease_take(ctx=world.ctx(), document=world.document)
    lease_take(ctx=world.ctx(), document=world.document)  # a heartbeat is no news
    assert nudged == ["review"]
    lease_take_over(ctx=other, document=world.document)
    lease_release(ctx=other, document=world.document)
    assert nudged == ["review"] * 3


@pytest.mark.django_db(transaction=True)
def test_of_many_who_open_it_at_once_one_has_it() -> None:
    world = World()
    people = [world.ctx(another_reviewer(world)) for _ in range(6)]
    results = at_once(*(functools.partial(lease_take, ctx=ctx, document=world.document) for ctx in people))
    assert sum(result is None for result in results) == 1
    assert {result.reviewer for result in results if result is not None} == {holder(world)}
