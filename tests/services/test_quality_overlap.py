"""Who else is asked about a document, and what that cost."""

from __future__ import annotations

from typing import Any

import pytest

from annotation.domain.permissions import ProjectRole
from annotation.models import Document, Guideline, OverlapReason, Project, QueueEntry
from annotation.selectors.layers import document_layers
from annotation.services.capacity import capacity_set
from annotation.services.queue import queue_extend
from daner_site.accounts.models import User
from daner_site.core.clock import now
from quality.models import ConsensusDocument, ConsensusRun
from quality.selectors.consensus import layers_sha
from quality.selectors.overlap import OverlapCost, overlap_cost
from quality.services.overlap import overlap_consider
from tests import factories
from tests.services.test_work import submit

pytestmark = pytest.mark.django_db

PER = (0, 3, "PER")
LOC = (17, 21, "LOC")


class World:
    """A project that asks up to four people, with five who label."""

    def __init__(self, documents: int = 1, **settings: Any) -> None:
        self.manager = factories.user_make()
        organization = factories.organization_make(owner=self.manager)
        settings = {"overlap_targeted": True, "overlap_start": 0, "overlap_cap": 4} | settings
        self.project: Project = factories.project_make(organization, self.manager, **settings)
        self.people: list[User] = [factories.user_make() for _ in range(5)]
        for person in self.people:
            factories.membership_make(organization, person)
            factories.project_member_make(self.project, person, ProjectRole.ANNOTATOR)
        self.documents = factories.documents_make(self.project, documents)
        queue_extend(project=self.project)

    def target(self, document: Document | None = None) -> int:
        document = document or self.documents[0]
        document.refresh_from_db()
        return document.overlap_target

    def submit(self, person: int, *spans: tuple[int, int, str]) -> bool:
        annotation = submit(self.people[person], self.project, *spans)
        return overlap_consider(document_id=annotation.document_id)


def test_people_are_added_one_at_a_time_until_two_agree() -> None:
    world = World()
    assert world.submit(0, PER)
    assert world.target() == 2
    assert world.submit(1, LOC)
    assert world.target() == 3
    assert not world.submit(2, LOC)
    assert world.target() == 3
    world.documents[0].refresh_from_db()
    assert world.documents[0].overlap_reason == OverlapReason.TARGETED


def test_considering_again_adds_nobody() -> None:
    world = World()
    assert world.submit(0, PER)
    assert not overlap_consider(document_id=world.documents[0].pk)
    assert world.target() == 2


def test_never_beyond_the_cap_and_never_the_same_person() -> None:
    world = World(overlap_agreement=0.9)
    answers = [(PER,), (LOC,), (PER, LOC), ()]
    for person, spans in enumerate(answers):
        world.submit(person, *spans)
    assert world.target() == 4
    people = list(world.documents[0].assignments.values_list("annotator", flat=True))
    assert len(people) == len(set(people)) == 4


def test_the_agreement_asked_for_is_the_projects() -> None:
    for agreement, target in [(0.6, 2), (0.7, 3)]:
        world = World(overlap_agreement=agreement)
        world.submit(0, PER, LOC)
        world.submit(1, PER)
        assert world.target() == target


def test_two_who_saw_nothing_agree() -> None:
    world = World()
    world.submit(0)
    assert not world.submit(1)


def test_nobody_is_asked_when_nobody_is_left_or_it_is_off() -> None:
    alone = World()
    alone.project.members.exclude(user=alone.people[0]).delete()
    assert not alone.submit(0, PER)
    off = World(overlap_targeted=False)
    assert not off.submit(0, PER)


def test_documents_that_chance_drew_stay_as_they_were_drawn() -> None:
    world = World()
    assert capacity_set(project=world.project, document_id=world.documents[0].pk, people=2, reason=OverlapReason.RANDOM)
    world.submit(0, PER)
    world.submit(1, LOC)
    assert world.target() == 2


def test_a_consensus_of_these_very_annotations_decides_instead_of_the_pair() -> None:
    for uncertainty, target in [(2.5, 3), (0.2, 2)]:
        world = World()
        world.submit(0, PER)
        submit(world.people[1], world.project, LOC if uncertainty < 1 else PER)
        run = ConsensusRun.objects.create(
            organization=world.project.organization,
            project=world.project,
            number=1,
            data_sha="x",
            watermark=0,
            created_at=now(),
            finished_at=now(),
        )
        ConsensusDocument.objects.create(
            organization=world.project.organization,
            run=run,
            document=world.documents[0],
            spans=[],
            people=2,
            uncertainty=uncertainty,
            layers_sha=layers_sha(document_layers(world.documents[0])),
        )
        overlap_consider(document_id=world.documents[0].pk)
        assert world.target() == target


def test_a_consensus_of_other_annotations_is_not_asked() -> None:
    world = World()
    world.submit(0, PER)
    submit(world.people[1], world.project, PER)
    run = ConsensusRun.objects.create(
        organization=world.project.organization,
        project=world.project,
        number=1,
        data_sha="x",
        watermark=0,
        created_at=now(),
        finished_at=now(),
    )
    ConsensusDocument.objects.create(
        organization=world.project.organization,
        run=run,
        document=world.documents[0],
        spans=[],
        people=1,
        uncertainty=9.0,
        layers_sha="of another time",
    )
    assert not overlap_consider(document_id=world.documents[0].pk)


def test_the_first_documents_of_a_guideline_version_get_several_people() -> None:
    world = World(documents=30, overlap_targeted=False, overlap_start=2, overlap_share=0.0)
    assert [world.submit(0) for _ in range(4)] == [True, True, False, False]
    Guideline.objects.create(
        organization=world.project.organization,
        project=world.project,
        version=1,
        body="Names only.",
        author=world.manager,
    )
    assert [world.submit(0) for _ in range(3)] == [True, True, False]
    assert world.project.documents.filter(overlap_reason=OverlapReason.START, overlap_target=2).count() == 4


def test_a_small_project_is_not_labelled_twice_for_having_begun() -> None:
    world = World(documents=12, overlap_targeted=False, overlap_start=30)
    assert [world.submit(0) for _ in range(3)] == [True, False, False]


def test_the_saving_is_counted_from_what_was_labelled() -> None:
    world = World(documents=2)
    world.submit(0, PER)
    world.submit(1, PER)
    cost = overlap_cost(world.project)
    # Both people had the first document first; the second one is not begun and counts for nothing.
    assert (cost.documents, cost.made, cost.uniform, cost.saved) == (1, 2, 4, 2)
    assert [(row.people, row.documents) for row in cost.spread] == [(2, 1)]


def test_the_estimate_of_what_is_saved_follows_the_replay_and_not_the_cap() -> None:
    cost = OverlapCost(targeted=True, cap=5, documents=200, made=578, spread=(), reasons=(), left=0)
    assert (cost.uniform, cost.saved) == (1000, 422)
    assert cost.evenly == (40, 150)  # 2.89 people a text did as well as 3.09 to 3.64 spread evenly


def in_order(world: World, person: int | None = None) -> list[Document]:
    """As the queue has them; with `person`, those this one has labelled."""
    entries = QueueEntry.objects.filter(project=world.project).order_by("position").select_related("document")
    had = {} if person is None else {"document__assignments__annotator": world.people[person]}
    return [entry.document for entry in entries.filter(**had)]


def wait_for_another(world: World, documents: list[Document]) -> None:
    for document in documents:
        capacity_set(project=world.project, document_id=document.pk, people=2, reason=OverlapReason.TARGETED)


def test_who_has_shared_least_comes_together() -> None:
    """Five documents of three people wait for a second person; the one who comes meets all before anybody twice."""
    world = World(documents=5, overlap_targeted=False)
    for person in (0, 0, 1, 1, 2):
        submit(world.people[person], world.project, PER)
    wait_for_another(world, world.documents)
    met = [submit(world.people[3], world.project, PER).document for _ in range(5)]
    first_of = {document.pk: person for person in range(3) for document in in_order(world, person)}
    expected = [in_order(world, 0)[0], in_order(world, 1)[0], in_order(world, 2)[0]]
    assert {first_of[document.pk] for document in met[:3]} == {0, 1, 2}, "nobody twice before all were met"
    assert met[0] == in_order(world)[0], "where nobody was met, the published order decides"
    assert {document.pk for document in met[:3]} == {document.pk for document in expected}
    assert [first_of[document.pk] for document in met[3:]] in ([0, 1], [1, 0])


def test_documents_nobody_has_keep_their_place_in_the_order() -> None:
    world = World(documents=4, overlap_targeted=False)
    submit(world.people[0], world.project, PER)
    submit(world.people[0], world.project, PER)
    order = in_order(world)
    wait_for_another(world, [order[1]])
    assert submit(world.people[1], world.project, PER).document == order[1]
    wait_for_another(world, [order[0]])
    submit(world.people[2], world.project, PER)
    assert submit(world.people[1], world.project, PER).document == order[2], "the further one is taken by now"
