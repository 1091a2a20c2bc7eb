"""What a model learns: gold, consensus and weights reach the training set, and the record says so."""

from __future__ import annotations

from uuid import uuid4

import pytest

from activelearning.services.snapshots import snapshot
from annotation.domain.permissions import ProjectRole
from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Document, Project
from annotation.selectors.training import test_set as measuring_set
from annotation.selectors.training import training_set
from annotation.services.annotations import annotation_write
from annotation.services.knowledge import ResolvedDocument, resolved_labels_replace, trust_replace
from daner_site.accounts.models import User
from quality.models import ConsensusRun
from quality.numeric.training import AgainstVote, Settled, against_vote, trust
from quality.services import training_labels
from quality.services.consensus import consensus_recompute
from tests import factories

pytestmark = pytest.mark.django_db

TEXT = "Ada Lovelace met Grace in Oslo."
ADA, GRACE, OSLO = LabelledSpan(0, 12, "PER"), LabelledSpan(17, 22, "PER"), LabelledSpan(26, 30, "LOC")


@pytest.fixture
def project() -> Project:
    owner = factories.user_make("owner")
    organization = factories.organization_make(owner=owner)
    return factories.project_make(organization, owner, learn_consensus=True, weigh_labels=True)


@pytest.fixture
def people(project: Project) -> list[User]:
    found = [factories.user_make() for _ in range(3)]
    for person in found:
        factories.membership_make(project.organization, person)
        factories.project_member_make(project, person, ProjectRole.ANNOTATOR)
    return found


@pytest.fixture
def document(project: Project) -> Document:
    return factories.document_make(project, TEXT, overlap_target=3)


def settings(project: Project, **values: bool) -> None:
    Project.objects.filter(pk=project.pk).update(**values)
    project.refresh_from_db()


def resolve(project: Project, document: Document, *spans: LabelledSpan, weight: float = 0.8) -> None:
    layers = list(Annotation.objects.filter(document=document, current=True, kind="human"))
    row = ResolvedDocument(document.pk, [layer.uuid for layer in layers], spans, weight)
    resolved_labels_replace(project=project, run_uuid=uuid4(), method="bsc", documents=[row])


def learned(project: Project) -> tuple[str, tuple[LabelledSpan, ...], float]:
    (text,) = training_set(project)
    return text.source, text.spans, text.weight


def differ(document: Document, people: list[User]) -> None:
    factories.annotation_make(document, people[0], [ADA])
    factories.annotation_make(document, people[1], [GRACE])


def test_the_consensus_is_learned_in_place_of_the_vote(project, people, document):
    differ(document, people)
    assert learned(project) == ("vote", (ADA, GRACE), 1.0)
    resolve(project, document, OSLO)
    assert learned(project) == ("consensus", (OSLO,), 0.8)


def test_it_is_not_learned_unless_the_project_wants_it(project, people, document):
    differ(document, people)
    resolve(project, document, OSLO)
    settings(project, learn_consensus=False)
    assert learned(project) == ("vote", (ADA, GRACE), 1.0)
    settings(project, learn_consensus=True, weigh_labels=False)
    assert learned(project) == ("consensus", (OSLO,), 1.0)


def test_a_consensus_of_other_annotations_is_not_learned(project, people, document):
    differ(document, people)
    resolve(project, document, OSLO)
    factories.annotation_make(document, people[2], [OSLO])
    assert learned(project)[0] == "vote"


def test_a_changed_annotation_overtakes_the_consensus(project, people, document):
    differ(document, people)
    resolve(project, document, OSLO)
    annotation_write(project=project, document=document, author=people[0], kind="human", spans=[ADA, OSLO])
    assert learned(project) == ("vote", (ADA, GRACE, OSLO), 1.0)


def test_gold_comes_before_all_and_counts_in_full(project, people, document):
    differ(document, people)
    resolve(project, document, OSLO)
    trust_replace(project=project, weights={people[0].pk: 0.4})
    factories.annotation_make(document, people[2], [ADA], kind="gold")
    assert learned(project) == ("gold", (ADA,), 1.0)


def test_single_labels_count_as_much_as_their_author(project, people, document):
    factories.annotation_make(document, people[0], [ADA])
    assert learned(project) == ("single", (ADA,), 1.0)
    trust_replace(project=project, weights={people[0].pk: 0.4, people[1].pk: 0.8})
    assert learned(project) == ("single", (ADA,), 0.4)
    settings(project, weigh_labels=False)
    assert learned(project) == ("single", (ADA,), 1.0)


def test_a_stranger_s_labels_count_as_much_as_usual(project, people, document):
    factories.annotation_make(document, people[2], [ADA])
    trust_replace(project=project, weights={people[0].pk: 0.4, people[1].pk: 0.8})
    assert learned(project)[2] == pytest.approx(0.6)


def test_what_is_measured_on_is_never_the_consensus(project, people):
    test = factories.document_make(project, TEXT, split="test", probe=True, overlap_target=2)
    differ(test, people)
    resolve(project, test, OSLO)
    (text,) = measuring_set(project)
    assert (text.source, text.weight) == ("vote", 1.0)


def test_a_new_run_replaces_the_one_before(project, people, document):
    differ(document, people)
    resolve(project, document, OSLO)
    resolve(project, document, ADA, weight=0.5)
    assert learned(project) == ("consensus", (ADA,), 0.5)
    resolved_labels_replace(project=project, run_uuid=uuid4(), method="bsc", documents=[])
    assert not project.resolved_labels.exists()


def test_another_project_s_rows_stay(project, people, document):
    other = factories.project_make(project.organization, people[0], learn_consensus=True)
    theirs = factories.document_make(other, TEXT, overlap_target=2)
    differ(theirs, people)
    resolve(other, theirs, OSLO)
    trust_replace(project=other, weights={people[0].pk: 0.5})
    resolve(project, document)
    trust_replace(project=project, weights={})
    assert learned(other)[0] == "consensus"
    assert other.trust.count() == 1


def test_the_record_holds_what_annotations_alone_do_not_give_again(project, people, document):
    differ(document, people)
    plain = snapshot(training_set(project))
    assert plain.keys() == {"documents", "sha256"}
    resolve(project, document, OSLO)
    record = snapshot(training_set(project))
    assert record["documents"] == plain["documents"]
    assert record["consensus"] == {str(document.uuid): [[26, 30, "LOC"]]}
    assert record["weights"] == {str(document.uuid): 0.8}


def test_the_hash_covers_source_spans_and_weight(project, people, document):
    differ(document, people)
    hashes = {snapshot(training_set(project))["sha256"]}
    for spans, weight in (((ADA, GRACE), 1.0), ((ADA,), 1.0), ((ADA,), 0.5)):
        resolve(project, document, *spans, weight=weight)
        hashes.add(snapshot(training_set(project))["sha256"])
    assert len(hashes) == 4
    assert snapshot(training_set(project))["sha256"] in hashes, "the same labels give the same hash"


# --- from the consensus of a project ------------------------------------------------------


def test_a_consensus_run_stores_how_far_people_are_trusted(project, people):
    for number in range(3):
        shared = factories.document_make(project, f"{TEXT} {number}", overlap_target=2)
        factories.annotation_make(shared, people[0], [ADA, OSLO])
        factories.annotation_make(shared, people[1], [ADA])
    assert consensus_recompute(project_id=project.pk) is not None
    assert dict(project.trust.values_list("annotator_id", "weight")).keys() == {people[0].pk, people[1].pk}
    assert not project.resolved_labels.exists(), "the vote is no better than itself"


@pytest.mark.parametrize(
    ("calibrated", "compared", "learned"),
    [
        (True, AgainstVote(10, 0.8, 0.7), True),
        (True, AgainstVote(10, 0.7, 0.7), True),
        (True, AgainstVote(10, 0.6, 0.7), False),
        (False, AgainstVote(10, 0.8, 0.7), False),
        (True, None, False),
    ],
)
def test_the_consensus_is_handed_on_once_it_has_proved_itself(project, people, document, calibrated, compared, learned):
    from annotation.selectors.layers import layers_of
    from daner_site.core.clock import now
    from quality.numeric.calibration import Calibration
    from quality.numeric.consensus import Consensus, ConsensusSpan

    differ(document, people)
    run = ConsensusRun.objects.create(
        organization=project.organization, project=project, number=1, data_sha="", watermark=0, created_at=now()
    )
    span = ConsensusSpan(26, 30, "LOC", 0.9, (), ())
    found = Consensus("bsc", {str(document.pk): (span,)}, {str(document.pk): 0.2}, ())
    calibration = Calibration((0.0, 1.0), (0.0, 0.5), 200) if calibrated else None
    training_labels.training_labels_publish(
        run=run, documents=list(layers_of(project)), found=found, calibration=calibration, compared=compared
    )
    rows = list(project.resolved_labels.values_list("method", "spans", "weight", "run_uuid"))
    assert rows == ([("bsc", [[26, 30, "LOC"]], 0.45, run.uuid)] if learned else [])


def test_both_are_compared_on_what_was_settled():
    agreed = Settled([ADA], [[ADA], [ADA]], [ADA])
    found = against_vote([agreed, Settled([ADA], [[ADA], [GRACE]], [ADA])])
    assert (found.documents, found.consensus, found.vote) == (2, 1.0, 0.8)
    assert found.as_good
    assert not against_vote([agreed, Settled([ADA], [[ADA], [ADA]], [OSLO])]).as_good


def test_little_evidence_is_drawn_to_the_mean_and_nobody_counts_for_nothing():
    from quality.numeric.consensus import Reliability

    def row(name: str, documents: int, f1: float | None) -> Reliability:
        return Reliability(name, documents, 100, f1, f1, f1, None, None, True, {})

    found = trust([row("a", 5, 0.9), row("b", 95, 0.5), row("c", 40, 0.0), row("d", 3, None)])
    mean = (0.9 + 0.5 + 0.0) / 3
    assert found.keys() == {"a", "b", "c"}
    assert found["a"] == pytest.approx((5 * 0.9 + 5 * mean) / 10)
    assert found["c"] == 0.3
