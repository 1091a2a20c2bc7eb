"""One person's own documents: what they did last, what can still be changed, and their pace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from annotation.access import ProjectContext
from annotation.models import Annotation, Assignment, Draft
from annotation.selectors.projects import workspace
from daner_site.core.clock import now

RECENT = 20
LONGEST_PAUSE_S = 3600


def own_turns(ctx: ProjectContext) -> QuerySet[Assignment]:
    """Documents they finished, and such as have work kept that was never submitted; newest first.

    `decided`: a reviewer has. Of a check that would tell what it is, so it is never said there.
    """
    drafts = Draft.objects.filter(assignment=OuterRef("pk"))
    gold = Annotation.objects.filter(document=OuterRef("document"), kind=Annotation.Kind.GOLD, current=True)
    # A document that is in work once more is to be read with fresh eyes.
    held = ctx.project.assignments.filter(annotator=ctx.user, status__in=Assignment.HELD)
    done = [Assignment.Status.SUBMITTED, Assignment.Status.REJECTED]
    return (
        ctx.project.assignments.filter(annotator=ctx.user)
        .exclude(document__in=held.values("document"))
        .annotate(kept=Exists(drafts), decided=Exists(gold) & Q(is_check=False))
        .filter(Q(status__in=done) | Q(kept=True))
        .select_related("document", "draft")
        .order_by("-closed_at", "-pk")
    )


def stored_spans(assignment: Assignment) -> list[dict[str, Any]]:
    """What was submitted last, as the page takes it."""
    if assignment.is_check:
        return [{**span, "origin": "human"} for span in assignment.answer or []]
    newest = assignment.annotations.order_by("revision").last()
    if newest is None:
        return []
    return [
        {"start": span.start, "end": span.end, "label": span.label.name, "origin": span.origin}
        for span in newest.spans.select_related("label").order_by("start")
    ]


def revision_workspace(ctx: ProjectContext, assignment: Assignment) -> dict[str, Any]:
    """The page of a document that was submitted, without the suggestions that are decided already."""
    found = workspace(ctx, assignment)
    return found | {"spans": stored_spans(assignment), "suggestions": [], "model": None}


@dataclass(frozen=True)
class Pace:
    today: int
    seconds_each: float | None
    """Median of the newest documents."""
    spans_per_hour: float | None
    trend: str
    """In words, against the documents before; empty while there are too few."""


def own_pace(ctx: ProjectContext) -> Pace:
    own = ctx.project.annotations.filter(
        author=ctx.user, kind=Annotation.Kind.HUMAN, current=True, provenance__source="interface"
    )
    found = own.filter(seconds__gt=0, seconds__lt=LONGEST_PAUSE_S).annotate(n=Count("spans")).order_by("-pk")
    rows = [(seconds or 0.0, n) for seconds, n in found.values_list("seconds", "n")[: 2 * RECENT]]
    newest, before = rows[:RECENT], rows[RECENT:]
    total = sum(second for second, _ in newest)
    return Pace(
        today=own.filter(created_at__gte=now() - timedelta(hours=24)).count(),
        seconds_each=median(second for second, _ in newest) if newest else None,
        spans_per_hour=3600 * sum(n for _, n in newest) / total if total else None,
        trend=_trend([second for second, _ in newest], [second for second, _ in before]),
    )


def _trend(newest: list[float], before: list[float]) -> str:
    if len(before) < RECENT // 2:
        return ""
    change = median(newest) / median(before)
    if 0.9 <= change <= 1.1:
        return gettext("about as before")
    return gettext("a little slower than before") if change > 1 else gettext("a little faster than before")
