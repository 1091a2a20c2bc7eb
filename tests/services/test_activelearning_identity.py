"""A document keeps its identity from score to screen to store to training, over a thousand submissions."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from activelearning.engine import job as files
from activelearning.models import ModelVersion, TrainingRun
from activelearning.services import execution, runs
from annotation.access import project_context
from annotation.domain.permissions import ProjectRole
from annotation.domain.spans import LabelledSpan
from annotation.domain.submission import Submission
from annotation.models import Annotation, Assignment, Document, QueueEntry
from annotation.selectors.training import training_set
from annotation.services.queue import queue_extend
from annotation.services.work import annotation_submit, assignment_claim_next
from tests import fakes
from tests.factories import membership_make, organization_make, project_make, project_member_make, user_make

SUBMISSIONS = 1000
EVERY = 100


@pytest.fixture
def loop(db, settings, tmp_path):
    settings.DANER_ENGINE_COMMAND = fakes.fake_engine()
    settings.DANER_ARTEFACTS = tmp_path
    owner = user_make()
    organization = organization_make(owner=owner)
    project = project_make(organization, owner, retrain_after=EVERY, overlap=1, overlap_share=0, strategy="mnlp")
    people = [owner]
    for _ in range(2):
        people.append(user_make())
        membership_make(organization, people[-1])
        project_member_make(project, people[-1], ProjectRole.ANNOTATOR)
    Document.objects.bulk_create(
        Document(
            organization=organization,
            project=project,
            text=f"Person{number:04d} lives here.",
            sha256=f"{number:064d}",
            tokens=[[0, 10], [11, 16], [17, 21], [21, 22]],
            position=number,
        )
        for number in range(SUBMISSIONS + 50)
    )
    queue_extend(project=project)
    return project, [project_context(person, organization.slug, project.uuid) for person in people]


@pytest.mark.slow
def test_the_document_that_is_scored_is_the_one_shown_stored_and_trained_on(loop, monkeypatch):
    project, contexts = loop
    trained_on = {}
    original = execution._run_engine

    def spy(lease, folder):
        trained_on.clear()
        trained_on.update({e.document_id: e for e in files.read_examples(folder / files.TRAIN)})
        original(lease, folder)

    monkeypatch.setattr(execution, "_run_engine", spy)
    truth, memories = {}, {}
    for number in range(SUBMISSIONS):
        ctx = contexts[number % len(contexts)]
        assignment = assignment_claim_next(ctx=ctx)
        document = assignment.document
        entry = QueueEntry.objects.get(project=project, generation=assignment.generation, document=document)
        assert (assignment.rank, assignment.score, assignment.model_uuid) == (
            entry.position,
            entry.score,
            entry.model_uuid,
        )
        if assignment.model_uuid:
            version = ModelVersion.objects.get(uuid=assignment.model_uuid)
            assert version.active, "a superseded order was served"
            memory = memories[version.pk]
            assert assignment.score == -fakes.number("mnlp", str(document.uuid), memory)
            assert assignment.suggested["model_uuid"] == str(version.uuid)
        # What a person marks depends on the text they see and on nothing else.
        span = LabelledSpan(0, 10, "PER" if int(document.text[6:10]) % 2 else "LOC")
        assert str(document.uuid) not in truth, "the same document twice"
        truth[str(document.uuid)] = (document.text, span)
        work = Submission(spans=(span,), edited=frozenset(), refused=(), seconds=1.0)
        annotation_submit(ctx=ctx, assignment_uuid=assignment.uuid, submission=work)
        run = runs.training_run_maybe_open(project_id=project.pk, later=True)
        if run is not None:
            execution.training_run_execute(run_id=run.pk)
            done = TrainingRun.objects.get(pk=run.pk)
            memories[done.version.pk] = json.dumps(fakes.learn(trained_on.values()), sort_keys=True)
            check(project, truth, trained_on, done)
    assert Assignment.objects.filter(status="submitted").count() == SUBMISSIONS
    assert ModelVersion.objects.count() >= SUBMISSIONS // EVERY


def check(project, truth, trained_on, run):
    """Every text, span and score of the newest training stands under the right id."""
    assert run.status == "ready"
    assert {key: (e.text, *e.spans) for key, e in trained_on.items()} == truth
    assert {text.document_uuid for text in training_set(project)} == set(truth)
    for uuid, sources in run.snapshot["documents"].items():
        [annotation] = Annotation.objects.filter(uuid__in=[UUID(source) for source in sources])
        assert str(annotation.document.uuid) == uuid
    memory = json.dumps(fakes.learn(trained_on.values()), sort_keys=True)
    for entry in QueueEntry.objects.filter(model_uuid=run.version.uuid).select_related("document"):
        document_id = str(entry.document.uuid)
        assert document_id not in truth
        assert entry.score == -fakes.number("mnlp", document_id, memory)
