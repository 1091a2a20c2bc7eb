"""Reads about the people who label: how much they did, how far it can be relied on, what stands out.

For managers: names are shown. What annotators read about themselves is in `feedback`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Assignment, Project, ProjectMember, Span
from annotation.selectors.training import ArrayLength
from daner_site.accounts.models import User
from daner_site.core.sentences import Sentence
from quality.domain.mistakes import Record
from quality.domain.speed import Timing
from quality.domain.standing import Interval, clearly_below, missing_evidence
from quality.models import AnnotatorReliability, ConsensusRun
from quality.selectors.consensus import newest_run
from quality.selectors.repetitions import SelfAgreement, answered_checks, compared_with_before


@dataclass(frozen=True)
class LabelRow:
    name: str
    color: str
    f1: float | None
    n: int
    """Spans of the label in the consensus of the others."""
    right: int
    made: int


@dataclass(frozen=True)
class PersonRow:
    """One line of the page of people."""

    user: User
    member: ProjectMember | None
    """None for somebody who has left, or whose work was imported."""
    documents: int
    """Labelled by them at all."""
    reliability: AnnotatorReliability | None
    missing: str
    """What is still needed before their figures are shown; empty when they are."""
    signs: tuple[str, ...]
    """What a manager should look at, in sentences."""
    checks: Record
    """Documents with gold that were given to check them."""
    again: SelfAgreement | None
    """Against their own earlier work; None where nothing was given again."""

    @property
    def seconds_per_word(self) -> float | None:
        speed = self.reliability.speed if self.reliability else None
        return None if speed is None else speed["seconds_per_word"]

    @property
    def low_percent(self) -> float:
        """Where the bar of the interval begins."""
        return round(100 * ((self.reliability and self.reliability.low) or 0), 1)

    @property
    def range_percent(self) -> float:
        """How long it is."""
        return round(100 * ((self.reliability and self.reliability.high) or 0) - self.low_percent, 1)

    @property
    def mark_percent(self) -> float:
        """Where the figure itself stands."""
        return round(100 * ((self.reliability and self.reliability.f1) or 0), 1)


@dataclass(frozen=True)
class PeoplePage:
    run: ConsensusRun | None
    rows: tuple[PersonRow, ...]
    """By name: nobody is ranked."""
    repeats: bool
    """Whether documents are given again here, or were."""


@dataclass(frozen=True)
class PersonPage:
    row: PersonRow
    labels: tuple[LabelRow, ...]


def people_page(project: Project) -> PeoplePage:
    """Everybody who has labelled something, by name."""
    run = newest_run(project)
    done = dict(
        project.annotations.filter(kind=Annotation.Kind.HUMAN, current=True)
        .order_by()
        .values_list("author")
        .annotate(n=Count("pk"))
    )
    members = {member.user_id: member for member in project.members.select_related("user")}
    found = {} if run is None else {row.annotator_id: row for row in run.people.all()}
    checked = project.assignments.filter(is_check=True, answer__isnull=False).values("annotator")
    users = User.objects.filter(Q(pk__in=done) | Q(pk__in=checked))
    names = {str(user.pk): user.name for user in users}
    answered = answered_checks(project)
    checks, again = compared_with_gold(project, answered), compared_with_before(project, answered)
    rows = [
        PersonRow(
            user=user,
            member=members.get(user.pk),
            documents=done.get(user.pk, 0),
            reliability=found.get(user.pk),
            missing=_missing(found.get(user.pk)),
            signs=tuple(_signs(user, found, run, names)),
            checks=checks.get(user.pk, Record()),
            again=again.get(user.pk),
        )
        for user in users
    ]
    rows.sort(key=lambda row: (row.user.name.lower(), row.user.pk))
    return PeoplePage(run, tuple(rows), repeats=bool(project.repeat_share or again))


def person_page(project: Project, annotator: int) -> PersonPage | None:
    """None for somebody who has labelled nothing in the project."""
    row = next((row for row in people_page(project).rows if row.user.pk == annotator), None)
    if row is None:
        return None
    figures: Mapping[str, Any] = row.reliability.per_label if row.reliability else {}
    return PersonPage(
        row,
        tuple(
            LabelRow(label.name, label.color, **figures[label.name])
            for label in project.labels.all()
            if label.name in figures and (figures[label.name]["n"] or figures[label.name]["made"])
        ),
    )


def check_records(project: Project) -> dict[int, Record]:
    """User id → their answers to checks against the gold as it is now."""
    return compared_with_gold(project, answered_checks(project))


def compared_with_gold(project: Project, answered: Iterable[Assignment]) -> dict[int, Record]:
    """As `check_records`; answers to their own earlier work are left out."""
    given = [turn for turn in answered if turn.repeats is None]
    if not given:
        return {}
    current = project.annotations.filter(kind=Annotation.Kind.GOLD, current=True)
    checks = project.assignments.filter(is_check=True, repeats=None, answer__isnull=False)
    gold = dict(current.filter(document__in=checks.values("document")).values_list("document", "pk"))
    spans: dict[int, list[LabelledSpan]] = defaultdict(list)
    rows = Span.objects.filter(annotation__in=gold.values()).values_list("annotation", "start", "end", "label__name")
    for annotation, start, end, label in rows:
        spans[annotation].append(LabelledSpan(start, end, label))
    found: dict[int, Record] = defaultdict(Record)
    for turn in given:
        found[turn.annotator_id].add(
            [LabelledSpan(**span) for span in turn.answer or []], spans[gold[turn.document_id]]
        )
    return dict(found)


def timings(project: Project) -> dict[str, list[Timing]]:
    """User id as text → documents whose active time was measured, in the order they worked."""
    timed = project.annotations.filter(kind=Annotation.Kind.HUMAN, current=True, seconds__gt=0).order_by("pk")
    rows = timed.annotate(words=ArrayLength("document__tokens")).values_list("author", "words", "seconds")
    found: dict[str, list[Timing]] = defaultdict(list)
    for author, words, seconds in rows:
        found[str(author)].append(Timing(words or 0, seconds or 0.0))
    return dict(found)


def _missing(row: AnnotatorReliability | None) -> str:
    if row is None:
        return missing_evidence(0, 0)
    return "" if row.enough else missing_evidence(row.documents, row.reference_spans)


def _signs(
    user: User, found: Mapping[int, AnnotatorReliability], run: ConsensusRun | None, names: Mapping[str, str]
) -> list[str]:
    row = found.get(user.pk)
    if row is None or run is None:
        return []
    signs: list[str] = []
    if row.enough and clearly_below(
        _interval(row), [_interval(other) for other in found.values() if _other(row, other)]
    ):
        signs.append(Sentence("The interval lies wholly below those of most others."))
    if row.speed and row.speed["too_fast"]:
        signs.append(
            Sentence(
                "{documents} documents in a row were submitted far faster than is usual in this project.",
                documents=row.speed["longest_run"],
            )
        )
    # Better than before needs nobody's help, and may only mean that another got worse.
    if row.drift and row.drift["direction"] == "worse":
        signs.append(_drift_words(row.drift))
    signs += [_alike_words(item, str(user.pk), names) for item in run.alike if str(user.pk) in item["pair"]]
    return signs


def _other(row: AnnotatorReliability, other: AnnotatorReliability) -> bool:
    return other.pk != row.pk and other.enough


def _interval(row: AnnotatorReliability) -> Interval:
    return Interval(row.low or 0.0, 1.0 if row.high is None else row.high)


def _drift_words(drift: Mapping[str, Any]) -> str:
    version = Sentence(" under guideline {version}", version=drift["guideline_version"])
    return Sentence(
        "Since document {document}{version}, the work meets the others' less than it used to: "
        "F1 {now:+.2f} from the others' mean, where {usual:+.2f} was usual.",
        document=drift["document"],
        version=version if drift["guideline_version"] else "",
        now=drift["now"],
        usual=drift["usual"],
    )


def _alike_words(item: Mapping[str, Any], person: str, names: Mapping[str, str]) -> str:
    (other,) = [name for name in item["pair"] if name != person]
    return Sentence(
        "Agrees unusually closely with {name}, mistakes included: F1 {f1:.2f} where pairs usually have {usual:.2f}, "
        "with {same_wrong} identical wrong spans in {documents} documents.",
        name=names.get(other, Sentence("somebody")),
        f1=item["f1"],
        usual=item["usual_f1"],
        same_wrong=item["same_wrong"],
        documents=item["documents"],
    )
