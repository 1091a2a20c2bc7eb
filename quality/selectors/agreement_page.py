"""What the Quality page shows around the figures: what can be chosen, and what the choice leaves out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count
from django.utils.translation import gettext

from annotation.models import Annotation, Label, Project
from annotation.models.documents import OverlapReason
from daner_site.core.clock import now
from quality.models import AgreementCheck, DocumentAgreement
from quality.models.agreement import Sliced
from quality.selectors.panel import GUIDELINES, Panel, quality_panel
from quality.selectors.slices import ALL, OVERLAPS, SUGGESTIONS, WHOLE, Slice, guideline_text
from quality.selectors.totals import OF_DOCUMENTS, total_sums
from quality.selectors.trend import Trend, trend, worst_documents

NOTICE = timedelta(days=14)
"""So long a difference that a check found is shown."""

Options = tuple[tuple[str, str], ...]
"""(value, title)"""


@dataclass(frozen=True)
class Overview:
    """All shared documents, by what the figures are kept apart by."""

    documents: int
    targeted: int
    mixed: int
    guidelines: Options
    versions: int
    """Guideline versions that whole documents were labelled under."""
    overlaps: Options
    suggestions: Options
    """Offered only where there is something to choose."""


@dataclass(frozen=True)
class AgreementPage:
    chosen: Slice
    panel: Panel | None
    overview: Overview
    trend: Trend | None
    worst: list[DocumentAgreement]
    labels: list[Label]
    check: AgreementCheck | None
    """The last finished one."""
    notice: AgreementCheck | None
    """The last one that found a difference, while it is news."""
    measuring: bool
    """Several people's work is there, but no figures yet: they are being counted."""

    @property
    def without_pair(self) -> str:
        return self.chosen.but(pair=None).query

    @property
    def picked_query(self) -> str:
        return WHOLE.but(overlap=OverlapReason.TARGETED.value).query

    @property
    def mixed_query(self) -> str:
        return WHOLE.but(guideline="mixed").query


def agreement_page(project: Project, chosen: Slice) -> AgreementPage:
    panel = quality_panel(project, chosen)
    checks = AgreementCheck.objects.filter(project=project, finished_at__isnull=False).order_by("-pk")
    return AgreementPage(
        chosen=chosen,
        panel=panel,
        overview=overview(project),
        trend=trend(project, chosen) if panel else None,
        worst=worst_documents(project, chosen) if panel else [],
        labels=list(project.labels.all()),
        check=checks.first(),
        notice=checks.filter(differing__gt=0, created_at__gt=now() - NOTICE).first(),
        measuring=panel is None and shared_work(project),
    )


def shared_work(project: Project) -> bool:
    """Whether two people have submitted the same document."""
    human = project.annotations.filter(kind=Annotation.Kind.HUMAN, current=True).order_by()
    return human.values("document").annotate(people=Count("pk")).filter(people__gt=1).exists()


def overview(project: Project) -> Overview:
    by = ("overlap_reason", "with_suggestions", "guideline_version")
    counted = total_sums(OF_DOCUMENTS, project, ALL, by, sums=("documents",))
    reasons: Counter[str] = Counter()
    suggested: Counter[bool] = Counter()
    versions: Counter[int] = Counter()
    for (reason, with_suggestions, version), sums in counted.items():
        n = int(sums["documents"])
        reasons[reason] += n
        suggested[with_suggestions] += n
        versions[version] += n
    reasons, suggested, versions = +reasons, +suggested, +versions
    known = [(value, title) for value, title in OVERLAPS.items() if value in reasons or value in ("", "all")]
    ordered = sorted(versions, reverse=True)
    titles = [
        (guideline_text(v), GUIDELINES.get(guideline_text(v), gettext("Guideline version {v}").format(v=v)))
        for v in ordered
    ]
    return Overview(
        documents=reasons.total(),
        targeted=reasons[OverlapReason.TARGETED],
        mixed=versions[Sliced.MIXED_GUIDELINES],
        guidelines=(("", gettext("Everybody under the same")), *titles) if len(versions) > 1 else (),
        versions=sum(version > 0 for version in versions),
        overlaps=tuple(known) if len(reasons) > 1 or reasons[OverlapReason.TARGETED] else (),
        suggestions=tuple(SUGGESTIONS.items()) if len(suggested) > 1 else (),
    )
