"""Single labels that a model doubts: who is asked again, how many, and what comes of it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from activelearning.engine import job as files
from activelearning.models import ModelVersion
from activelearning.services import execution, runs
from annotation.domain.permissions import ProjectRole
from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Assignment, Document, OverlapReason, Project, Suggestion
from annotation.selectors.doubts import doubt_of, second_looks
from annotation.services.annotations import annotation_write
from annotation.services.doubts import KEPT, DoubtedDocument, doubts_publish
from annotation.services.queue import queue_extend
from daner_site.accounts.models import User
from quality.services.overlap import overlap_consider
from tests import factories
from tests.fakes import fake_engine
from tests.services.run_helpers import execute
from tests.services.test_work import claim, submit

pytestmark = pytest.mark.django_db

ADA = LabelledSpan(0, 3, "PER")


class World:
    """Documents that one person has labelled, and a second one who could."""

    def __init__(self, documents: int = 10, **settings: float | bool) -> None:
        self.manager = factories.user_make()
        organization = factories.organization_make(owner=self.manager)
        settings = {"doubt_share": 0.2, "overlap_share": 0.0, "overlap_start": 0, "probe_documents": 0} | settings
        self.project: Project = factories.project_make(organization, self.manager, **settings)
        self.first, self.second = factories.user_make(), factories.user_make()
        for person in (self.first, self.second):
            factories.membership_make(organization, person)
            factories.project_member_make(self.project, person, ProjectRole.ANNOTATOR)
        self.documents = factories.documents_make(self.project, documents)
        self.annotations = [factories.annotation_make(item, self.first, [ADA]) for item in self.documents]
        queue_extend(project=self.project)

    def doubt(self, *numbers: int, wrong_words: float = 2.0) -> int:
        """These documents' labels are doubted, the first one most."""
        return self.publish(*(self.annotations[number] for number in numbers), wrong_words=wrong_words)

    def publish(self, *annotations: Annotation, wrong_words: float = 2.0) -> int:
        return doubts_publish(
            project=self.project,
            model_uuid=uuid4(),
            model_name="v1",
            doubted=[
                DoubtedDocument(annotation.uuid, wrong_words - place / 100, [])
                for place, annotation in enumerate(annotations)
            ],
        )

    def target(self, number: int) -> tuple[int, str]:
        document = Document.objects.get(pk=self.documents[number].pk)
        return document.overlap_target, document.overlap_reason


def test_the_most_doubted_get_a_second_person_up_to_the_share() -> None:
    world = World()
    assert world.doubt(7, 3, 5) == 2
    assert world.target(7) == world.target(3) == (2, OverlapReason.TARGETED)
    assert world.target(5) == (1, "")
    assert world.project.doubts.filter(asked_at=None).count() == 1


def test_the_share_counts_over_the_project_s_life() -> None:
    world = World()
    assert world.doubt(0, 1) == 2
    assert world.doubt(2, 3) == 0
    assert world.project.doubts.count() == 4
    world.annotations += [
        factories.annotation_make(item, world.first, [ADA])
        for item in [factories.document_make(world.project, f"Ada, number {n}.") for n in range(5)]
    ]
    assert world.doubt(2, 3) == 1


def test_nobody_is_asked_where_the_project_does_not_want_it() -> None:
    world = World(doubt_share=0.0)
    assert world.doubt(0, 1) == 0
    assert world.target(0) == (1, "")


def test_a_small_doubt_is_no_reason() -> None:
    world = World()
    assert world.doubt(0, wrong_words=0.4) == 0
    assert not world.project.doubts.exists()


def test_labels_that_changed_meanwhile_are_not_doubted() -> None:
    world = World()
    annotation_write(project=world.project, document=world.documents[0], author=world.first, kind="human", spans=[])
    assert world.doubt(0) == 0
    assert not world.project.doubts.exists()


@pytest.mark.parametrize("kind", ["gold", "second", "rejected"])
def test_only_single_labels_are_doubted(kind: str) -> None:
    world = World()
    document = world.documents[0]
    if kind == "gold":
        factories.annotation_make(document, world.manager, [ADA], kind=Annotation.Kind.GOLD)
    elif kind == "second":
        Document.objects.filter(pk=document.pk).update(overlap_target=2)
        factories.annotation_make(document, world.second, [ADA])
    else:
        factories.assignment_make(document, world.second, status=Assignment.Status.REJECTED, slot=1)
    assert world.doubt(0) == 0
    assert not world.project.doubts.exists()


def test_documents_that_more_people_are_to_label_anyway_are_left_alone() -> None:
    world = World()
    Document.objects.filter(pk=world.documents[0].pk).update(overlap_target=2, overlap_reason=OverlapReason.RANDOM)
    assert world.doubt(0, 1) == 1
    assert world.target(0) == (2, OverlapReason.RANDOM)


def test_nobody_is_asked_where_nobody_is_left() -> None:
    world = World()
    world.project.members.filter(user=world.second).delete()
    assert world.doubt(0) == 0
    assert world.target(0) == (1, "")


def test_no_more_than_so_many_are_kept() -> None:
    world = World()
    unknown = [Annotation(uuid=uuid4()) for _ in range(KEPT)]
    assert world.publish(*unknown, world.annotations[0], wrong_words=10) == 0


def test_another_project_s_labels_are_not_touched() -> None:
    world, other = World(), World()
    assert world.publish(*other.annotations) == 0
    assert other.target(0) == (1, "")


def test_the_second_person_sees_no_suggestion_that_learned_the_first_one_s_labels() -> None:
    world = World()
    for document in world.documents[:2]:
        Suggestion.objects.create(
            organization_id=world.project.organization_id,
            project=world.project,
            document=document,
            model_uuid=uuid4(),
            model_name="v1",
            spans=[{"start": 0, "end": 3, "label": "PER", "confidence": 0.9}],
        )
    world.doubt(0)
    assert claim(world.second, world.project).suggested == {}
    submit(world.second, world.project)
    Document.objects.filter(pk=world.documents[1].pk).update(overlap_target=2)
    assert claim(world.second, world.project).suggested["model"] == "v1"


def test_a_second_look_ends_with_two_people_unless_the_project_asks_on() -> None:
    for targeted, people in ((False, 2), (True, 3)):
        world = World(overlap_targeted=targeted, overlap_cap=4)
        third = factories.user_make()
        factories.membership_make(world.project.organization, third)
        factories.project_member_make(world.project, third, ProjectRole.ANNOTATOR)
        world.doubt(0)
        annotation = submit(world.second, world.project, (17, 21, "LOC"))
        assert annotation.document_id == world.documents[0].pk
        overlap_consider(document_id=annotation.document_id)
        assert world.target(0)[0] == people


def test_what_second_people_said_is_told_beside_the_usual() -> None:
    world = World(documents=20)
    assert second_looks(world.project) is None
    world.doubt(0, 1, 2)
    for number, spans in ((0, [ADA]), (1, [])):
        factories.annotation_make(world.documents[number], world.second, spans, assigned=False)
    for number in (10, 11, 12, 13):
        Document.objects.filter(pk=world.documents[number].pk).update(
            overlap_target=2, overlap_reason=OverlapReason.RANDOM
        )
        spans = [] if number == 10 else [ADA]
        factories.annotation_make(world.documents[number], world.second, spans, assigned=False)
    found = second_looks(world.project)
    assert found is not None
    assert (found.asked, found.seen, found.different, found.percent) == (3, 2, 1, 50)
    assert (found.usual_seen, found.usual_different, found.usual_percent) == (4, 1, 25)


def test_a_doubt_about_labels_that_were_changed_is_no_longer_told() -> None:
    world = World(doubt_share=0.0)
    world.doubt(0)
    assert doubt_of(world.documents[0]) is not None
    annotation_write(project=world.project, document=world.documents[0], author=world.first, kind="human", spans=[])
    assert doubt_of(world.documents[0]) is None


# --- from a training ----------------------------------------------------------------------


@pytest.fixture
def engine(settings, tmp_path):
    settings.DANER_ENGINE_COMMAND = fake_engine()
    settings.DANER_ARTEFACTS = tmp_path / "artefacts"


def trained(world: World, by: User, tier: str) -> None:
    run = execute(runs.training_run_open(project=world.project, opened_by=by, tier=tier))
    assert run.status == "ready", run.error


def test_a_full_training_publishes_its_doubts_under_its_version(engine) -> None:
    world = World()
    factories.annotation_make(world.documents[0], world.manager, [ADA], kind=Annotation.Kind.GOLD)
    trained(world, world.manager, "full")
    version = ModelVersion.objects.get()
    doubts = list(world.project.doubts.all())
    assert {doubt.model_uuid for doubt in doubts} == {version.uuid}
    assert world.documents[0].pk not in {doubt.document_id for doubt in doubts}, "gold is not doubted"
    assert sum(doubt.asked_at is not None for doubt in doubts) == 1, "a fifth of nine"


def test_the_engine_judges_single_labels_alone(engine, monkeypatch) -> None:
    world, judged, run_engine = World(), [], execution._run_engine

    def spy(lease, folder):
        judged.append(files.read_judged(folder))
        run_engine(lease, folder)

    monkeypatch.setattr(execution, "_run_engine", spy)
    factories.annotation_make(world.documents[0], world.manager, [ADA], kind=Annotation.Kind.GOLD)
    Document.objects.filter(pk=world.documents[1].pk).update(overlap_target=2)
    factories.annotation_make(world.documents[1], world.second, [ADA])
    trained(world, world.manager, "full")
    assert judged == [{str(document.uuid) for document in world.documents[2:]}]


@pytest.mark.parametrize(("tier", "share"), [("fast", 0.2), ("full", 0.0)])
def test_other_trainings_doubt_nobody(engine, tier: str, share: float) -> None:
    world = World(doubt_share=share)
    trained(world, world.manager, tier)
    assert not world.project.doubts.exists()
