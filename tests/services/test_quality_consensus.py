"""The consensus of a project: once per state, versioned, over shared documents, in nobody's way."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.access import ProjectContext, project_context
from annotation.domain.permissions import ProjectRole
from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Document, Project, Span
from annotation.services.annotations import annotation_write
from annotation.services.gold import gold_publish
from annotation.signals import annotation_submitted, gold_published, project_changed
from daner_site.accounts.models import AuditEvent, User
from daner_site.core.clock import now
from quality.models import AnnotatorReliability, ConsensusDocument, ConsensusRun
from quality.selectors import consensus as selectors
from quality.selectors.consensus import consensus_of, consensus_page, newest_run, run_summary
from quality.selectors.people import people_page, person_page
from quality.services import consensus
from quality.services.consensus import consensus_recompute, consensus_sweep
from quality.services.consensus_export import consensus_export
from tests import factories

pytestmark = pytest.mark.django_db

TEXT = "Ada Lovelace met the Bank of England in London."
ADA = (0, 12, "PER")
BANK = (21, 36, "ORG")
LONDON = (40, 46, "LOC")


@pytest.fixture
def project() -> Project:
    owner = factories.user_make("owner")
    return factories.project_make(factories.organization_make(owner=owner), owner, labels=("PER", "LOC", "ORG"))


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consensus, "REST_SECONDS", 0)
    monkeypatch.setattr(consensus, "REST", 0)


def people(project: Project, number: int) -> list[User]:
    made = []
    for place in range(number):
        person = factories.user_make(f"p{place}", display_name=f"Person {place}")
        factories.membership_make(project.organization, person)
        factories.project_member_make(project, person, ProjectRole.ANNOTATOR)
        made.append(person)
    return made


def computed(project: Project) -> ConsensusRun:
    run = consensus_recompute(project_id=project.pk)
    assert run is not None
    return run


def shared(project: Project, crowd: list[User], layers: list[list[Any]], text: str = "") -> Document:
    document = factories.document_make(project, text or TEXT, overlap_target=len(crowd))
    labels = {label.name: label for label in project.labels.all()}
    rows: list[Span] = []
    for person, spans in zip(crowd, layers, strict=True):
        annotation = factories.annotation_make(document, person, assigned=False)
        rows += [
            Span(organization_id=project.organization_id, annotation=annotation, start=s, end=e, label=labels[label])
            for s, e, label in spans
        ]
    Span.objects.bulk_create(rows)
    return document


def crowd_work(project: Project, crowd: list[User], documents: int, **error: float) -> list[Document]:
    """Documents of ten names each; `error` by username is the share of names missed or mislabelled."""
    rng = random.Random(4)
    made = []
    for number in range(documents):
        words = [f"Name{number}x{place}" for place in range(10)]
        text = " and ".join(words)
        right = [(at := text.index(word), at + len(word), "PER") for word in words]
        layers = []
        for person in crowd:
            rate = error.get(person.username, 0.0)
            layers.append([(s, e, "LOC" if rng.random() < rate else label) for s, e, label in right])
        made.append(shared(project, crowd, layers, text))
    return made


def as_set(row: ConsensusDocument) -> set[tuple[int, int, str]]:
    return {(item["start"], item["end"], item["label"]) for item in row.spans}


def manager(project: Project) -> ProjectContext:
    ctx = project_context(project.created_by, project.organization.slug, project.uuid)
    assert ctx is not None
    return ctx


def test_documents_that_several_people_labelled_get_a_consensus(project: Project) -> None:
    crowd = people(project, 3)
    document = shared(project, crowd, [[ADA, BANK], [ADA, BANK, LONDON], [ADA]])
    alone = factories.document_make(project)
    factories.annotation_make(alone, crowd[0], [(0, 3, "PER")])
    run = computed(project)
    assert (run.number, run.method, run.documents, run.annotators) == (1, "vote", 1, 3)
    row = consensus_of(project, document)
    assert row is not None
    assert {ADA, BANK} <= as_set(row)
    assert row.people == 3
    bank = next(item for item in row.spans if item["label"] == "ORG")
    assert set(bank["supporters"]) == {str(crowd[0].pk), str(crowd[1].pk)}
    assert bank["against"] == [str(crowd[2].pk)]
    assert consensus_of(project, alone) is None


def test_the_same_state_is_computed_once(project: Project) -> None:
    crowd = people(project, 2)
    document = shared(project, crowd, [[ADA], [ADA]])
    first = computed(project)
    assert computed(project) == first
    # Work on a document only one person labelled moves the watermark, not the consensus.
    factories.annotation_make(factories.document_make(project), crowd[0], [(0, 3, "PER")])
    assert computed(project) == first
    first.refresh_from_db()
    assert first.watermark == project.annotations.latest("pk").pk
    annotation_write(project=project, document=document, author=crowd[0], kind="human", spans=[])
    second = computed(project)
    assert second.number == 2


def test_gold_is_compared_and_never_read_by_the_method(project: Project) -> None:
    crowd = people(project, 2)
    document = shared(project, crowd, [[ADA], [ADA]])
    before = as_set(consensus_of(project, document) or computed(project).rows.get())
    gold_publish(
        project=project, document=document, author=project.created_by, spans=[], provenance={"source": "adjudication"}
    )
    run = computed(project)
    assert run.number == 2
    assert as_set(run.rows.get()) == before == {ADA}
    assert run.settled_spans == 1
    assert run.calibration is None


def test_enough_settled_spans_make_confidence_a_probability(project: Project) -> None:
    crowd = people(project, 3)
    for document in crowd_work(project, crowd, 24, p1=0.3, p2=0.3):
        spans = document.annotations.get(author=crowd[0]).spans.select_related("label")
        gold = [LabelledSpan(span.start, span.end, span.label.name) for span in spans]
        gold_publish(
            project=project,
            document=document,
            author=project.created_by,
            spans=gold,
            provenance={"source": "adjudication"},
        )
    run = computed(project)
    assert run.settled_spans >= 200
    assert run.calibration is not None
    assert run_summary(run).needed == 0
    page = consensus_page(project, document)
    assert page is not None
    assert all(row.percent is not None and row.sureness == "" for row in page.spans)


def test_gold_nobody_looked_at_calibrates_nothing(project: Project) -> None:
    crowd = people(project, 2)
    document = shared(project, crowd, [[ADA], [ADA]])
    gold_publish(
        project=project,
        document=document,
        author=project.created_by,
        spans=[LabelledSpan(*ADA)],
        provenance={"source": "unanimous"},
    )
    assert computed(project).settled_spans == 0


def test_a_project_without_shared_work_gets_an_empty_run_once(project: Project) -> None:
    (one,) = people(project, 1)
    factories.annotation_make(factories.document_make(project), one, [])
    run = computed(project)
    assert (run.documents, run.spans, run.thirds) == (0, 0, [])
    assert computed(project) == run


def test_two_workers_do_not_compute_at_once(project: Project, sent: list[str]) -> None:
    shared(project, people(project, 2), [[ADA], [ADA]])
    busy = ConsensusRun.objects.create(
        organization_id=project.organization_id,
        project=project,
        number=1,
        data_sha="",
        watermark=0,
        created_at=now(),
    )
    assert consensus_recompute(project_id=project.pk) is None
    assert newest_run(project) is None
    # It died with its worker.
    ConsensusRun.objects.filter(pk=busy.pk).update(created_at=now() - timedelta(hours=1))
    assert computed(project).number == 1


def test_a_run_that_fails_keeps_nobody_out(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shared(project, people(project, 2), [[ADA], [ADA]])

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(consensus, "consensus", broken)
        consensus_recompute(project_id=project.pk)
    assert computed(project).documents == 1


def test_a_project_rests_between_runs(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(consensus, "REST", 10)
    monkeypatch.setattr(consensus, "consensus_request", lambda *, project_id, delay_ms: asked.append(delay_ms))
    crowd = people(project, 2)
    shared(project, crowd, [[ADA], [ADA]])
    first = computed(project)
    ConsensusRun.objects.update(seconds=60)
    shared(project, crowd, [[ADA], [ADA]], "Ada Lovelace again.")
    assert computed(project) == first
    assert 590_000 < asked[0] <= 600_000


def test_old_runs_keep_their_figures_and_the_last_two_their_documents(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consensus, "KEPT", 3)
    crowd = people(project, 2)
    for number in range(4):
        shared(project, crowd, [[ADA], [ADA]], f"Ada Lovelace, day {number}.")
        computed(project)
    runs = ConsensusRun.objects.order_by("number")
    assert [run.number for run in runs] == [2, 3, 4]
    assert [run.rows.count() for run in runs] == [0, 3, 4]
    assert [run.people.count() for run in runs] == [2, 2, 2]


def test_a_file_on_its_way_stays_whole_when_the_next_run_ends(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "EXPORT_BATCH", 1)
    crowd = people(project, 2)
    for number in range(3):
        shared(project, crowd, [[ADA], [ADA]], f"Ada Lovelace, day {number}.")
    lines = selectors.exported(computed(project))
    texts = [next(lines)["text"]]
    shared(project, crowd, [[ADA], [ADA]], "Ada Lovelace, one day more.")
    computed(project)
    texts += [line["text"] for line in lines]
    assert texts == [f"Ada Lovelace, day {number}." for number in range(3)]


def test_a_run_holds_as_many_words_as_fit_and_says_what_it_leaves_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = people(project, 2)
    shared(project, crowd, [[ADA], [ADA]])
    shared(project, crowd, [[ADA], [ADA]], "Ada Lovelace again.")
    monkeypatch.setattr(consensus, "TOKENS", 12)
    run = computed(project)
    assert (run.documents, run.left_out) == (1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("signal", [annotation_submitted, gold_published, project_changed])
def test_submissions_gold_and_imports_ask_for_a_run(project: Project, sent: list[str], signal: Any) -> None:
    signal.send(None, project_id=project.pk, document_id=0, annotation_id=0, kind="documents")
    assert sent.count("recompute_consensus") == 1


@pytest.mark.django_db(transaction=True)
def test_other_changes_of_a_project_ask_for_none(project: Project, sent: list[str]) -> None:
    project_changed.send(None, project_id=project.pk, kind="labels")
    assert "recompute_consensus" not in sent


@pytest.mark.django_db(transaction=True)
def test_a_lost_message_is_found_by_the_sweep(project: Project, sent: list[str]) -> None:
    shared(project, people(project, 2), [[ADA], [ADA]])
    assert consensus_sweep() == 0  # too fresh to be lost
    Annotation.objects.update(created_at=now() - timedelta(minutes=5))
    assert consensus_sweep() == 1
    assert sent == ["recompute_consensus"]
    computed(project)
    assert consensus_sweep() == 0


def test_a_project_that_is_gone_has_no_consensus() -> None:
    assert consensus_recompute(project_id=0) is None


# --- the page of a document ---------------------------------------------------------------------


def test_a_span_is_explained_with_letters_and_never_with_names(project: Project) -> None:
    crowd = people(project, 3)
    crowd_work(project, crowd, 9, p2=0.5)
    document = shared(project, crowd, [[ADA, BANK], [ADA, BANK], [(21, 36, "LOC")]])
    computed(project)
    page = consensus_page(project, document)
    assert page is not None
    told = " ".join(sentence for row in (*page.spans, *page.left_out) for sentence in row.sentences)
    assert "marked it as LOC" in told
    assert "% of the time on PER" in told
    assert not any(person.name in told or person.username in told for person in crowd)
    assert [row.label for row in page.left_out] == ["LOC"]
    assert {row.percent for row in page.spans} == {None}
    assert all(row.sureness for row in page.spans)


def test_a_page_says_when_somebody_changed_their_work_since(project: Project) -> None:
    crowd = people(project, 2)
    document = shared(project, crowd, [[ADA], [ADA]])
    computed(project)
    page = consensus_page(project, document)
    assert page is not None
    assert not page.changed
    annotation_write(project=project, document=document, author=crowd[0], kind="human", spans=[])
    page = consensus_page(project, document)
    assert page is not None
    assert page.changed


# --- the file -----------------------------------------------------------------------------------


def test_the_file_names_method_and_kind_of_confidence(project: Project) -> None:
    crowd = people(project, 2)
    shared(project, crowd, [[ADA, BANK], [ADA]])
    factories.annotation_make(factories.document_make(project), crowd[0], [])
    run = computed(project)
    export = consensus_export(ctx=manager(project), run=run)
    (line,) = [json.loads(str(part)) for part in export.parts]
    assert line["text"] == TEXT
    assert line["consensus"] == {"method": "vote", "run": 1, "confidence": "rank", "annotators": 2}
    ada = line["spans"][0]
    assert (ada["start"], ada["end"], ada["label"], ada["for"], ada["against"]) == (*ADA, 2, 0)
    assert 0 < ada["confidence"] <= 1
    event = AuditEvent.objects.get(verb="export.download")
    assert event.payload == {"layer": "consensus", "format": "jsonl", "run": 1}


def test_the_file_is_for_those_who_may_export(project: Project) -> None:
    (one,) = people(project, 1)
    run = computed(project)
    ctx = project_context(one, project.organization.slug, project.uuid)
    assert ctx is not None
    with pytest.raises(PermissionDenied):
        consensus_export(ctx=ctx, run=run)


# --- people -------------------------------------------------------------------------------------


def rows_by_name(project: Project) -> dict[str, Any]:
    return {row.user.username: row for row in people_page(project).rows}


def test_figures_appear_with_enough_shared_work_and_not_before(project: Project) -> None:
    crowd = people(project, 3)
    crowd_work(project, crowd, 7, p2=0.4)
    computed(project)
    assert {row.missing for row in rows_by_name(project).values()} == {"7 of 8 shared documents"}
    for number in range(7, 12):
        text = " and ".join(words := [f"More{number}x{place}" for place in range(10)])
        spans = [(at := text.index(word), at + len(word), "PER") for word in words]
        shared(project, crowd, [spans, spans, spans[:6]], text)
    computed(project)
    rows = rows_by_name(project)
    assert {row.missing for row in rows.values()} == {""}
    assert rows["p0"].reliability.f1 > rows["p2"].reliability.f1
    assert rows["p2"].reliability.low <= rows["p2"].reliability.f1 <= rows["p2"].reliability.high


def test_people_stand_in_alphabetical_order_whatever_their_figures(project: Project) -> None:
    crowd = people(project, 4)
    crowd_work(project, crowd, 12, p0=0.6, p2=0.3)
    computed(project)
    assert [row.user.name for row in people_page(project).rows] == [f"Person {n}" for n in range(4)]


def test_only_clearly_lower_work_is_called_so(project: Project) -> None:
    crowd = people(project, 4)
    crowd_work(project, crowd, 14, p3=0.7)
    computed(project)
    rows = rows_by_name(project)
    assert "lies wholly below those of most others" in " ".join(rows["p3"].signs)
    assert not any(rows[name].signs for name in ("p0", "p1", "p2"))


def test_a_person_far_too_fast_is_flagged(project: Project) -> None:
    crowd = people(project, 2)
    crowd_work(project, crowd, 24)
    for place, annotation in enumerate(Annotation.objects.filter(author=crowd[0])):
        Annotation.objects.filter(pk=annotation.pk).update(seconds=40 + place)
    hasty = Annotation.objects.filter(author=crowd[1]).order_by("pk")[:4]
    Annotation.objects.filter(pk__in=list(hasty.values_list("pk", flat=True))).update(seconds=0.5)
    computed(project)
    rows = rows_by_name(project)
    assert rows["p1"].signs == ("4 documents in a row were submitted far faster than is usual in this project.",)
    assert rows["p0"].signs == ()
    assert rows["p0"].seconds_per_word == pytest.approx(51.5 / 19)


def test_work_that_gets_worse_is_flagged(project: Project) -> None:
    crowd = people(project, 3)
    crowd_work(project, crowd, 12, p0=0.05, p1=0.05, p2=0.05)
    rng = random.Random(9)
    for number in range(8):
        text = " and ".join(words := [f"Late{number}x{place}" for place in range(10)])
        spans = [(at := text.index(word), at + len(word), "PER") for word in words]
        shared(project, crowd, [spans, spans, [span for span in spans if rng.random() < 0.4]], text)
    computed(project)
    rows = rows_by_name(project)
    assert "less than it used to" in " ".join(rows["p2"].signs)
    assert AnnotatorReliability.objects.get(annotator=crowd[0]).drift is None


def test_copied_work_is_named_on_both_pages(project: Project) -> None:
    crowd = people(project, 5)
    rng = random.Random(7)
    for number in range(10):
        text = " and ".join(words := [f"Copy{number}x{place}" for place in range(10)])
        spans = [(at := text.index(word), at + len(word), "PER") for word in words]
        layers = [
            [(s, e - rng.choice([0, 0, 0, 1, 2, 3]), rng.choice(["PER", "PER", "PER", "LOC"])) for s, e, _ in spans]
            for _ in crowd
        ]
        layers[4] = layers[3]
        shared(project, crowd, layers, text)
    run = computed(project)
    assert [list(item["pair"]) for item in run.alike] == [[str(crowd[3].pk), str(crowd[4].pk)]]
    rows = rows_by_name(project)
    assert any("Agrees unusually closely with Person 4" in sign for sign in rows["p3"].signs)
    assert any("Agrees unusually closely with Person 3" in sign for sign in rows["p4"].signs)
    assert not any("unusually" in sign for sign in rows["p0"].signs)


def test_somebody_who_labelled_nothing_has_no_page(project: Project) -> None:
    crowd = people(project, 2)
    shared(project, crowd, [[ADA], [ADA]])
    computed(project)
    assert person_page(project, project.created_by.pk) is None
    page = person_page(project, crowd[0].pk)
    assert page is not None
    assert [label.name for label in page.labels] == ["PER"]


def test_the_page_of_people_asks_no_more_when_there_are_more(project: Project) -> None:
    crowd = people(project, 6)
    counts = []
    for number in (2, 6):
        shared(project, crowd[:number], [[ADA]] * number, f"Ada Lovelace with {number}.")
        computed(project)
        with CaptureQueriesContext(connection) as captured:
            people_page(project)
        counts.append(len(captured))
    assert counts[1] <= counts[0] <= 6
