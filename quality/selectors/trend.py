"""Agreement week by week, and the documents with most to settle."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Case, ExpressionWrapper, F, FloatField, When
from django.utils.translation import gettext

from annotation.models import Label, Project
from daner_site.core.charts import LineChart, line_chart
from daner_site.core.language import translated
from daner_site.core.sentences import Sentence
from quality.domain.agreement_rows import DocumentRow, ViewRow
from quality.domain.agreement_totals import SQUARES
from quality.domain.conflicts import CONFLICT_KINDS
from quality.models import DocumentAgreement
from quality.numeric.measures import figures
from quality.numeric.ratio import ratio_interval
from quality.selectors.agreement import rows_of
from quality.selectors.slices import Slice
from quality.selectors.totals import OF_DOCUMENTS, OF_LABELS, Source, total_sums

WORST = 10
ALPHA = {"words": "bio_words", "votes": "bio_votes", "apart": "bio_apart"}


@dataclass
class Week:
    """Work whose newest submission is of this week, Monday to Sunday, UTC."""

    monday: date
    documents: int = 0
    sums: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def spans(self) -> int:
        return int(self.sums["spans"])

    @property
    def exact(self) -> float | None:
        return self.sums["exact"] / self.spans if self.spans else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        squares = {name: self.sums[name] for name in SQUARES[1:]}
        return ratio_interval(int(self.sums["with_spans"]), self.sums["exact"], self.spans, **squares)

    @property
    def words(self) -> int:
        return int(self.sums["words"])

    @property
    def alpha(self) -> float | None:
        view = ViewRow(self.words, int(self.sums["votes"]), self.sums["apart"], self.tags)
        value: float | None = figures([DocumentRow(documents=1, alpha={"bio": view})], [])["alpha"]["bio"]["value"]
        return value

    @property
    def title(self) -> str:
        """For the dot."""
        return translated(
            Sentence(
                "week of {monday}: exact F1 {exact}, {documents} documents",
                monday=self.monday,
                exact="n/a" if self.exact is None else Sentence("{f1:.3f}", f1=self.exact),
                documents=self.documents,
            )
        )


@dataclass(frozen=True)
class Trend:
    weeks: tuple[Week, ...]
    chart: LineChart | None
    """None for a single week."""


def trend(project: Project, chosen: Slice) -> Trend | None:
    """Of everybody, or of one label; None for a slice of two people, whose sums are not kept by day."""
    if chosen.pair:
        return None
    found = _of_label(project, chosen, chosen.label) if chosen.label else _of_all(project, chosen)
    weeks = tuple(found[monday] for monday in sorted(found))
    return Trend(weeks, _chart(weeks) if len(weeks) > 1 else None)


def _of_all(project: Project, chosen: Slice) -> dict[date, Week]:
    weeks = _by_week(OF_DOCUMENTS, project, chosen, {"spans": "pair_spans", **ALPHA})
    labels = total_sums(OF_LABELS, project, chosen, ("day", "label"), sums=("begin", "inside"))
    for (monday, label), sums in labels.items():
        if monday in weeks:  # of documents that went, sums of nothing stay behind
            weeks[monday].tags.update({f"B{label}": int(sums["begin"]), f"I{label}": int(sums["inside"])})
    return weeks


def _of_label(project: Project, chosen: Slice, label: Label) -> dict[date, Week]:
    """F1 of the label alone; alpha is left to the table of labels."""
    return _by_week(OF_LABELS, project, chosen, {"spans": "spans"}, label=label.pk)


def _by_week(source: Source, project: Project, chosen: Slice, names: dict[str, str], **only: int) -> dict[date, Week]:
    """`names`: of a week's sums, by those of the table, next to what F1 and its interval take."""
    names = {"exact": "exact", **{name: name for name in SQUARES}, **names}
    found = total_sums(source, project, chosen, ("day",), sums=("documents", *names.values()), **only)
    weeks = {}
    for (monday,), sums in found.items():
        if sums["documents"]:
            weeks[monday] = Week(monday, int(sums["documents"]))
            weeks[monday].sums.update({name: sums[column] for name, column in names.items()})
    return weeks


def _chart(weeks: tuple[Week, ...]) -> LineChart:
    first = weeks[0].monday
    at = {week.monday: (week.monday - first).days // 7 for week in weeks}
    alphas = [(week, week.alpha) for week in weeks if week.words]
    return line_chart(
        [(at[week.monday], week.exact, week.title) for week in weeks if week.exact is not None],
        second=[
            # Below chance is drawn at the axis; the table beneath has the number.
            (
                at[week.monday],
                max(alpha, 0.0),
                translated(Sentence("week of {monday}: alpha {alpha:.3f}", monday=week.monday, alpha=alpha)),
            )
            for week, alpha in alphas
            if alpha is not None
        ],
        band=[(at[week.monday], *week.bounds) for week in weeks if week.bounds],
        x_label=gettext("weeks since {first:%Y-%m-%d}").format(first=first),
        y_label=gettext("agreement"),
    )


def worst_documents(project: Project, chosen: Slice) -> list[DocumentAgreement]:
    """Those with most conflicts by words, with `conflicts`, `per_1000` and `f1`."""
    conflicts = sum((F(kind.value) for kind in CONFLICT_KINDS), start=F("missing") * 0)
    rate = ExpressionWrapper(1000.0 * F("conflicts") / F("words"), FloatField())
    f1 = Case(When(pair_spans__gt=0, then=ExpressionWrapper(1.0 * F("exact") / F("pair_spans"), FloatField())))
    rows = rows_of(DocumentAgreement, project, chosen).filter(words__gt=0)
    if chosen.pair:
        rows = rows.filter(pairs__first=chosen.pair[0], pairs__second=chosen.pair[1], pairs__label__isnull=True)
    if chosen.label:
        rows = rows.filter(labels__label=chosen.label)
    rows = rows.annotate(conflicts=conflicts).annotate(per_1000=rate, f1=f1).filter(conflicts__gt=0)
    only = ("words", "people", "document__uuid", "document__external_id", "document__position")
    return list(rows.select_related("document").only(*only).order_by("-per_1000", "pk")[:WORST])
