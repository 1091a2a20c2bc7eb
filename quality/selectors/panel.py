"""The newest agreement report in words and numbers for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from annotation.models import Project
from daner_site.accounts.models import User
from quality.domain.conflicts import CONFLICT_KINDS
from quality.models import AgreementReport
from quality.selectors.cases import open_count

RELIABLE, TENTATIVE = 0.800, 0.667
"""Krippendorff's customary bounds."""
FEW_DOCUMENTS = 3
"""Pairs with fewer shared documents say little and are shown pale."""
MATRIX_LIMIT = 15
"""More annotators than this are listed, not drawn as a matrix."""

ALPHAS = {
    "bio": ("Same tags, word by word", "words"),
    "type": ("Same label, whatever the cut between neighbours", "words"),
    "detect": ("Entity or not", "words"),
    "label": ("Which label, where two people saw an entity", "words"),
}
F1S = {
    "exact": "Same bounds and same label",
    "overlap": "Same label, at least one character in common",
    "boundary": "Same bounds, whatever the label",
}
REASONS = {
    "no_overlap": "nothing that two people have both labelled yet",
    "no_variation": "everybody gave every word the same value, so agreement by chance is unknown",
    "too_few": "only one word was labelled by two people",
    "no_spans": "nobody marked anything there",
}


@dataclass(frozen=True)
class Figure:
    """One measure as shown: a value with its interval, or the reason for none."""

    name: str
    title: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str
    mean: float | None = None
    sd: float | None = None
    pairs: int = 0

    @property
    def percent(self) -> int:
        """For the length of a bar."""
        return round(100 * (self.value or 0))

    @property
    def judged(self) -> float | None:
        """The cautious end of the interval, or the value where there is none."""
        return self.value if self.low is None else self.low

    @property
    def reading(self) -> tuple[str, str]:
        """A badge: style and word."""
        if self.judged is None:
            return "", "unknown"
        if self.judged >= RELIABLE:
            return "good", "reliable"
        return ("info", "tentative") if self.judged >= TENTATIVE else ("warn", "low")


@dataclass(frozen=True)
class LabelRow:
    name: str
    color: str
    alpha: Figure
    exact: Figure
    overlap: Figure


@dataclass(frozen=True)
class Cell:
    """One pair in the matrix; `same` is the diagonal."""

    value: float | None
    title: str
    few: bool = False
    same: bool = False

    @property
    def heat(self) -> str:
        """Shade of the cell, 0 to 1; pale where the figure stands on little."""
        return "0" if self.few or self.value is None else f"{self.value:.3f}"


@dataclass(frozen=True)
class PairRow:
    first: str
    second: str
    figures: Mapping[str, Any]
    few: bool


@dataclass(frozen=True)
class Panel:
    created_at: datetime
    counts: Mapping[str, int]
    alphas: tuple[Figure, ...]
    f1s: tuple[Figure, ...]
    labels: tuple[LabelRow, ...]
    people: tuple[str, ...]
    matrix: tuple[tuple[str, tuple[Cell, ...]], ...]
    pairs: tuple[PairRow, ...]
    conflicts: tuple[tuple[str, str, int, int], ...]
    """(kind, title, count, per cent of all conflicts)"""
    suggestions: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Summary:
    alpha: Figure | None
    exact: Figure | None
    documents: int
    open_cases: int


def newest_report(project: Project) -> AgreementReport | None:
    return AgreementReport.objects.filter(project=project).order_by("-pk").first()


def quality_summary(project: Project) -> Summary:
    report = newest_report(project)
    if report is None:
        return Summary(None, None, 0, open_count(project))
    measures = report.measures
    return Summary(
        _figure("bio", ALPHAS["bio"][0], measures["alpha"]["bio"]),
        _figure("exact", F1S["exact"], measures["span_f1"]["exact"]),
        measures["counts"]["documents"],
        open_count(project),
    )


def quality_panel(project: Project) -> Panel | None:
    """None where nothing has been measured yet."""
    report = newest_report(project)
    if report is None:
        return None
    measures = report.measures
    names = _names(measures)
    total = sum(measures["conflicts"].values())
    return Panel(
        created_at=report.created_at,
        counts=measures["counts"],
        alphas=tuple(_figure(key, title, measures["alpha"][key]) for key, (title, _) in ALPHAS.items()),
        f1s=tuple(_figure(key, title, measures["span_f1"][key]) for key, title in F1S.items()),
        labels=tuple(_labels(project, measures)),
        people=tuple(names.values()) if len(names) <= MATRIX_LIMIT else (),
        matrix=tuple(_matrix(measures, names)) if len(names) <= MATRIX_LIMIT else (),
        pairs=tuple(
            PairRow(names[pair["a"]], names[pair["b"]], pair, pair["documents"] < FEW_DOCUMENTS)
            for pair in sorted(measures["pairs"], key=lambda pair: (-pair["documents"], pair["a"], pair["b"]))
        ),
        conflicts=tuple(
            (kind.value, kind.words, n := measures["conflicts"][kind.value], round(100 * n / total) if total else 0)
            for kind in CONFLICT_KINDS
        ),
        suggestions=measures["suggestions"],
    )


def _figure(name: str, title: str, data: Mapping[str, Any]) -> Figure:
    value = data["micro"] if "micro" in data else data["value"]
    return Figure(
        name=name,
        title=title,
        value=value,
        low=data.get("low"),
        high=data.get("high"),
        n=data["n"],
        reason=REASONS.get(data["reason"] or "", ""),
        mean=data.get("mean"),
        sd=data.get("sd"),
        pairs=data.get("pairs", 0),
    )


def _labels(project: Project, measures: Mapping[str, Any]) -> list[LabelRow]:
    alphas, f1s = measures["alpha"]["per_label"], measures["span_f1"]["per_label"]
    return [
        LabelRow(
            label.name,
            label.color,
            _figure("alpha", label.name, alphas[label.name]),
            _figure("exact", label.name, f1s[label.name]["exact"]),
            _figure("overlap", label.name, f1s[label.name]["overlap"]),
        )
        for label in project.labels.all()
        if label.name in alphas and (label.retired_at is None or f1s[label.name]["exact"]["n"])
    ]


def _names(measures: Mapping[str, Any]) -> dict[str, str]:
    """User id → name, by name; two people of one name are told apart by their sign-in name."""
    ids = {pair[side] for pair in measures["pairs"] for side in "ab"}
    users = list(User.objects.filter(pk__in=ids))
    shown = [user.name for user in users]
    names = {
        str(user.pk): user.name if shown.count(user.name) == 1 else f"{user.name} ({user.username})" for user in users
    }
    names |= dict.fromkeys(ids - names.keys(), "a removed user")
    return dict(sorted(names.items(), key=lambda item: (item[1].lower(), item[0])))


def _matrix(measures: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, tuple[Cell, ...]]]:
    cells: dict[tuple[str, str], Cell] = {}
    for pair in measures["pairs"]:
        documents = pair["documents"]
        title = f"{names[pair['a']]} and {names[pair['b']]}: {documents} shared document{'s' if documents != 1 else ''}"
        cell = Cell(pair["exact"], title, documents < FEW_DOCUMENTS)
        cells[pair["a"], pair["b"]] = cells[pair["b"], pair["a"]] = cell
    nothing = Cell(None, "no shared document")
    return [
        (name, tuple(Cell(None, "", same=True) if a == b else cells.get((a, b), nothing) for b in names))
        for a, name in names.items()
    ]
