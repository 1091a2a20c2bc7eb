"""What the pages say about quality now and to come: always measured on test texts, always with its interval."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from activelearning import selectors
from activelearning.models import ModelVersion, TrainingRun
from daner_site.core.clock import now
from tests.factories import annotation_make, documents_make, model_version_make

EXPECTED = 0.9137
"""The model's own idea of its F1, which no page may show."""


def version_at(project, documents, f1, *, tier="fast", gold=400, interval=True, agreement=None, **fields):
    """A version measured at `f1`; the engine's own estimate stands in its metrics as any other number might."""
    quality = {"gold": gold, "predicted": gold, "correct": int(f1 * gold), "precision": f1, "recall": f1, "f1": f1}
    metrics = {"documents": 80, "overall": quality, "labels": {"PER": quality}, "expected_f1": EXPECTED}
    if interval:
        metrics["interval"] = {name: [f1 - 0.04, f1 + 0.04] for name in ("precision", "recall", "f1")}
    if agreement is not None:
        metrics["stability"] = {"documents": 100, "f1": agreement}
    return model_version_make(
        project,
        tier=tier,
        metrics=metrics,
        train_documents=documents,
        test_documents=80,
        **fields,
    )


def learned(project, sizes=range(20, 320, 20), **fields):
    for documents in sizes:
        version_at(project, documents, 0.85 - 0.9 * documents**-0.5, **fields)


@pytest.fixture
def project(cast):
    """150 documents are open; one was labelled in 45 seconds, one came labelled."""
    *_, timed, imported = documents_make(cast.project_a, 152)
    annotation_make(timed, cast.bob, seconds=45.0)
    annotation_make(imported, cast.bob)
    return cast.project_a


def page(cast, name, *args, user=None):
    client = Client()
    client.force_login(user or cast.vic)
    answer = client.get(reverse(f"activelearning:{name}", args=[cast.org_a.slug, cast.project_a.uuid, *args]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_curve_shows_its_interval_forecast_effort_and_record(cast, project):
    learned(project)
    text = page(cast, "curve_panel")
    assert re.search(r"F1 0\.80 now; 0\.8\d ± 0\.\d\d after 150 more documents, about 1\.9 hours; \w+\.", text)
    assert re.search(r"the last \d forecasts, for \d+ to \d+ more documents, were off by 0\.0\d", text)
    assert 'class="chart-band"' in text
    assert text.count('class="chart-ahead"') == 1
    assert "F1 0.65 (0.61 to 0.69) from 20 documents" in text
    assert text.count("<circle") == 15 + 1
    assert "Go on:" in text


def test_the_effort_counts_every_turn_that_is_left(cast, project):
    """Two people each for the first fifty, one of whom has had his turn at ten of them: 190 turns for 150 documents."""
    learned(project)
    first = [document.pk for document in project.documents.order_by("pk")[:50]]
    project.documents.filter(pk__in=first).update(overlap_target=2)
    for document in project.documents.filter(pk__in=first[:10]):
        annotation_make(document, cast.bob)
    assert selectors.curve_panel(project).outlook.hours == pytest.approx(190 * 45 / 3600)
    project.annotations.update(seconds=None)
    assert selectors.curve_panel(project).outlook.hours is None


def test_what_the_curve_cannot_say_it_explains(cast, project):
    version_at(project, 20, 0.5, interval=False)
    text = page(cast, "curve_panel")
    assert "A forecast needs 4 measured versions; 1 so far." in text
    assert "chart-band" not in text
    assert "chart-ahead" not in text
    assert "<details" not in text


def test_few_test_entities_make_no_forecast(cast, project):
    learned(project, gold=20)
    text = page(cast, "curve_panel")
    assert "50 entities in the test texts; 20 so far." in text
    assert "± " not in text


def test_models_that_agree_and_gain_nothing_bring_the_advice_to_stop(cast, project):
    for documents in range(100, 400, 20):
        version_at(project, documents, 0.8, agreement=0.98)
    assert "You may stop here" in page(cast, "curve_panel")
    version_at(project, 400, 0.8, agreement=0.9)
    text = page(cast, "curve_panel")
    assert "Go on: 2 of 3 signs to stop." in text
    assert text.count('class="sign-stands"') == 2


def test_each_tier_has_its_line_and_the_forecast_follows_one(cast, project):
    learned(project)
    alone = selectors.curve_panel(project)
    version_at(project, 300, 0.95, tier="full")
    panel = selectors.curve_panel(project)
    assert panel.outlook == alone.outlook
    assert (panel.tier, len(panel.chart.dots), len(panel.chart.second)) == ("fast", 15, 1)
    assert "chart-dot-2" in page(cast, "curve_panel")


def test_a_first_full_version_does_not_set_the_wait_for_a_forecast_back(cast, project):
    learned(project, [20, 40, 60])
    version_at(project, 60, 0.9, tier="full")
    assert "A forecast needs 4 measured versions; 3 so far." in page(cast, "curve_panel")
    learned(project, [80, 100, 120], tier="full")
    panel = selectors.curve_panel(project)
    assert (panel.tier, panel.outlook.now.documents) == ("full", 120), "the tier that has enough"


def test_the_forecast_follows_the_words_that_were_learned(cast, project):
    """Fifteen versions of 10 words a document, then five of documents of 40."""
    words_of = {n: 10 * n if n <= 150 else 1500 + 40 * (n - 150) for n in range(10, 201, 10)}
    for documents, words in words_of.items():
        version_at(project, documents, 0.9 - 4 * words**-0.5, train_words=words)
    found = selectors.curve_panel(project).outlook
    assert found.prediction.documents == 300
    assert found.prediction.f1 == pytest.approx(0.9 - 4 * (words_of[200] + 40 * 100) ** -0.5, abs=0.005)
    ModelVersion.objects.filter(project=project).update(train_words=0)
    without = selectors.curve_panel(project).outlook
    assert without.prediction.f1 < found.prediction.f1 - 0.005


def test_versions_of_another_checkpoint_or_of_documents_taken_away_are_not_followed(cast, project):
    learned(project, checkpoint="another")
    version_at(project, 500, 0.2)
    learned(project, range(50, 350, 50))
    panel = selectors.curve_panel(project)
    assert panel.outlook.now.documents == 300
    assert not panel.outlook.past or max(past.known for past in panel.outlook.past) < 300
    assert panel.outlook.now.f1 == pytest.approx(0.85 - 0.9 * 300**-0.5)


def test_every_page_shows_f1_of_the_test_texts_and_never_the_model_s_own_estimate(cast, project):
    learned(project)
    version = ModelVersion.objects.latest("number")
    ModelVersion.objects.filter(pk=version.pk).update(active=True)
    pages = [page(cast, name) for name in ("curve_panel", "run_panel", "models")]
    pages.append(page(cast, "model", version.uuid))
    for text in pages:
        assert not re.search(r"0\.91|91\.\d ?%|91 %", text)
    assert "F1 0.80 (0.76 to 0.84) on 80 test texts. Fast tier" in pages[1]


def test_the_table_says_which_tier_made_a_version_and_between_what_its_f1_lies(cast, project):
    version_at(project, 20, 0.5)
    version_at(project, 40, 0.6, tier="full")
    text = page(cast, "models")
    assert "0.46–0.54" in text
    assert re.findall(r"<td>(fast|full)", text) == ["full", "fast"]


def test_a_manager_starts_either_tier(cast, project):
    learned(project, [20])
    for document in project.documents.all()[:3]:
        annotation_make(document, cast.bob, [(0, 3, "PER")])
    client = Client()
    client.force_login(cast.alice)
    url = reverse("activelearning:run_start", args=[cast.org_a.slug, project.uuid])
    for tier in ("fast", "full"):
        assert f'name="tier" value="{tier}"' in page(cast, "run_panel", user=cast.alice)
        TrainingRun.objects.filter(status="queued").delete()
        client.post(url, {"tier": tier})
        assert TrainingRun.objects.get(status="queued").tier == tier
        assert f"Train the {tier} tier from scratch" in page(cast, "run_panel")
        TrainingRun.objects.filter(status="queued").delete()


def test_the_gain_since_a_full_run_is_read_off_the_fast_curve(cast, project):
    learned(project)
    run = version_at(project, 100, 0.9, tier="full").run
    run.snapshot = {"documents": {str(number): [] for number in range(100)}}
    run.tier = "full"
    run.started_at = now() - timedelta(minutes=2)
    run.save()
    gained = 0.9 * (100**-0.5 - 300**-0.5)
    assert selectors.loop_past(project).full_gain == pytest.approx(gained, abs=0.01)
    run.snapshot = {"documents": {str(number): [] for number in range(900)}}
    run.save()
    assert selectors.loop_past(project).full_gain is None
