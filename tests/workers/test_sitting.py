"""One sitting at real texts with the real engine: a scripted annotator who never waits for a training."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from activelearning import selectors
from activelearning.models import ModelVersion, TrainingRun
from activelearning.services import runs
from annotation.access import project_context
from annotation.domain.formats import parse
from annotation.domain.formats.base import ParsedDocument
from annotation.domain.submission import Submission
from annotation.models import Project, QueueEntry
from annotation.services.queue import queue_extend
from annotation.services.work import annotation_submit, assignment_claim_next
from daner_site.core.clock import now
from tests.conftest import wait_until
from tests.factories import annotation_make, document_make, organization_make, project_make, user_make
from tests.workers.state import live_order, simulated_order

WNUT = Path(__file__).parents[3] / "shared" / "data" / "wnut17"
VERSIONS = 40
POOL, TEST = 1500, 200
AHEAD = POOL // VERSIONS - 2
"""Documents the annotator labels for each version at most, so that the texts last for all."""
PACE_S = 0.1

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.first,
    pytest.mark.skipif(not WNUT.exists(), reason="needs the WNUT-17 corpus beside the repository"),
]


@pytest.fixture
def gold():
    """Text → entities."""
    rows = parse("conll", (WNUT / "train.conll").read_text(encoding="utf-8"))
    return {row.text: row.spans or () for row in rows if isinstance(row, ParsedDocument) and row.text.strip()}


@pytest.fixture
def project(transactional_db, settings, tmp_path, gold):
    settings.DANER_ARTEFACTS = tmp_path
    owner = user_make()
    labels = sorted({span.label for spans in gold.values() for span in spans})
    project = project_make(
        organization_make(owner=owner), owner, labels=labels, overlap_share=0, random_share=0.1, probe_documents=TEST
    )
    for number, (text, spans) in enumerate(list(gold.items())[: POOL + TEST]):
        document = document_make(project, text, split="pool" if number < POOL else "test", position=number)
        if number >= POOL:
            annotation_make(document, owner, spans, kind="gold")
    queue_extend(project=project)
    return project


class Annotator:
    """Labels the next document as the corpus does, and notes what brought it."""

    def __init__(self, project, gold):
        self.ctx = project_context(project.created_by, project.organization.slug, project.uuid)
        self.project, self.gold = project, gold
        self.submitted_at = []

    def label_one(self):
        before = self._served()
        assignment = assignment_claim_next(ctx=self.ctx)
        if before == self._served():  # nothing was published just now
            generation, model_uuid = before
            assert assignment.generation == generation
            entries = QueueEntry.objects.filter(project=self.project, generation=generation)
            by_model = set(entries.exclude(model_uuid=None).values_list("model_uuid", flat=True))
            assert by_model <= {model_uuid}, "the order of an older model is served"
        spans = tuple(self.gold[assignment.document.text])
        work = Submission(spans, frozenset(), (), 3 + 0.25 * len(assignment.document.tokens) + 3 * len(spans))
        annotation_submit(ctx=self.ctx, assignment_uuid=assignment.uuid, submission=work)
        self.submitted_at.append(now())

    def _served(self):
        version = selectors.active_version(self.project)
        return Project.objects.get(pk=self.project.pk).queue_generation, version and version.uuid


def live(project):
    return TrainingRun.objects.filter(project=project, status__in=TrainingRun.LIVE)


def drawn_and_listed(project):
    """Version → (F1, documents), as the dots of the curve say and as the table of versions says."""
    client = Client()
    client.force_login(project.created_by)
    of = {"org": project.organization.slug, "project": project.uuid}
    panel, table = (
        client.get(reverse(f"activelearning:{name}", kwargs=of)).content.decode() for name in ("curve_panel", "models")
    )
    dots = re.findall(r"<title>(v\d+), [^:<]+: F1 ([\d.]+)[^<]* from (\d+) documents</title>", panel)
    listed = {}
    for name, row in re.findall(r'<tr><th scope="row"><a [^>]*>(v\d+)</a>(.*?)</tr>', table):
        f1, _, _, documents, *_ = re.findall(r'<td class="num">([^<]*)</td>', row)
        listed[name] = (float(f1), int(documents))
    return {name: (float(f1), int(documents)) for name, f1, documents in dots}, listed


def test_forty_versions_in_one_sitting_while_nobody_waits(actors, project, gold):
    annotator = Annotator(project, gold)
    while (made := ModelVersion.objects.filter(run__status="ready").count()) < VERSIONS:
        if len(annotator.submitted_at) < AHEAD * (made + 1):
            annotator.label_one()
        else:
            runs.training_sweep()
        time.sleep(PACE_S)
    wait_until(lambda: not live(project).exists(), 120)
    # The last order was made while the annotator went on; one more, of a state that holds still.
    annotator.label_one()
    runs.training_run_open(project=project, opened_by=project.created_by)
    wait_until(lambda: not live(project).exists(), 120)
    assert not TrainingRun.objects.exclude(status="ready").exists()
    during = [
        sum(run.started_at < moment < run.finished_at for moment in annotator.submitted_at)
        for run in TrainingRun.objects.filter(kind="fit", finished_at__lt=annotator.submitted_at[-1])
    ]
    assert len(during) >= VERSIONS - 1
    assert sum(during) > VERSIONS, "submissions waited for trainings"
    learned = list(ModelVersion.objects.order_by("number").values_list("train_documents", flat=True))
    assert learned == sorted(set(learned))
    assert live_order(project) == simulated_order(project)
    drawn, listed = drawn_and_listed(project)
    versions = ModelVersion.objects.select_related("run").order_by("number")
    measured = {
        version.name: (version.metrics["overall"]["f1"], len(version.run.snapshot["documents"])) for version in versions
    }
    assert len(measured) > VERSIONS
    assert listed == {name: (pytest.approx(f1, abs=0.0006), documents) for name, (f1, documents) in measured.items()}
    assert drawn == {name: (pytest.approx(f1, abs=0.006), documents) for name, (f1, documents) in measured.items()}
