"""Documents that chance takes from the pool to measure on: labelled blind, never learned from."""

from __future__ import annotations

import pytest

from annotation.access import project_context
from annotation.domain.spans import LabelledSpan
from annotation.domain.submission import Submission
from annotation.models import Assignment, Document, Project, QueueEntry, Split, Suggestion
from annotation.selectors import training
from annotation.selectors.progress import project_progress
from annotation.services.gold import gold_publish
from annotation.services.queue import RankedDocument, queue_extend, queue_publish
from annotation.services.work import annotation_submit, assignment_claim_next, assignment_reject, assignment_skip
from tests.factories import annotation_make, documents_make

pytestmark = pytest.mark.django_db
NAMES = ("bob", "ben")


@pytest.fixture
def project(cast):
    Project.objects.update(overlap_share=0, random_share=0.2)
    cast.project_a.refresh_from_db()
    documents = documents_make(cast.project_a, 10)
    for document in documents:
        suggest(document)
    return cast.project_a


def suggest(document):
    span = {"start": 0, "end": 3, "label": "PER", "confidence": 0.9}
    fields = {"organization_id": document.organization_id, "project": document.project, "document": document}
    Suggestion.objects.create(**fields, model_uuid=document.project.uuid, model_name="v1", spans=[span])


def publish(project, documents, probes):
    """As a model would; `probes` are the places that chance drew."""
    ranked = [RankedDocument(d.uuid, None, "random" if d in probes else "", d in probes) for d in documents]
    queue_publish(project=project, ranked=ranked, strategy="default", model_uuid=project.uuid)


def context(cast, name):
    return project_context(cast.user(name), cast.org_a.slug, cast.project_a.uuid)


def claim(cast, name="bob"):
    return assignment_claim_next(ctx=context(cast, name))


def submit(cast, name="bob", *spans):
    assignment = claim(cast, name)
    work = Submission(spans or (LabelledSpan(0, 3, "PER"),), frozenset(), (), 2.0)
    annotation_submit(ctx=context(cast, name), assignment_uuid=assignment.uuid, submission=work)
    return assignment


def probes(project):
    return list(project.documents.filter(probe=True))


def test_a_place_of_chance_goes_blind_into_the_test_split_and_the_others_do_not(cast, project):
    first, second, *_ = documents = list(project.documents.all())
    publish(project, documents, [second])
    assert claim(cast).suggested["spans"]
    submit(cast)
    assignment = submit(cast)
    assert (assignment.document, assignment.strategy, assignment.suggested) == (second, "random", {})
    second.refresh_from_db()
    assert (second.split, second.probe) == (Split.TEST, True)
    assert [text.document_uuid for text in training.training_set(project)] == [str(first.uuid)]
    assert [text.document_uuid for text in training.test_set(project)] == [str(second.uuid)]


def test_enough_test_documents_end_it_and_chance_s_documents_are_learned_from(cast, project):
    Project.objects.update(probe_documents=1)
    documents = list(project.documents.all())
    publish(project, documents, documents[:2])
    submit(cast)
    assert submit(cast).suggested["spans"]
    assert probes(project) == documents[:1]
    assert [text.document_uuid for text in training.training_set(project)] == [str(documents[1].uuid)]


def test_a_project_with_a_large_test_split_of_its_own_takes_none(cast, project):
    Project.objects.update(probe_documents=3)
    documents = list(project.documents.all())
    documents_make(project, 3, split="test")
    publish(project, documents, documents)
    submit(cast)
    assert probes(project) == []


def test_what_somebody_has_had_in_hand_is_not_measured_on(cast, project):
    labelled, skipped, *rest = documents = list(project.documents.all())
    Document.objects.filter(pk__in=[labelled.pk, skipped.pk]).update(overlap_target=2)
    publish(project, [skipped, *rest, labelled], [])
    assignment_skip(ctx=context(cast, "ben"), assignment_uuid=claim(cast, "ben").uuid)
    annotation_make(labelled, cast.ben, [(0, 3, "PER")])
    publish(project, documents, documents[:2])
    assert [submit(cast).document, submit(cast).document] == [labelled, skipped]
    assert probes(project) == []
    assert str(labelled.uuid) in {text.document_uuid for text in training.training_set(project)}


def test_the_second_person_is_blind_too_and_it_counts_when_both_are_done(cast, project):
    documents = list(project.documents.all())
    Document.objects.filter(pk=documents[0].pk).update(overlap_target=2)
    publish(project, documents, documents[:1])
    submit(cast, "bob", LabelledSpan(0, 3, "PER"))
    assert training.test_set(project) == []
    publish(project, documents[1:], [])
    assignment = submit(cast, "ben", LabelledSpan(0, 3, "LOC"))
    assert (assignment.document, assignment.suggested) == (documents[0], {})
    assert [text.source for text in training.test_set(project)] == ["vote"]
    gold_publish(project=project, document=documents[0], author=cast.dora, spans=[], provenance={})
    assert [text.source for text in training.test_set(project)] == ["gold"]
    assert training.training_set(project) == []


def test_an_unfinished_one_stays_at_the_head_of_every_later_order(cast, project):
    documents = list(project.documents.all())
    publish(project, documents, documents[:1])
    held = claim(cast)
    publish(project, documents[5:], [])
    assignment_skip(ctx=context(cast, "bob"), assignment_uuid=held.uuid)
    assert claim(cast, "ben").document == documents[0]


def test_a_rejected_one_is_not_measured_on(cast, project):
    documents = list(project.documents.all())
    publish(project, documents, documents[:1])
    assignment_reject(ctx=context(cast, "bob"), assignment_uuid=claim(cast).uuid, reason="a table")
    assert probes(project) == documents[:1]
    assert training.test_set(project) == []
    assert training.unfinished_probes(project) == []


def test_without_a_model_chance_takes_its_share_and_no_more(cast, project):
    documents_make(project, 190)
    queue_extend(project=project)
    drawn = QueueEntry.objects.filter(project=project, probe=True).count()
    assert 20 <= drawn <= 60
    for _ in range(30):
        submit(cast)
    assert 0 < len(probes(project)) < 15
    assert Assignment.objects.filter(document__probe=True).exclude(suggested={}).count() == 0


def test_progress_counts_what_is_measured_on_as_work(cast, project):
    documents = list(project.documents.all())
    publish(project, documents, documents[:1])
    submit(cast)
    submit(cast)
    progress = project_progress(project)
    assert (progress.documents, progress.labelled, progress.done, progress.test) == (10, 2, 2, 1)
