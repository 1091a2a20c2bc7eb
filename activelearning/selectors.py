"""Reads of the active learning app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Max, QuerySet

from activelearning.domain.policy import Decision, Labels, RetrainSettings, retraining_due
from activelearning.models import InferenceRequest, ModelVersion, TrainingRun
from annotation.models import Project, Span, Split
from annotation.selectors.training import labelled_count, labels_since, last_label_at
from daner_site.accounts.models import User
from daner_site.core.charts import LineChart, line_chart
from daner_site.core.clock import now

UNKNOWN_COLOR = "#7F7F7F"


def versions(project: Project) -> QuerySet[ModelVersion]:
    """All model versions, newest first."""
    return ModelVersion.objects.filter(project=project).select_related("run")


def active_version(project: Project) -> ModelVersion | None:
    return ModelVersion.objects.filter(project=project, active=True).first()


def runs(project: Project) -> QuerySet[TrainingRun]:
    """All runs, newest first."""
    return TrainingRun.objects.filter(project=project).select_related("opened_by")


def questions(project: Project) -> QuerySet[InferenceRequest]:
    return InferenceRequest.objects.filter(project=project).select_related("version", "project")


def question_of(user: User, project: Project, uuid: str) -> InferenceRequest | None:
    """The person's own question; None for anything else, also for what is no uuid."""
    try:
        return questions(project).filter(uuid=uuid, asked_by=user).first()
    except ValidationError:
        return None


def watermark(project: Project) -> int:
    """The highest annotation id that a run has taken into account, whatever became of the run."""
    return TrainingRun.objects.filter(project=project).aggregate(highest=Max("watermark"))["highest"] or 0


def loop_labels(project: Project) -> Labels:
    """What the policy decides on."""
    last = last_label_at(project)
    entities = Span.objects.filter(
        annotation__project=project, annotation__current=True, annotation__document__split=Split.POOL
    )
    return Labels(
        documents=labelled_count(project),
        entities=entities.exists(),
        new=labels_since(project, watermark(project)),
        seconds_since_last=(now() - last).total_seconds() if last else 0.0,
    )


def decision(project: Project) -> Decision:
    """Whether the project is due for a run, and what it waits for."""
    settings = RetrainSettings(project.retrain_after, project.retrain_quiet_seconds)
    return retraining_due(loop_labels(project), settings)


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
    return LoopStatus(
        running=found.filter(status=TrainingRun.Status.RUNNING).first(),
        queued=found.filter(status=TrainingRun.Status.QUEUED).first(),
        last=found.exclude(status__in=TrainingRun.LIVE).first(),
        active=active_version(project),
        next=decision(project),
    )


@dataclass(frozen=True)
class CurvePoint:
    version: ModelVersion
    documents: int
    f1: float


def curve(project: Project) -> list[CurvePoint]:
    """F1 on the test texts over labelled documents, oldest version first; unmeasured ones left out."""
    return [
        CurvePoint(version, version.train_documents, version.metrics["overall"]["f1"])
        for version in ModelVersion.objects.filter(project=project).order_by("number")
        if version.measured
    ]


def label_quality(version: ModelVersion) -> list[dict[str, Any]]:
    """One row per label: name, colour, gold, predicted, correct, precision, recall, f1."""
    colors = dict(version.project.labels.values_list("name", "color"))
    found: dict[str, dict[str, Any]] = version.metrics["labels"]
    return [{"name": name, "color": colors.get(name, UNKNOWN_COLOR)} | values for name, values in found.items()]


def curve_chart(project: Project) -> LineChart:
    points = curve(project)
    return line_chart(
        [(p.documents, p.f1, f"{p.version.name}: F1 {p.f1:.2f} from {p.documents} documents") for p in points]
    )


def answer_pieces(question: InferenceRequest) -> list[dict[str, Any]]:
    """The question's text cut at its entities, for `components/spans.html`; entities also have
    `start`, `end` and `confidence`.
    """
    colors = dict(question.project.labels.values_list("name", "color"))
    found: list[dict[str, Any]] = []
    position = 0
    for span in question.spans:
        found.append({"text": question.text[position : span["start"]]})
        found.append(
            span
            | {
                "text": question.text[span["start"] : span["end"]],
                "color": colors.get(span["label"], UNKNOWN_COLOR),
                "title": f"{span['label']}, confidence {span['confidence']:.2f}",
            }
        )
        position = span["end"]
    found.append({"text": question.text[position:]})
    return [piece for piece in found if piece["text"]]
