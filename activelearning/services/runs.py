"""Opening, cancelling and recovering training runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

from activelearning import selectors
from activelearning.domain.policy import Decision, by_hand
from activelearning.models import Tier, TrainingRun
from activelearning.services.leases import MAX_ATTEMPTS, learned_by_now, run_release
from activelearning.services.snapshots import run_folder_drop
from annotation.models import Annotation, Project, Split
from daner_site.accounts.audit import audit
from daner_site.accounts.models import User
from daner_site.core.clock import now
from daner_site.core.jobs import enqueue_on_commit
from daner_site.core.live import nudge_on_commit, project_group
from daner_site.core.sentences import Sentence

RESEND_AFTER = timedelta(seconds=30)
"""A live run that no worker has in hand is announced again this long after the last time."""
SLACK_MS = 500
SOON_S = 10
"""Time between two sweeps."""


class RunRefused(Exception):
    """There is nothing to train with; the message is for the person who asked."""


@transaction.atomic
def training_run_open(*, project: Project, opened_by: User, tier: str = Tier.FAST) -> TrainingRun:
    """Open a run by hand, or return the one that is waiting already.

    Raises RunRefused without enough labels.
    """
    decision = by_hand(selectors.loop_labels(project), tier=tier)
    if not decision.due:
        raise RunRefused(decision.reason)
    run = _open_training(project, decision, opened_by)
    audit(
        organization=project.organization,
        actor=opened_by,
        verb="run.open",
        project_uuid=project.uuid,
        target_uuid=run.uuid,
    )
    return run


@transaction.atomic
def training_run_maybe_open(*, project_id: int, later: bool = False) -> TrainingRun | None:
    """Open a run if the project's policy says so; several calls open one.

    Where the policy says to wait a moment, a look after it is sent for, unless this is such a look
    itself (`later`): each new label sends its own. A longer wait is the sweep's: workers hold only
    a few delayed messages at a time, and those for later would keep the ones for now from being read.
    """
    project = Project.objects.filter(pk=project_id, archived_at=None).select_related("organization").first()
    if project is None:
        return None
    decision = selectors.decision(project)
    if decision.due:
        return _open_training(project, decision)
    if decision.wait_seconds is not None and decision.wait_seconds <= SOON_S and not later:
        delay_ms = int(decision.wait_seconds * 1000) + SLACK_MS
        enqueue_on_commit("consider_retraining", delay_ms=delay_ms, project_id=project.pk, later=True)
    return None


@transaction.atomic
def scoring_run_maybe_open(*, project_id: int) -> TrainingRun | None:
    """Have new documents read and put in order: by the active version, or for a cold start without one."""
    project = Project.objects.filter(pk=project_id, archived_at=None).first()
    return _open_scoring(project, Sentence("New documents.")) if project is not None else None


@transaction.atomic
def ordering_run_maybe_open(*, project_id: int) -> TrainingRun | None:
    """Have the open documents put in order anew if the project now wants another order than the published one."""
    project = Project.objects.filter(pk=project_id, archived_at=None).first()
    if project is None or selectors.order_is_current(project) or not project.queue_generation:
        return None
    return _open_scoring(project, Sentence("Another order is wanted."))


@transaction.atomic
def training_run_cancel(*, project: Project, run_uuid: UUID, by: User) -> None:
    """Cancel a live run: a waiting one at once, a running one as soon as its worker looks.

    Does nothing to a finished run. The labels it would have learned from wait for the next new one.
    """
    run = TrainingRun.objects.filter(project=project, uuid=run_uuid, status__in=TrainingRun.LIVE).first()
    if run is None:
        return
    waiting = TrainingRun.objects.filter(pk=run.pk, status=TrainingRun.Status.QUEUED)
    waiting.filter(kind=TrainingRun.Kind.FIT).update(**learned_by_now(project))
    waiting.update(status=TrainingRun.Status.CANCELLED, finished_at=now())
    TrainingRun.objects.filter(pk=run.pk, status=TrainingRun.Status.RUNNING).update(cancel_requested=True)
    audit(
        organization=project.organization,
        actor=by,
        verb="run.cancel",
        project_uuid=project.uuid,
        target_uuid=run.uuid,
    )
    nudge_on_commit(project_group(project.uuid), "run")


@transaction.atomic
def run_follow_up(*, project: Project) -> None:
    """After a run: send the waiting one off, or look whether the labels that came meanwhile are enough."""
    queued = TrainingRun.objects.filter(project=project, status=TrainingRun.Status.QUEUED).first()
    if queued is not None:
        _send(queued)
    else:
        enqueue_on_commit("consider_retraining", project_id=project.pk)


def training_sweep() -> None:
    """Repair what lost messages and dead workers left. Idempotent."""
    moment = now()
    for run in TrainingRun.objects.filter(status=TrainingRun.Status.RUNNING, lease_until__lt=moment):
        if run.cancel_requested:
            run_release(run=run, status=TrainingRun.Status.CANCELLED)
            run_folder_drop(run)
        elif run.attempt >= MAX_ATTEMPTS:
            message = f"The training stopped without a word {run.attempt} times; the machine may lack memory."
            run_release(run=run, status=TrainingRun.Status.FAILED, error=message)
            run_folder_drop(run)
        elif run.sent_at < moment - RESEND_AFTER:
            _send_again(run)
    for run in TrainingRun.objects.filter(status=TrainingRun.Status.QUEUED, sent_at__lt=moment - RESEND_AFTER):
        _send_again(run)
    for project_id in _with_new_labels():
        training_run_maybe_open(project_id=project_id, later=True)


def _with_new_labels() -> list[int]:
    """Projects with labels that no run has taken into account."""
    newest = (
        Annotation.objects.filter(project=OuterRef("pk"), document__split=Split.POOL)
        .order_by()
        .values("project")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    seen = (
        selectors.taken_into_account()
        .filter(project=OuterRef("pk"))
        .order_by()
        .values("project")
        .annotate(seen=Max("watermark"))
        .values("seen")
    )
    found = Project.objects.filter(archived_at=None).annotate(newest=Subquery(newest), seen=Coalesce(Subquery(seen), 0))
    return list(found.filter(newest__gt=F("seen")).order_by().values_list("pk", flat=True))


def _open_training(project: Project, decision: Decision, opened_by: User | None = None) -> TrainingRun:
    """A waiting training as decided; one that waits already is made of the full tier if that is asked for."""
    how = {"tier": decision.tier, "warm": decision.warm, "reason": decision.reason, "opened_by": opened_by}
    run = _open(project, kind=TrainingRun.Kind.FIT, **how)
    waiting = TrainingRun.objects.filter(pk=run.pk, status=TrainingRun.Status.QUEUED)
    if run.kind != TrainingRun.Kind.FIT:
        waiting.update(kind=TrainingRun.Kind.FIT, **how)
    elif decision.tier == Tier.FULL:
        waiting.filter(tier=Tier.FAST).update(**how)
    return run


def _open_scoring(project: Project, reason: str) -> TrainingRun:
    with_model = selectors.active_version(project) is not None
    kind = TrainingRun.Kind.SCORE if with_model else TrainingRun.Kind.PREPARE
    return _open(project, kind=kind, reason=reason)


def _open(project: Project, **fields: Any) -> TrainingRun:
    """The project's waiting run: a new one with these fields, or the one there is."""
    try:
        with transaction.atomic():
            run = TrainingRun.objects.create(
                organization_id=project.organization_id, project=project, seed=project.seed, **fields
            )
    except IntegrityError:
        found = TrainingRun.objects.filter(project=project, status=TrainingRun.Status.QUEUED).first()
        if found is not None:
            return found
        return _open(project, **fields)  # it was claimed or cancelled in between
    _send(run)
    nudge_on_commit(project_group(project.uuid), "run")
    return run


@transaction.atomic
def _send_again(run: TrainingRun) -> None:
    _send(run)


def _send(run: TrainingRun) -> None:
    TrainingRun.objects.filter(pk=run.pk).update(sent_at=now())
    enqueue_on_commit("run_training", run_id=run.pk)
