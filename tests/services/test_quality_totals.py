"""Sums over many documents: whatever happens, they and what waits are what all rows add up to."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import QuerySet

from annotation.models import Annotation, Project
from daner_site.accounts.models import AuditEvent, User
from quality.domain.agreement_totals import Grain, stretches
from quality.models import DocumentAgreement, DocumentTotal, LabelTotal, PairTotal
from quality.selectors import agreement as selector
from quality.selectors.agreement import kept_apart, measures
from quality.selectors.agreement_page import overview
from quality.selectors.slices import WHOLE, Slice
from quality.selectors.trend import trend
from quality.services import agreement_rows, agreement_totals
from quality.services.agreement import agreement_recompute
from quality.services.agreement_check import agreement_check_now
from quality.services.agreement_rows import document_measure, documents_measure
from quality.services.agreement_totals import totals_differing, totals_forget, totals_update, totals_waiting
from tests import factories
from tests.services.test_quality_agreement_rows import (
    SLICES,
    assert_same,
    from_scratch,
    in_headline,
    say,
    spans_of,
    worked_on,
)
from tests.services.test_quality_agreement_rows import project as project  # the fixture

pytestmark = pytest.mark.django_db


def spread(project: Project, seed: int) -> None:
    """Submissions on many days, some added up, then some resubmitted, deleted and new."""
    chance = random.Random(seed)
    people = worked_on(project, seed)
    for annotation in Annotation.objects.filter(project=project):
        moment = annotation.created_at - timedelta(days=chance.randrange(40))
        Annotation.objects.filter(pk=annotation.pk).update(created_at=moment)
    totals_forget(project=project)
    DocumentAgreement.objects.filter(project=project).delete()
    documents = list(project.documents.order_by("pk"))
    documents_measure(project=project, document_ids=[document.pk for document in documents])
    assert totals_update(project=project, waiting=0) > 5
    assert totals_waiting(project) == 0
    for document in documents[:4]:
        say(project, document, chance.choice(people), spans_of(document, chance))
        document_measure(document_id=document.pk)
    documents[-1].delete()
    project.documents.filter(pk=documents[-2].pk).delete()
    fresh = factories.document_make(project, overlap_reason="random")
    for person in people[:2]:
        say(project, fresh, person, spans_of(fresh, chance))
    document_measure(document_id=fresh.pk)
    assert totals_waiting(project) > 1


@pytest.mark.parametrize("seed", [11, 12])
def test_every_slice_of_kept_sums_is_a_full_recomputation(
    project: Project, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selector, "MANY", 0)
    spread(project, seed)
    assert totals_differing(project) == []
    assert DocumentTotal.objects.filter(grain=Grain.WEEK).count() > 3
    for chosen, keep in SLICES:
        assert_same(measures(project, chosen), from_scratch(project, keep))
    days = sorted(set(DocumentAgreement.objects.filter(project=project).values_list("day", flat=True)))
    for since, until in ((days[1], None), (None, days[-2]), (days[1], days[-2]), (days[2], days[2])):

        def keep_days(layers: Any, since: date | None = since, until: date | None = until) -> bool:
            day = max(layer.created_at for layer in layers.layers).date()
            return in_headline(layers) and (since is None or day >= since) and (until is None or day <= until)

        assert_same(measures(project, Slice(since=since, until=until)), from_scratch(project, keep_days))


def test_the_page_reads_the_same_before_and_after_rows_are_added_up(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selector, "MANY", 0)
    spread(project, 13)
    pair = measures(project)["pairs"][0]
    users = (User.objects.get(pk=pair["a"]), User.objects.get(pk=pair["b"]))
    day = DocumentAgreement.objects.filter(project=project).order_by("day")[3].day
    label = project.labels.get(name="PER")
    slices = [
        WHOLE,
        Slice(label=label),
        Slice(label=label, since=day),
        Slice(pair=users),
        Slice(pair=users, since=day),
    ]

    def page() -> list[Any]:
        return [
            *([measures(project, chosen), trend(project, chosen)] for chosen in slices),
            kept_apart(project),
            overview(project),
        ]

    before = page()
    assert totals_update(project=project, waiting=0) > 0
    assert rounded(page()) == rounded(before)
    totals_forget(project=project)
    assert rounded(page()) == rounded(before)


def rounded(value: Any) -> Any:
    """Floats in any order of adding."""
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return rounded(vars(value)) if hasattr(value, "__dict__") else value


def test_rows_are_added_up_when_enough_wait(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement_totals, "BATCH", 3)
    worked_on(project, 14)
    documents = DocumentAgreement.objects.filter(project=project).count()
    assert agreement_recompute(project_id=project.pk)
    assert totals_waiting(project) == documents, "few may wait"
    assert totals_update(project=project, waiting=documents) == 0
    assert totals_update(project=project, waiting=documents - 1) == documents
    assert totals_update(project=project, waiting=0) == 0
    assert totals_differing(project) == []


def test_a_large_import_is_added_up_while_it_is_measured(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement_rows, "BATCH", 4)
    monkeypatch.setattr(agreement_rows, "totals_update", lambda project: totals_update(project=project, waiting=5))
    people = [factories.user_make(), factories.user_make()]
    documents = factories.documents_make(project, 11)
    for document in documents:
        for person in people:
            factories.annotation_make(document, person, [(0, 3, "PER")])
    documents_measure(project=project, document_ids=[document.pk for document in documents])
    assert totals_waiting(project) == 3
    assert totals_differing(project) == []


def moved(totals: QuerySet[Any]) -> None:
    totals.filter(pk=totals.latest("pk").pk).update(day=date(2000, 1, 1))


@pytest.mark.parametrize(
    "tamper",
    [
        lambda: DocumentTotal.objects.filter(grain=Grain.DAY).update(words=1),
        lambda: LabelTotal.objects.filter(grain=Grain.WEEK).update(spans=0.5),
        lambda: PairTotal.objects.filter(grain=Grain.BUCKETS).delete(),
        lambda: PairTotal.objects.filter(grain=Grain.EVER).delete(),
        lambda: moved(DocumentTotal.objects.filter(grain=Grain.EVER)),
        lambda: moved(LabelTotal.objects.filter(grain=Grain.DAY)),
        lambda: DocumentAgreement.objects.update(totalled=False),
        lambda: DocumentAgreement.objects.all().delete(),
    ],
)
def test_a_kept_sum_that_is_off_raises_an_alert_and_is_made_anew(
    project: Project, tamper: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selector, "MANY", 0)
    spread(project, 15)
    agreement_recompute(project_id=project.pk)
    totals_update(project=project, waiting=0)
    assert [check.differing for _, check in agreement_check_now()] == [0]
    tamper()
    ((_, check),) = agreement_check_now(uuids=[project.uuid])
    assert check.differing > 0
    assert check.largest > 1e-6
    assert AuditEvent.objects.filter(verb="agreement.repair").exists()
    assert totals_differing(project) == []
    assert [again.differing for _, again in agreement_check_now()] == [0]
    assert_same(measures(project), from_scratch(project, in_headline))


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        # 2026-11-02 is a Monday.
        (None, None, [(Grain.EVER, None, None)]),
        ("2026-11-02", None, [(Grain.WEEK, "2026-11-02", None)]),
        ("2026-11-03", None, [(Grain.WEEK, "2026-11-09", None), (Grain.DAY, "2026-11-03", "2026-11-09")]),
        (None, "2026-11-08", [(Grain.WEEK, None, "2026-11-09")]),
        (None, "2026-11-07", [(Grain.WEEK, None, "2026-11-02"), (Grain.DAY, "2026-11-02", "2026-11-08")]),
        ("2026-11-03", "2026-11-05", [(Grain.DAY, "2026-11-03", "2026-11-06")]),
        ("2026-11-03", "2026-11-10", [(Grain.DAY, "2026-11-03", "2026-11-11")]),
        ("2026-11-02", "2026-11-08", [(Grain.WEEK, "2026-11-02", "2026-11-09")]),
    ],
)
def test_days_are_put_together_from_whole_weeks(
    since: str | None, until: str | None, expected: list[tuple[Grain, str | None, str | None]]
) -> None:
    def of(text: str | None) -> date | None:
        return datetime.fromisoformat(text).date() if text else None

    found = stretches(of(since), of(until))
    assert [(part.grain, part.first, part.end) for part in found] == [(g, of(a), of(b)) for g, a, b in expected]
