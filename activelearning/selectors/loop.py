"""Reads of runs, and of what the policy decides on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Max, QuerySet

from activelearning.domain.policy import Decision, Labels, Past, RetrainSettings, retraining_due
from activelearning.models import ModelVersion, Tier, TrainingRun
from activelearning.selectors.forecast import gain_since
from activelearning.selectors.trained import active_version, versions
from annotation.models import Project
from annotation.selectors.training import (
    active_labels,
    corrected_since,
    entities_labelled,
    labelled,
    labelled_since,
    last_label_at,
)
from daner_site.core.clock import now


def runs(project: Project) -> QuerySet[TrainingRun]:
    """All runs, newest first."""
    return TrainingRun.objects.filter(project=project).select_related("opened_by")


def taken_into_account() -> QuerySet[TrainingRun]:
    """The runs whose labels are not new any more, whatever became of the run; but what only a withheld version has
    learned, the model in use has not.
    """
    return TrainingRun.objects.exclude(version__withheld=True)


def watermark(project: Project) -> int:
    """The highest annotation id that a run has taken into account."""
    return taken_into_account().filter(project=project).aggregate(highest=Max("watermark"))["highest"] or 0


def loop_labels(project: Project) -> Labels:
    """What the policy decides on."""
    last, seen = last_label_at(project), watermark(project)
    amount, new = labelled(project), labelled_since(project, seen)
    return Labels(
        documents=amount.documents,
        entities=entities_labelled(project),
        new=new.documents,
        seconds_since_last=(now() - last).total_seconds() if last else 0.0,
        words=amount.words,
        new_words=new.words,
        relabelled=_relabelled(project, seen),
    )


def _relabelled(project: Project, seen: int) -> bool:
    """Whether the label set, or a label that was there, has changed since the last training taken into account."""
    last = taken_into_account().filter(project=project, kind=TrainingRun.Kind.FIT, watermark__gt=0).first()
    if last is None:
        return False
    return last.parameters.get("labels") != active_labels(project) or corrected_since(project, seen)


def loop_past(project: Project) -> Past:
    """What was trained before, and what it cost."""
    started = TrainingRun.objects.filter(project=project, kind=TrainingRun.Kind.FIT, started_at__isnull=False)
    fits = list(started.defer("snapshot", "parameters"))
    full = next((run for run in fits if run.tier == Tier.FULL), None)
    ends = [run.finished_at for run in fits if run.finished_at]
    return Past(
        cold_words=_cold_words(project),
        full_words=full.words if full else 0,
        fast_seconds=_seconds(fits, Tier.FAST),
        full_seconds=_seconds(fits, Tier.FULL),
        seconds_since_run=(now() - max(ends)).total_seconds() if ends else None,
        full_gain=gain_since(project, full) if full else None,
        withheld=_withheld(fits),
    )


def warm_base(project: Project) -> ModelVersion | None:
    """The newest fast version, if a training could go on from it."""
    newest = versions(project).filter(tier=Tier.FAST).first()
    if newest is None or not newest.artefact or newest.run.parameters.get("checkpoint") != checkpoint_of(project):
        return None
    return newest if newest.labels == active_labels(project) else None


def checkpoint_of(project: Project) -> str:
    return project.checkpoint or settings.DANER_DEFAULT_CHECKPOINT


def _cold_words(project: Project) -> int:
    """Words the newest fast version's line began with; 0: there is none to go on from."""
    base = warm_base(project)
    cold = versions(project).filter(tier=Tier.FAST, run__warm=False).first() if base else None
    return cold.train_words if cold else 0


def _withheld(fits: Sequence[TrainingRun]) -> str:
    """Name of the version of the newest training, if it was withheld; `fits` newest first."""
    found = ModelVersion.objects.filter(run=fits[0], withheld=True).first() if fits else None
    return found.name if found else ""


def _seconds(fits: Sequence[TrainingRun], tier: str) -> float | None:
    """What the newest training of a tier took; `fits` newest first."""
    ready = (run for run in fits if run.tier == tier and run.status == TrainingRun.Status.READY)
    return next((_elapsed(run) for run in ready), None)


def _elapsed(run: TrainingRun) -> float | None:
    if run.started_at is None or run.finished_at is None:
        return None
    return (run.finished_at - run.started_at).total_seconds()


def decision(project: Project) -> Decision:
    """Whether the project is due for a run, and what it waits for."""
    retrain = RetrainSettings(project.retrain_after, project.retrain_quiet_seconds)
    return retraining_due(loop_labels(project), retrain, loop_past(project))


@dataclass(frozen=True)
class LoopStatus:
    """What the run panel shows."""

    running: TrainingRun | None
    queued: TrainingRun | None
    last: TrainingRun | None
    """The newest finished one."""
    active: ModelVersion | None
    next: Decision

    @property
    def elapsed_seconds(self) -> int:
        if self.running is None or self.running.started_at is None:
            return 0
        return int((now() - self.running.started_at).total_seconds())

    @property
    def percent(self) -> int | None:
        """How far the stage is; None where that is unknown."""
        total = self.running.progress.get("total") if self.running else None
        return round(100 * self.running.progress["done"] / total) if self.running and total else None


def loop_status(project: Project) -> LoopStatus:
    found = runs(project)
    live = {run.status: run for run in found.filter(status__in=TrainingRun.LIVE)}
    return LoopStatus(
        running=live.get(TrainingRun.Status.RUNNING),
        queued=live.get(TrainingRun.Status.QUEUED),
        last=found.exclude(status__in=TrainingRun.LIVE).first(),
        active=active_version(project),
        next=decision(project),
    )
