"""The learning curve of a project: what was measured, what is to come, and whether it pays."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from activelearning.domain.forecast import LEAST_VERSIONS, Outlook, outlook, rise
from activelearning.domain.learning_curve import Z95, Measured
from activelearning.domain.stopping import Advice, Round, advise
from activelearning.models import ModelVersion, Tier, TrainingRun
from annotation.models import Project
from annotation.selectors.training import open_work, turn_seconds
from daner_site.core.charts import Ahead, Dot, LineChart, line_chart
from daner_site.core.language import translated
from daner_site.core.sentences import Sentence


@dataclass(frozen=True)
class CurvePoint:
    version: ModelVersion
    documents: int
    f1: float
    interval: tuple[float, float] | None
    """Of F1, 95 %; None where there were too few test texts for one."""

    @property
    def title(self) -> str:
        low, high = self.interval or (0.0, 0.0)
        between = Sentence(" ({low:.2f} to {high:.2f})", low=low, high=high) if self.interval else ""
        return translated(
            Sentence(
                "{name}, {tier}: F1 {f1:.2f}{between} from {documents} documents",
                name=self.version.name,
                tier=self.version.get_tier_display(),
                f1=self.f1,
                between=between,
                documents=self.documents,
            )
        )


@dataclass(frozen=True)
class CurvePanel:
    newest: ModelVersion | None
    points: list[CurvePoint]
    chart: LineChart
    outlook: Outlook
    tier: str
    """Of the versions that the forecast follows."""
    advice: Advice | None
    """None while nothing can be forecast."""

    @property
    def last(self) -> Dot | None:
        """Where the line that the forecast follows ends."""
        line = self.chart.second if self.tier == Tier.FULL else self.chart.dots
        return line[-1] if line else None


def curve(project: Project) -> list[CurvePoint]:
    """F1 on the test texts over labelled documents, oldest version first; unmeasured ones left out."""
    return [
        CurvePoint(version, version.train_documents, version.metrics["overall"]["f1"], _interval(version))
        for version in ModelVersion.objects.filter(project=project).order_by("number")
        if version.measured
    ]


def curve_panel(project: Project) -> CurvePanel:
    points = curve(project)
    followed = _followed(points)
    found = _outlook(project, followed)
    rounds = [Round(p.documents, p.interval, _agreement(p.version)) for p in followed]
    return CurvePanel(
        newest=ModelVersion.objects.filter(project=project).order_by("-number").first(),
        points=points,
        chart=_chart(points, followed, found),
        outlook=found,
        tier=followed[-1].version.tier if followed else "",
        advice=advise(rounds, found.hour_gain) if found.prediction else None,
    )


def gain_since(project: Project, run: TrainingRun) -> float | None:
    """F1 by which the fast tier's curve has risen since a run; None while there is no curve across it."""
    fast = _followed([point for point in curve(project) if point.version.tier == Tier.FAST])
    documents = len(run.snapshot.get("documents", ()))
    if not fast or not fast[0].documents <= documents <= fast[-1].documents:
        return None
    return rise(_measured(fast), documents)


def _followed(points: list[CurvePoint]) -> list[CurvePoint]:
    """The versions that make one curve: of one tier and checkpoint, the newest where the documents are as many.

    The fast tier, unless it has too few for a forecast and the full tier has more; versions from before
    documents were taken away are left out.
    """
    fast, full = ([p for p in points if p.version.tier == tier] for tier in (Tier.FAST, Tier.FULL))
    of_tier = full if len(fast) < min(LEAST_VERSIONS, len(full)) else fast
    if not of_tier:
        return []
    newest = of_tier[-1]
    by_size = {
        point.documents: point
        for point in of_tier
        if point.version.checkpoint == newest.version.checkpoint and point.documents <= newest.documents
    }
    return [by_size[documents] for documents in sorted(by_size)]


def _outlook(project: Project, followed: list[CurvePoint]) -> Outlook:
    if not followed:
        return outlook([], 0, remaining=0, seconds_per_document=None)
    left, each = open_work(project), turn_seconds(project)
    return outlook(
        _measured(followed),
        followed[-1].version.metrics["overall"]["gold"],
        remaining=left.documents,
        seconds_per_document=each * left.turns / left.documents if each and left.documents else None,
    )


def _chart(points: list[CurvePoint], followed: list[CurvePoint], found: Outlook) -> LineChart:
    ahead = None
    if found.prediction:
        low, high = found.prediction.interval()
        title = Sentence(
            "Forecast: F1 {f1:.2f} ({low:.2f} to {high:.2f}) from {documents} documents",
            f1=found.prediction.f1,
            low=low,
            high=high,
            documents=found.prediction.documents,
        )
        ahead = Ahead(found.prediction.documents, found.prediction.f1, low, high, translated(title))
    first, second = ([p for p in points if p.version.tier == tier] for tier in (Tier.FAST, Tier.FULL))
    return line_chart(
        [(p.documents, p.f1, p.title) for p in first],
        second=[(p.documents, p.f1, p.title) for p in second],
        band=[(p.documents, *p.interval) for p in followed if p.interval],
        ahead=ahead,
        x_label=gettext("labelled documents"),
        y_label=gettext("F1 on the test texts"),
    )


def _interval(version: ModelVersion) -> tuple[float, float] | None:
    interval = version.metrics.get("interval")
    return (interval["f1"][0], interval["f1"][1]) if interval else None


def _measured(points: list[CurvePoint]) -> list[Measured]:
    return [Measured(point.documents, point.f1, _error(point), point.version.train_words) for point in points]


def _error(point: CurvePoint) -> float | None:
    return (point.interval[1] - point.interval[0]) / (2 * Z95) if point.interval else None


def _agreement(version: ModelVersion) -> float | None:
    stability = version.metrics.get("stability")
    return stability["f1"] if stability else None
