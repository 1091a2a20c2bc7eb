"""When a run opens, and when it does not."""

from __future__ import annotations

import pytest

from activelearning.models import TrainingRun
from activelearning.services import runs
from daner_site.core.clock import now
from tests.factories import (
    annotation_make,
)
from tests.services.run_helpers import (
    consider,
    engine,
    execute,
    label,
    make_older,
    make_runs_older,
    people,
    project,
    run_of,
)

__all__ = ["engine", "people", "project"]  # fixtures

pytestmark = pytest.mark.django_db


def test_a_run_opens_after_enough_labels_and_not_before(project, people):
    label(project, people[0], 4)
    assert consider(project) is None
    label(project, people[0], 1)
    assert consider(project).reason == "5 newly labelled documents."


def test_a_run_opens_when_a_pause_follows_a_new_label(project, people):
    label(project, people[0], 2)
    make_older(project, 59)
    assert consider(project) is None
    make_older(project, 61)
    assert consider(project) is not None


def test_a_pause_that_is_soon_over_sends_for_one_later_look(project, people, django_capture_on_commit_callbacks, sent):
    label(project, people[0], 2)
    with django_capture_on_commit_callbacks(execute=True):
        consider(project)
    assert sent == []  # the sweep looks in time
    make_older(project, 55)
    with django_capture_on_commit_callbacks(execute=True):
        consider(project)
    assert sent == ["consider_retraining"]
    with django_capture_on_commit_callbacks(execute=True):
        runs.training_run_maybe_open(project_id=project.pk, later=True)
    assert sent == ["consider_retraining"]


def test_several_considerations_open_one_run(project, people):
    label(project, people[0], 5)
    assert {consider(project).pk for _ in range(5)} == {TrainingRun.objects.get().pk}


def test_no_run_without_two_documents_and_an_entity(project, people):
    annotation_make(project.documents.first(), people[0], [(0, 3, "PER")])
    make_older(project, 1000)
    assert consider(project) is None
    with pytest.raises(runs.RunRefused, match="2 labelled documents"):
        runs.training_run_open(project=project, opened_by=people[0])


def test_no_run_when_nothing_was_found_in_any_text(project, people):
    for document in project.documents.all()[:6]:
        annotation_make(document, people[0], [])
    with pytest.raises(runs.RunRefused, match="entity"):
        runs.training_run_open(project=project, opened_by=people[0])


def test_an_archived_project_is_left_alone(project, people):
    label(project, people[0], 5)
    type(project).objects.update(archived_at=now())
    assert consider(project) is None


def test_a_waiting_scoring_run_becomes_a_training_when_one_is_due(project, people):
    execute(run_of(project, people))
    make_runs_older(100)
    scoring = runs.scoring_run_maybe_open(project_id=project.pk)
    label(project, people[0], 5)
    assert consider(project).pk == scoring.pk
    scoring.refresh_from_db()
    assert scoring.kind == TrainingRun.Kind.FIT
