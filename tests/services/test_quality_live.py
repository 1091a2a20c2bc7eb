"""From a submission to the case, the figures and the nudge, over the real broker and workers."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from annotation.services.gold import gold_publish
from annotation.signals import annotation_submitted
from daner_site.core.events import send_on_commit
from daner_site.core.live import project_group
from quality.models import AdjudicationCase, AgreementReport
from tests.conftest import wait_until
from tests.services.test_quality_cases import GOLD, World

pytestmark = pytest.mark.django_db(transaction=True)


def submitted(world: World) -> None:
    with transaction.atomic():
        world.annotate()
        send_on_commit(
            annotation_submitted,
            project_id=world.project.pk,
            document_id=world.document.pk,
            annotation_id=world.document.annotations.latest("pk").pk,
        )


def test_a_submission_opens_the_case_and_moves_the_figures(actors: Any) -> None:
    world = World()
    submitted(world)
    wait_until(lambda: AdjudicationCase.objects.filter(status="open").exists(), 30)
    wait_until(lambda: AgreementReport.objects.exists(), 30)
    measures = AgreementReport.objects.get().measures
    assert measures["span_f1"]["exact"]["micro"] == pytest.approx(1 / 3)
    assert measures["conflicts"]["missing"] == measures["conflicts"]["boundary_label"] == 1
    # The figures of the running example on this text's own words.
    assert 0 < measures["alpha"]["bio"]["value"] < measures["alpha"]["type"]["value"] < 1


def test_gold_from_elsewhere_closes_the_case_by_itself(actors: Any) -> None:
    world = World()
    submitted(world)
    wait_until(lambda: AdjudicationCase.objects.filter(status="open").exists(), 30)
    gold_publish(project=world.project, document=world.document, author=world.manager, spans=GOLD, provenance={})
    wait_until(lambda: AdjudicationCase.objects.filter(status="obsolete").exists(), 30)


def test_open_pages_are_nudged_about_every_change(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    nudged: list[tuple[str, str]] = []
    record = lambda group, kind: nudged.append((group, kind))  # noqa: E731
    monkeypatch.setattr("quality.services.cases.nudge_on_commit", record)
    monkeypatch.setattr("quality.services.agreement.nudge_on_commit", record)
    from quality.services.agreement import agreement_recompute

    world = World()
    world.annotate()
    case = world.case()
    agreement_recompute(project_id=world.project.pk)
    world.resolve(case)
    assert nudged == [(project_group(world.project.uuid), "quality")] * 3
