"""Which part of a project's shared work the figures are about, as its address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet

from annotation.models import Label, Project
from annotation.models.documents import OverlapReason
from daner_site.accounts.models import User
from daner_site.core.sentences import Sentence
from quality.models.agreement import PairAgreement, Sliced

M = TypeVar("M", bound=Model)

PARAMETERS = ("overlap", "suggestions", "guideline", "since", "until", "label", "pair")

UNCHOSEN, EVERYTHING = "unchosen", "all"
OVERLAPS: dict[str, str] = {
    "": Sentence("Random and first documents"),
    OverlapReason.RANDOM.value: Sentence("Drawn at random"),
    OverlapReason.START.value: Sentence("First documents of a guideline version"),
    OverlapReason.TARGETED.value: Sentence("Picked because people or models were unsure"),
    EVERYTHING: Sentence("All of them"),
}
SUGGESTIONS = {
    "": Sentence("With and without"),
    "without": Sentence("Without suggestions"),
    "with": Sentence("With suggestions"),
}
NO_GUIDELINE, MIXED = "none", "mixed"


@dataclass(frozen=True)
class Slice:
    """Empty fields narrow nothing, but `overlap` and `guideline` leave out what would mislead:
    documents picked because they are hard, and documents labelled under different guidelines."""

    overlap: str = ""
    suggestions: str = ""
    guideline: str = ""
    since: date | None = None
    until: date | None = None
    label: Label | None = None
    pair: tuple[User, User] | None = None

    @property
    def whole(self) -> bool:
        """What the stored report is about."""
        return self == WHOLE

    @property
    def query(self) -> str:
        """As the page's address has it; empty for the whole."""
        return urlencode({name: value for name, value in self.values.items() if value})

    @property
    def values(self) -> dict[str, str]:
        """Parameter → text."""
        return {
            "overlap": self.overlap,
            "suggestions": self.suggestions,
            "guideline": self.guideline,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "label": self.label.name if self.label else "",
            "pair": ",".join(user.username for user in self.pair) if self.pair else "",
        }

    def but(self, **changes: Any) -> Slice:
        return replace(self, **changes)

    def narrow(self, rows: QuerySet[M]) -> QuerySet[M]:
        """The rows of a project that belong to it; label and pair are the caller's business."""
        return self.narrow_kind(rows).filter(self._days())

    def narrow_kind(self, rows: QuerySet[M]) -> QuerySet[M]:
        """The same without a look at the days."""
        return rows.filter(self._overlap(), self._guideline(), self._suggestions())

    def _overlap(self) -> Q:
        if self.overlap == EVERYTHING:
            return Q()
        return Q(overlap_reason=self.overlap) if self.overlap else ~Q(overlap_reason=OverlapReason.TARGETED)

    def _guideline(self) -> Q:
        if self.guideline == EVERYTHING:
            return Q()
        if self.guideline == MIXED:
            return Q(guideline_version=Sliced.MIXED_GUIDELINES)
        if self.guideline:
            return Q(guideline_version=0 if self.guideline == NO_GUIDELINE else int(self.guideline))
        return Q(guideline_version__gte=Sliced.NO_GUIDELINE)

    def _suggestions(self) -> Q:
        return Q(with_suggestions=self.suggestions == "with") if self.suggestions else Q()

    def _days(self) -> Q:
        days = Q(day__gte=self.since) if self.since else Q()
        return days & (Q(day__lte=self.until) if self.until else Q())


WHOLE = Slice()
ALL = Slice(overlap=EVERYTHING, guideline=EVERYTHING)
"""Every shared document; no address says it, since its figures would mix what is to be kept apart."""


def slice_of(project: Project, parameters: Mapping[str, str]) -> Slice:
    """What an address asks for; whatever makes no sense in this project narrows nothing."""
    # PostgreSQL cannot even be asked for a NUL.
    text = {name: parameters.get(name, "").replace("\0", "") for name in PARAMETERS}
    return Slice(
        overlap=text["overlap"] if text["overlap"] in OVERLAPS else "",
        suggestions=text["suggestions"] if text["suggestions"] in SUGGESTIONS else "",
        guideline=_guideline(text["guideline"]),
        since=_date(text["since"]),
        until=_date(text["until"]),
        label=project.labels.filter(name=text["label"]).first() if text["label"] else None,
        pair=_pair(project, text["pair"]) if text["pair"] else None,
    )


def guideline_text(version: int) -> str:
    """As an address has it."""
    return {Sliced.NO_GUIDELINE: NO_GUIDELINE, Sliced.MIXED_GUIDELINES: MIXED}.get(version, str(version))


def _guideline(text: str) -> str:
    number = text.isascii() and text.isdecimal() and 0 < len(text) < 6 and int(text) > 0
    return text if number or text in (NO_GUIDELINE, MIXED) else ""


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _pair(project: Project, text: str) -> tuple[User, User] | None:
    """Two usernames; only people who have worked on one document of the project are found."""
    first, _, second = text.partition(",")
    rows = PairAgreement.objects.filter(project=project).select_related("first", "second").order_by()
    for one, other in ((first, second), (second, first)):
        if row := rows.filter(first__username=one, second__username=other).first():
            return row.first, row.second
    return None
