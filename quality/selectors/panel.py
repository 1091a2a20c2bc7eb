"""Agreement in words and numbers for people: the newest report, or a slice measured now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, ngettext

from annotation.models import Project
from daner_site.accounts.models import User
from daner_site.core.clock import now
from daner_site.core.sentences import Sentence
from quality.domain.agreement_rows import NOBODY
from quality.domain.conflicts import CONFLICT_KINDS
from quality.domain.span_agreement import ENOUGH_DOCUMENTS
from quality.models import AgreementReport
from quality.numeric.measures import REASONS
from quality.selectors.agreement import measures as measures_of
from quality.selectors.cases import open_count
from quality.selectors.slices import OVERLAPS, SUGGESTIONS, WHOLE, Slice

RELIABLE, TENTATIVE = 0.800, 0.667
"""Krippendorff's customary bounds."""
MATRIX_LIMIT = 15
"""More annotators or labels than this are listed, not drawn as a matrix."""

ALPHAS = {
    "bio": (Sentence("Same tags, word by word"), "words"),
    "type": (Sentence("Same label, whatever the cut between neighbours"), "words"),
    "detect": (Sentence("Entity or not"), "words"),
    "label": (Sentence("Which label, where two people saw an entity"), "words"),
}
GUIDELINES = {
    "none": Sentence("Without a guideline"),
    "mixed": Sentence("People worked under different guideline versions"),
}
F1S = {
    "exact": Sentence("Same bounds and same label"),
    "overlap": Sentence("Same label, at least one character in common"),
    "boundary": Sentence("Same bounds, whatever the label"),
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
    def reading(self) -> tuple[str, Sentence]:
        """A badge: style and words. The cautious end of the interval is read; without one nothing can be said."""
        if self.value is None:
            return "", Sentence("unknown")
        if self.low is None:
            return "", Sentence("too few documents")
        if self.low >= RELIABLE:
            return "good", Sentence("reliable")
        return ("info", Sentence("tentative")) if self.low >= TENTATIVE else ("warn", Sentence("low"))


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

    query: str = ""
    """Of the slice of the pair alone."""

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
    exact: Figure
    query: str


@dataclass(frozen=True)
class Apart:
    """One kind of work that is not to be mixed with another."""

    title: str
    documents: int
    exact: Figure
    alpha: Figure
    query: str


@dataclass(frozen=True)
class ConfusionCell:
    spans: int
    share: float
    """Of the row's spans."""
    same: bool

    @property
    def percent(self) -> int:
        return round(100 * self.share)

    @property
    def heat(self) -> str:
        return f"{self.share:.3f}"


@dataclass(frozen=True)
class ConfusionRow:
    label: str
    spans: int
    cells: tuple[ConfusionCell, ...]


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
    apart: tuple[Apart, ...]
    """Of the whole project, whatever is chosen; what is not mixed, side by side."""
    confused_with: tuple[str, ...]
    confusion: tuple[ConfusionRow, ...]
    left_out: int
    """People's work that cannot be read word by word."""


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


def quality_panel(project: Project, chosen: Slice = WHOLE) -> Panel | None:
    """None where nothing has been measured yet."""
    report = newest_report(project)
    if report is None:
        return None
    measures = report.measures if chosen.whole else measures_of(project, chosen)
    people = _people(measures)
    names = _names(measures, people)
    total = sum(measures["conflicts"].values())
    drawn = len(names) <= MATRIX_LIMIT
    confused_with, confusion = _confusion(measures)
    return Panel(
        created_at=report.created_at if chosen.whole else now(),
        counts=measures["counts"],
        alphas=_alphas(measures, chosen),
        f1s=tuple(
            _figure(key, title, measures["span_f1"][key])
            for key, title in F1S.items()
            if chosen.label is None or key != "boundary"
        ),
        labels=tuple(_labels(project, measures)),
        people=tuple(names.values()) if drawn else (),
        matrix=tuple(_matrix(measures, people, names, chosen)) if drawn else (),
        pairs=tuple(
            _pair(pair, people, names, chosen)
            for pair in sorted(measures["pairs"], key=lambda pair: (-pair["documents"], pair["a"], pair["b"]))
        ),
        conflicts=tuple(
            (kind.value, kind.words, n := measures["conflicts"][kind.value], round(100 * n / total) if total else 0)
            for kind in CONFLICT_KINDS
        ),
        suggestions=measures["suggestions"],
        apart=tuple(map(_apart, report.measures.get("apart", []))),
        confused_with=confused_with,
        confusion=confusion,
        left_out=measures.get("left_out", 0),
    )


def _alphas(measures: Mapping[str, Any], chosen: Slice) -> tuple[Figure, ...]:
    """Of two people only the tags are kept, of one label only whether a word has it."""
    if chosen.pair:
        return () if chosen.label else (_figure("bio", ALPHAS["bio"][0], measures["alpha"]["bio"]),)
    if chosen.label:
        name = chosen.label.name
        return (_figure(name, gettext("That label or not, word by word"), measures["alpha"]["per_label"][name]),)
    return tuple(_figure(key, title, measures["alpha"][key]) for key, (title, _) in ALPHAS.items())


def _apart(kind: Mapping[str, Any]) -> Apart:
    name, value = kind["parameter"], kind["value"]
    every: dict[str, Mapping[str, str]] = {"overlap": OVERLAPS, "suggestions": SUGGESTIONS, "guideline": GUIDELINES}
    return Apart(
        title=every[name].get(value, gettext("Guideline version {value}").format(value=value)),
        documents=kind["documents"],
        exact=_figure("exact", gettext("Exact F1"), kind["exact"]),
        alpha=_figure("bio", gettext("Alpha"), kind["alpha"]),
        query=WHOLE.but(**{name: value}).query,
    )


def _pair(pair: Mapping[str, Any], people: Mapping[str, User], names: Mapping[str, str], chosen: Slice) -> PairRow:
    figure = {"n": pair["spans"], "value": pair["exact"], "reason": None if pair["spans"] else "no_spans"}
    return PairRow(
        names[pair["a"]],
        names[pair["b"]],
        pair,
        not _enough(pair),
        _figure("exact", gettext("Exact F1"), figure | {"low": pair.get("low"), "high": pair.get("high")}),
        _pair_query(pair, people, chosen),
    )


def _enough(pair: Mapping[str, Any]) -> bool:
    return bool(pair["documents"] >= ENOUGH_DOCUMENTS)


def _pair_query(pair: Mapping[str, Any], people: Mapping[str, User], chosen: Slice) -> str:
    if pair["a"] not in people or pair["b"] not in people:
        return ""
    return chosen.but(pair=(people[pair["a"]], people[pair["b"]])).query


def _confusion(measures: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[ConfusionRow, ...]]:
    """Rows: what somebody wrote. Columns: what the other person of the pair has there."""
    table: dict[str, dict[str, int]] = defaultdict(dict)
    for label, other, spans in measures.get("confusion", []):
        table[label][other] = spans
    sums = {label: sum(cells.values()) for label, cells in table.items()}
    shown = sorted(sorted(sums, key=lambda label: (-sums[label], label))[:MATRIX_LIMIT])
    others = (*shown, NOBODY)
    rows = tuple(
        ConfusionRow(
            label,
            sums[label],
            tuple(
                ConfusionCell(table[label].get(other, 0), table[label].get(other, 0) / sums[label], other == label)
                for other in others
            ),
        )
        for label in shown
    )
    return (*shown, "nothing") if shown else (), rows


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


def _people(measures: Mapping[str, Any]) -> dict[str, User]:
    """User id → user."""
    return {str(user.pk): user for user in User.objects.filter(pk__in=_ids(measures))}


def _ids(measures: Mapping[str, Any]) -> set[str]:
    return {pair[side] for pair in measures["pairs"] for side in "ab"}


def _names(measures: Mapping[str, Any], people: Mapping[str, User]) -> dict[str, str]:
    """User id → name, by name; two people of one name are told apart by their sign-in name."""
    shown = [user.name for user in people.values()]
    names = {
        key: user.name if shown.count(user.name) == 1 else f"{user.name} ({user.username})"
        for key, user in people.items()
    }
    names |= dict.fromkeys(_ids(measures) - names.keys(), gettext("a removed user"))
    return dict(sorted(names.items(), key=lambda item: (item[1].lower(), item[0])))


def _matrix(
    measures: Mapping[str, Any], people: Mapping[str, User], names: Mapping[str, str], chosen: Slice
) -> list[tuple[str, tuple[Cell, ...]]]:
    cells: dict[tuple[str, str], Cell] = {}
    for pair in measures["pairs"]:
        documents = pair["documents"]
        title = ngettext(
            "{first} and {second}: {count} shared document", "{first} and {second}: {count} shared documents", documents
        ).format(first=names[pair["a"]], second=names[pair["b"]], count=documents)
        cell = Cell(pair["exact"], title, not _enough(pair), query=_pair_query(pair, people, chosen))
        cells[pair["a"], pair["b"]] = cells[pair["b"], pair["a"]] = cell
    nothing = Cell(None, gettext("no shared document"))
    return [
        (name, tuple(Cell(None, "", same=True) if a == b else cells.get((a, b), nothing) for b in names))
        for a, name in names.items()
    ]
