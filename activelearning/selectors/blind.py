"""Reads of blind comparisons. Who has not judged every text is told nothing that could sway them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from activelearning.domain.comparison import SignTest, sign_test
from activelearning.models import BlindComparison, BlindJudgement, BlindText
from activelearning.selectors.comparison import label_colors
from annotation.access import ProjectContext
from annotation.domain.spans import LabelledSpan
from annotation.models import Project
from annotation.selectors.marked import colored
from daner_site.accounts.models import User
from daner_site.core.sentences import Sentence

Choice, Status = BlindJudgement.Choice, BlindComparison.Status


def blind_comparisons(project: Project) -> QuerySet[BlindComparison]:
    """All of them, newest first."""
    related = ("first", "second", "opened_by", "project__organization")
    return BlindComparison.objects.filter(project=project).select_related(*related)


def judged_by(comparison: BlindComparison, reviewer: User) -> QuerySet[BlindJudgement]:
    return BlindJudgement.objects.filter(text__comparison=comparison, reviewer=reviewer)


def texts_left(comparison: BlindComparison, reviewer: User) -> QuerySet[BlindText]:
    """The texts this person has still to judge, in the order of the draw."""
    own = BlindJudgement.objects.filter(text=OuterRef("pk"), reviewer=reviewer)
    return comparison.texts.filter(~Exists(own), is_read=True).select_related("document")


def unblinded(comparison: BlindComparison, user: User) -> bool:
    """Whether the person may see which version is which: it is closed, or they have judged every text."""
    if comparison.status != Status.OPEN:
        return comparison.status == Status.CLOSED
    return not texts_left(comparison, user).exists()


@dataclass(frozen=True)
class Side:
    letter: str
    pieces: Sequence[Mapping[str, str | bool]]
    """For the template: `text`, `label`, `color`, and `alone` where the other side has no such span."""
    entities: int


@dataclass(frozen=True)
class JudgePage:
    """One text for one reviewer, without a word on which version is which."""

    text: BlindText
    sides: Sequence[Side]
    number: int
    total: int

    @property
    def last(self) -> bool:
        return self.number == self.total


def judge_page(comparison: BlindComparison, reviewer: User) -> JudgePage | None:
    """The next text to judge; None when there is none left, or none yet."""
    left = list(texts_left(comparison, reviewer))
    if comparison.status != Status.OPEN or not left:
        return None
    text = left[0]
    shown = [text.second_spans, text.first_spans] if text.swapped else [text.first_spans, text.second_spans]
    spans = [[LabelledSpan(*span) for span in side] for side in shown]
    colors = label_colors(comparison.project)
    sides = [
        _side(letter, text.document.text, own, other, colors)
        for letter, own, other in (("A", spans[0], spans[1]), ("B", spans[1], spans[0]))
    ]
    total = comparison.differing
    return JudgePage(text, sides, total - len(left) + 1, total)


def _side(
    letter: str, text: str, own: Sequence[LabelledSpan], other: Sequence[LabelledSpan], colors: dict[str, str]
) -> Side:
    alone = set(own) - set(other)
    pieces: list[Mapping[str, str | bool]] = []
    at = 0
    for piece in colored(text, own, colors):
        end = at + len(piece["text"])
        pieces.append({**piece, "alone": LabelledSpan(at, end, piece["label"]) in alone})
        at = end
    return Side(letter, pieces, len(own))


@dataclass(frozen=True)
class Tally:
    """How often each answer was given, by one person or, on most answers of each text, by all."""

    name: str
    first: int
    second: int
    both: int
    neither: int

    @property
    def judged(self) -> int:
        return self.first + self.second + self.both + self.neither

    @property
    def test(self) -> SignTest:
        return sign_test(self.first, self.second)


@dataclass(frozen=True)
class BlindResult:
    """What came out, over texts: where several judged one, the side most of them preferred."""

    first: int
    second: int
    ties: int
    test: SignTest
    reviewers: Sequence[Tally]
    sentence: str


def blind_result(comparison: BlindComparison) -> BlindResult:
    """The outcome; callers have checked `unblinded`."""
    of_text: dict[int, Counter[str]] = {}
    of_person: dict[User, Counter[str]] = {}
    judgements = BlindJudgement.objects.filter(text__comparison=comparison).order_by("pk")
    for judgement in judgements.select_related("reviewer"):
        of_text.setdefault(judgement.text_id, Counter())[judgement.choice] += 1
        of_person.setdefault(judgement.reviewer, Counter())[judgement.choice] += 1
    leads = [votes[Choice.SECOND] - votes[Choice.FIRST] for votes in of_text.values()]
    first, second = sum(lead < 0 for lead in leads), sum(lead > 0 for lead in leads)
    test = sign_test(first, second)
    return BlindResult(
        first=first,
        second=second,
        ties=len(leads) - first - second,
        test=test,
        reviewers=[
            Tally(person.name, *(votes[choice] for choice in Choice.values)) for person, votes in of_person.items()
        ],
        sentence=_sentence(comparison, test, len(leads)),
    )


def _sentence(comparison: BlindComparison, test: SignTest, judged: int) -> str:
    if not judged:
        return Sentence("Nobody has judged a text.")
    decided = test.first + test.second
    if not test.better:
        return Sentence(
            "No preference can be shown: one of the two was preferred on {decided} of {judged} texts.",
            decided=decided,
            judged=judged,
        )
    better, wins = (comparison.second, test.second) if test.better == "second" else (comparison.first, test.first)
    low, high = (test.low, test.high) if test.better == "second" else (1 - test.high, 1 - test.low)
    return Sentence(
        "{name} is preferred on {wins} of the {decided} texts with a preference: {share:.0%} [{low:.0%}, {high:.0%}].",
        name=better.name,
        wins=wins,
        decided=decided,
        share=wins / decided,
        low=low,
        high=high,
    )


@dataclass(frozen=True)
class ReviewerProgress:
    name: str
    judged: int


def reviewers_progress(comparison: BlindComparison) -> list[ReviewerProgress]:
    """Who has judged how many texts, without a word on what they said."""
    rows = (
        BlindJudgement.objects.filter(text__comparison=comparison)
        .values("reviewer", name=F("reviewer__display_name"), login=F("reviewer__username"))
        .annotate(judged=Count("pk"))
        .order_by("name", "login")
    )
    return [ReviewerProgress(row["name"] or row["login"], row["judged"]) for row in rows]


@dataclass(frozen=True)
class BlindRow:
    """A comparison in the list, as one person may see it."""

    comparison: BlindComparison
    judged: int
    """By this person."""
    unblinded: bool


def blind_rows(ctx: ProjectContext) -> list[BlindRow]:
    """All comparisons with how far this person is."""
    own = Count("texts__judgements", filter=Q(texts__judgements__reviewer=ctx.user))
    return [
        BlindRow(
            item,
            item.judged,
            item.status == Status.CLOSED or (item.status == Status.OPEN and item.judged == item.differing),
        )
        for item in blind_comparisons(ctx.project).annotate(judged=own)
    ]
