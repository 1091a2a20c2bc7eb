"""Stored sums of agreement: equal to a full recomputation whatever happens, and noticed when they are not."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Document, Project
from annotation.selectors.layers import DocumentLayers, layers_of
from annotation.services.annotations import annotation_write
from daner_site.accounts.models import AuditEvent, User
from quality.models import (
    AgreementCheck,
    AgreementReport,
    Confusion,
    DocumentAgreement,
    LabelAgreement,
    PairAgreement,
)
from quality.numeric.measures import measure
from quality.selectors import agreement as selector
from quality.selectors.agreement import measures
from quality.selectors.slices import WHOLE, Slice, slice_of
from quality.services import agreement_check
from quality.services.agreement import KEPT, agreement_recompute
from quality.services.agreement_check import agreement_check_now, agreement_check_run, agreement_check_sweep
from quality.services.agreement_rows import dimensions, document_measure, documents_measure, documents_missed, measured
from tests import factories

pytestmark = pytest.mark.django_db

TEXT = "Ada met Grace in Oslo and Alan wrote to the Royal Society of London about it on Monday."
LABELS = ("PER", "LOC", "ORG")


@pytest.fixture
def project() -> Project:
    owner = factories.user_make()
    return factories.project_make(factories.organization_make(owner=owner), owner, labels=LABELS)


def spans_of(document: Document, chance: random.Random) -> list[LabelledSpan]:
    """Some runs of one to three words, none over another."""
    spans, at, tokens = [], 0, document.tokens
    while at < len(tokens):
        if chance.random() < 0.25:
            last = min(at + chance.choice([0, 0, 1, 2]), len(tokens) - 1)
            spans.append(LabelledSpan(tokens[at][0], tokens[last][1], chance.choice(LABELS)))
            at = last
        at += 1
    return spans


def say(project: Project, document: Document, author: User, spans: list[LabelledSpan], **more: Any) -> Annotation:
    return annotation_write(project=project, document=document, author=author, kind="human", spans=spans, **more)


def worked_on(
    project: Project, seed: int, *, documents: int = 12, turns: int = 60, guideline: bool = True
) -> list[User]:
    """Submissions and resubmissions at random, each followed by its job; now and then a text goes, and half
    way there is a guideline."""
    chance = random.Random(seed)
    people = [factories.user_make() for _ in range(4)]
    texts = [
        factories.document_make(
            project, f"{TEXT} {number}", overlap_reason=chance.choice(["random", "random", "start", "targeted", ""])
        )
        for number in range(documents)
    ]
    for turn in range(turns):
        document = chance.choice(texts)
        if chance.random() < 0.03 and len(texts) > 4:
            document.delete()
            texts.remove(document)
            continue
        if guideline and turn == turns // 2:
            project.guidelines.create(organization=project.organization, version=1, body="x", author=project.created_by)
        suggestions = {"model": "v1", "shown": []} if chance.random() < 0.3 else {}
        say(project, document, chance.choice(people), spans_of(document, chance), suggestions=suggestions)
        document_measure(document_id=document.pk)
    return people


def from_scratch(project: Project, keep: Callable[[DocumentLayers], bool]) -> dict[str, Any]:
    documents = [measured(layers) for layers in layers_of(project) if keep(layers)]
    return measure(documents, list(project.labels.values_list("name", flat=True)))


def numbers(figures: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value by its path, the ends of intervals aside: chance draws them."""
    if isinstance(figures, dict):
        for name, value in figures.items():
            if name not in ("low", "high", "left_out"):
                yield from numbers(value, (*path, name))
    elif isinstance(figures, list):
        for number, value in enumerate(figures):
            yield from numbers(value, (*path, number))
    else:
        yield path, figures


def assert_same(stored: dict[str, Any], scratch: dict[str, Any]) -> None:
    one, other = dict(numbers(stored)), dict(numbers(scratch))
    assert one.keys() == other.keys()
    for path, value in other.items():
        expected = pytest.approx(value, abs=1e-9) if isinstance(value, float) else value
        assert one[path] == expected, path


def in_headline(layers: DocumentLayers) -> bool:
    return layers.overlap_reason != "targeted" and dimensions(layers)["guideline_version"] >= 0


SLICES: list[tuple[Slice, Callable[[DocumentLayers], bool]]] = [
    (WHOLE, in_headline),
    (Slice(overlap="targeted", guideline="none"), lambda x: x.overlap_reason == "targeted" and version(x) == 0),
    (Slice(overlap="all"), lambda x: version(x) >= 0),
    (Slice(suggestions="with"), lambda x: in_headline(x) and dimensions(x)["with_suggestions"]),
    (Slice(suggestions="without"), lambda x: in_headline(x) and not dimensions(x)["with_suggestions"]),
    (Slice(overlap="all", guideline="mixed"), lambda x: version(x) == -1),
    (Slice(guideline="1"), lambda x: in_headline(x) and version(x) == 1),
]


def version(layers: DocumentLayers) -> int:
    return int(dimensions(layers)["guideline_version"])


@pytest.mark.parametrize("many", [150, 0], ids=["by document", "by bucket"])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_slice_of_the_sums_is_a_full_recomputation(
    project: Project, seed: int, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selector, "MANY", many)
    worked_on(project, seed)
    measured_documents = 0
    for chosen, keep in SLICES:
        scratch = from_scratch(project, keep)
        assert_same(measures(project, chosen), scratch)
        measured_documents += scratch["counts"]["documents"]
    assert measured_documents > 10
    assert from_scratch(project, in_headline)["alpha"]["bio"]["value"] is not None


def test_a_slice_of_two_people_forgets_the_others(project: Project) -> None:
    people = worked_on(project, 4, guideline=False)
    one, two = sorted(people[:2], key=lambda user: str(user.pk))
    documents = []
    for layers in layers_of(project):
        found = measured(layers)
        both = {key: spans for key, spans in found.layers.items() if key in (str(one.pk), str(two.pk))}
        if in_headline(layers) and len(both) == 2:
            documents.append(type(found)(found.text, found.tokens, both, with_suggestions=found.with_suggestions))
    scratch = measure(documents, LABELS)
    stored = measures(project, Slice(pair=(one, two)))
    assert stored["counts"]["documents"] == scratch["counts"]["documents"] > 2
    assert stored["alpha"]["bio"]["value"] == pytest.approx(scratch["alpha"]["bio"]["value"], abs=1e-9)
    assert stored["span_f1"]["exact"]["micro"] == pytest.approx(scratch["span_f1"]["exact"]["micro"], abs=1e-12)
    assert stored["span_f1"]["per_label"]["LOC"]["exact"]["n"] == scratch["span_f1"]["per_label"]["LOC"]["exact"]["n"]


def test_a_slice_of_a_label_keeps_its_figures(project: Project) -> None:
    worked_on(project, 5, turns=30)
    label = project.labels.get(name="ORG")
    whole, only = measures(project), measures(project, Slice(label=label))
    assert only["alpha"]["per_label"]["ORG"] == whole["alpha"]["per_label"]["ORG"]
    for name in ("exact", "overlap"):
        assert only["span_f1"][name]["micro"] == whole["span_f1"]["per_label"]["ORG"][name]["micro"]
    assert {row[0] for row in only["confusion"]} == {"ORG"}


def test_a_slice_of_days_keeps_the_documents_of_these_days(project: Project) -> None:
    one, two = factories.user_make(), factories.user_make()
    for day in (2, 9, 16):
        document = factories.document_make(project)
        for person in (one, two):
            annotation = factories.annotation_make(document, person, [(0, 3, "PER")])
            moment = datetime.fromisoformat(f"2026-11-{day:02}T23:30:00+00:00")
            Annotation.objects.filter(pk=annotation.pk).update(created_at=moment)
        document_measure(document_id=document.pk)
    days = {"since": "2026-11-03", "until": "2026-11-09"}
    assert measures(project, slice_of(project, days))["counts"]["documents"] == 1
    assert measures(project, slice_of(project, {"since": "2026-11-09"}))["counts"]["documents"] == 2


def test_nonsense_in_an_address_narrows_nothing(project: Project) -> None:
    nonsense = {
        "overlap": "?",
        "suggestions": "no",
        "guideline": "9" * 40,
        "since": "soon",
        "label": "X",
        "pair": "\0,",
    }
    assert slice_of(project, nonsense) == WHOLE


def test_picked_documents_and_mixed_guidelines_stay_out_of_the_headline(project: Project) -> None:
    one, two = factories.user_make(), factories.user_make()
    for reason, versions in (("random", (1, 1)), ("targeted", (1, 1)), ("random", (1, 2)), ("start", (2, 2))):
        document = factories.document_make(project, overlap_reason=reason)
        for person, number in zip((one, two), versions, strict=True):
            factories.annotation_make(document, person, [(0, 3, "PER")], guideline_version=number)
    report = agreement_recompute(project_id=project.pk)
    assert report is not None
    assert report.measures["counts"]["documents"] == 2
    apart = {(kind["parameter"], kind["value"]): kind["documents"] for kind in report.measures["apart"]}
    assert apart == {
        ("overlap", "random"): 1,
        ("overlap", "start"): 1,
        ("overlap", "targeted"): 1,
        ("guideline", "2"): 1,
        ("guideline", "1"): 1,
        ("guideline", "mixed"): 1,
    }


def test_rows_go_when_nobody_shares_the_document_any_more(project: Project) -> None:
    document = factories.document_make(project)
    first = factories.annotation_make(document, factories.user_make(), [(0, 3, "PER")])
    factories.annotation_make(document, factories.user_make(), [])
    assert document_measure(document_id=document.pk)
    assert not document_measure(document_id=document.pk), "nothing changed since"
    assert PairAgreement.objects.count() == 2
    Annotation.objects.filter(pk=first.pk).update(current=False)
    assert document_measure(document_id=document.pk)
    for table in (DocumentAgreement, LabelAgreement, PairAgreement, Confusion):
        assert not table.objects.exists()
    assert not document_measure(document_id=987654)


def test_a_lost_job_is_caught_up_by_the_next_report(project: Project) -> None:
    document = factories.document_make(project)
    for person in (factories.user_make(), factories.user_make()):
        factories.annotation_make(document, person, [(0, 3, "PER")])
    assert agreement_recompute(project_id=project.pk)
    assert DocumentAgreement.objects.get().document == document
    # So is a document that got several people for another reason since.
    project.documents.update(overlap_reason="targeted")
    assert documents_missed(project, since=10**9) == [document.pk]
    report = agreement_recompute(project_id=project.pk)
    assert report is not None
    assert report.measures["counts"]["documents"] == 0


TAMPERING: list[Callable[[], object]] = [
    lambda: PairAgreement.objects.filter(label__isnull=False).update(both=7),
    lambda: DocumentAgreement.objects.update(bio_apart=0.5),
    lambda: LabelAgreement.objects.all().delete(),
    lambda: Confusion.objects.update(spans=3),
    lambda: LabelAgreement.objects.update(overlap_reason="targeted"),
    lambda: DocumentAgreement.objects.all().delete(),
]


@pytest.mark.parametrize("tamper", TAMPERING)
def test_a_sum_that_is_off_raises_an_alert_and_is_corrected(
    project: Project, tamper: Callable[[], object], caplog: pytest.LogCaptureFixture
) -> None:
    worked_on(project, 6, documents=4, turns=16)
    before = agreement_recompute(project_id=project.pk)
    assert before is not None
    assert [check.differing for _, check in agreement_check_now()] == [0]
    assert not AuditEvent.objects.filter(verb="agreement.repair").exists()
    tamper()
    ((_, check),) = agreement_check_now(uuids=[project.uuid])
    assert check.differing > 0
    assert check.largest > 1e-9
    assert check.examples
    event = AuditEvent.objects.get(verb="agreement.repair")
    assert (event.actor, event.payload["differing"]) == (None, check.differing)
    assert "differed from a recomputation" in caplog.text
    assert [again.differing for _, again in agreement_check_now()] == [0]
    after = AgreementReport.objects.latest("pk")
    assert after.pk != before.pk
    assert_same(
        {name: value for name, value in after.measures.items() if name != "apart"}, from_scratch(project, in_headline)
    )


def test_figures_that_do_not_follow_from_the_annotations_raise_an_alert(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_on(project, 7, documents=4, turns=16)
    figures = measures(project)
    figures["alpha"]["type"]["value"] += 1e-6
    monkeypatch.setattr(agreement_check, "measures", lambda _: figures)
    ((_, check),) = agreement_check_now()
    assert (check.differing, check.examples) == (1, [["", " alpha type value"]])


def test_work_that_comes_in_while_a_check_runs_is_no_difference(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = worked_on(project, 8, documents=4, turns=16)
    document = DocumentAgreement.objects.first().document  # type: ignore[union-attr]
    recompute = agreement_check.agreement_recompute

    def then_somebody_submits(**kwargs: Any) -> Any:
        report = recompute(**kwargs)
        say(project, document, people[0], [LabelledSpan(0, 3, "ORG")])
        return report

    monkeypatch.setattr(agreement_check, "agreement_recompute", then_somebody_submits)
    monkeypatch.setattr(agreement_check, "WHOLE_LIMIT", 0)
    ((_, check),) = agreement_check_now()
    assert check.differing == 0


def test_a_check_is_done_once(project: Project) -> None:
    worked_on(project, 9, turns=10)
    check = AgreementCheck.objects.create(organization=project.organization, project=project)
    assert agreement_check_run(check_id=check.pk)
    assert agreement_check_run(check_id=check.pk) is None


def test_the_sweep_asks_for_a_check_a_night(
    project: Project, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(agreement_check, "enqueue_on_commit", lambda name, **_: asked.append(name))
    worked_on(project, 10, turns=20)
    agreement_recompute(project_id=project.pk)
    assert agreement_check_sweep() == 0, "the first report is not a day old"
    AgreementReport.objects.update(created_at=datetime.fromisoformat("2026-11-01T12:00:00+00:00"))
    clock = [datetime.fromisoformat("2026-11-20T02:00:00+00:00")]
    monkeypatch.setattr(agreement_check, "now", lambda: clock[0])
    expected = [(0, 1), (1, 0), (14, 0), (24, 1), (36, 0), (24 + 44.1, 1)]
    start = clock[0]
    for hours, count in expected:
        clock[0] = start + timedelta(hours=hours)
        assert agreement_check_sweep() == count, hours
        AgreementCheck.objects.filter(created_at__gt=clock[0]).update(created_at=clock[0])
    assert asked == ["check_agreement"] * 3


def test_older_reports_are_thinned_out_to_one_a_day(project: Project) -> None:
    people = [factories.user_make(), factories.user_make()]
    document = factories.document_make(project)
    say(project, document, people[0], [])
    first = AgreementReport.objects.create(
        organization=project.organization, project=project, measures={"version": 0}, data_sha="", watermark=0, seconds=0
    )
    AgreementReport.objects.filter(pk=first.pk).update(created_at=first.created_at - timedelta(days=1))
    for _ in range(KEPT + 3):
        say(project, document, people[1], [])
        agreement_recompute(project_id=project.pk)
    kept = AgreementReport.objects.filter(project=project).order_by("pk")
    assert kept.first() == first
    assert kept.count() == 1 + 1 + KEPT


def test_rows_of_many_documents_are_written_together(project: Project, django_assert_max_num_queries: Any) -> None:
    people = [factories.user_make() for _ in range(3)]
    documents = factories.documents_make(project, 20)
    for document in documents:
        for person in people:
            factories.annotation_make(document, person, [(0, 3, "PER")])
    with django_assert_max_num_queries(16):
        assert documents_measure(project=project, document_ids=[document.pk for document in documents]) == 20
