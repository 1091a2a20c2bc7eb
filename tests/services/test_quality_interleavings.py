"""Two reviewers, an annotator and the background job on one document, in 1,000 orders drawn from a seed.

Every step is one service call, as a page makes it; what must hold is that no accepted decision is
replaced by somebody who had not seen it, and that a refused one leaves no trace. Steps that run at
the very same moment are in `test_quality_races`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from django.db import transaction

from annotation.access import ProjectContext
from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation
from annotation.services.annotations import annotation_write
from quality.domain.adjudication import NOTHING, Decision, DecisionError
from quality.models import AdjudicationCase, Review
from quality.selectors.content import case_content
from quality.services.cases import cases_refresh
from quality.services.settling import CaseError, StaleCaseError, case_reopen, case_resolve
from tests.services.test_quality_cases import DATE, NORP, PERSON, World, another_reviewer

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ROUNDS = 1_000
SEED = 4
VERSIONS = ([DATE, NORP], [PERSON, NORP], [DATE])
"""What the second annotator may submit anew."""


@dataclass
class Page:
    """What a reviewer has in front of them."""

    case: AdjudicationCase
    version: int
    groups: list[str]
    moment: int


@dataclass
class Round:
    """One order of events, and what was observed."""

    world: World
    reviewers: dict[str, ProjectContext]
    draw: random.Random
    clock: int = 0
    pages: dict[str, Page] = field(default_factory=dict)
    accepted: list[tuple[int, Annotation, Page]] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)
    """Moments at which the case became another one: decided, reopened, or its annotations changed."""

    def play(self, steps: list[tuple[str, str]]) -> None:
        for what, who in steps:
            self.clock += 1
            getattr(self, what)(who)
        self.check()

    def open(self, who: str) -> None:
        case = AdjudicationCase.objects.filter(document=self.world.document).order_by("-pk").first()
        assert case is not None
        groups = [group.id for group in case_content(self.world.document).open_groups]
        self.pages[who] = Page(case, case.version, groups, self.clock)

    def save(self, who: str) -> None:
        page = self.pages[who]
        before = (Annotation.objects.filter(kind="gold").count(), Review.objects.count())
        # The one drops everything, the other takes the first proposals: nobody's gold looks like another's.
        choice = NOTHING if who == "a" else "1"
        decisions = [Decision(group, choice) for group in page.groups]
        try:
            gold = case_resolve(ctx=self.reviewers[who], case=page.case, version=page.version, decisions=decisions)
        except (StaleCaseError, DecisionError):
            assert (Annotation.objects.filter(kind="gold").count(), Review.objects.count()) == before
            return
        self.accepted.append((self.clock, gold, page))
        self.changes.append(self.clock)

    def reopen(self, who: str) -> None:
        case = AdjudicationCase.objects.filter(document=self.world.document, status="resolved").order_by("-pk").first()
        if case is None:
            return
        try:
            case_reopen(ctx=self.reviewers[who], case=case, version=case.version)
        except CaseError:
            return
        self.changes.append(self.clock)

    def resubmit(self, _: str) -> None:
        spans: list[LabelledSpan] = self.draw.choice(VERSIONS)
        annotation_write(
            project=self.world.project, document=self.world.document, author=self.world.two, kind="human", spans=spans
        )

    def refresh(self, _: str) -> None:
        cases_refresh(document_id=self.world.document.pk)

    def check(self) -> None:
        gold = list(Annotation.objects.filter(document=self.world.document, kind="gold").order_by("revision"))
        assert gold == [annotation for _, annotation, _ in self.accepted]
        assert [item.current for item in gold] == [False] * (len(gold) - 1) + [True] * bool(gold)
        assert Review.objects.count() == len(gold)
        assert AdjudicationCase.objects.filter(document=self.world.document, status="open").count() <= 1
        for moment, _, page in self.accepted:
            assert not [other for other in self.changes if page.moment < other < moment], "replaced unseen"


def order(draw: random.Random) -> list[tuple[str, str]]:
    """Both reviewers open and save, one perhaps twice; the annotator and the job come in anywhere."""
    scripts = [[("open", who), ("save", who)] * draw.randint(1, 2) for who in "ab"]
    scripts.append([("resubmit", ""), ("refresh", "")][: draw.randint(0, 2)])
    scripts.append([("reopen", draw.choice("ab"))] * draw.randint(0, 1))
    scripts.append([("refresh", "")])
    steps = []
    while scripts := [script for script in scripts if script]:
        steps.append(draw.choice(scripts).pop(0))
    return steps


def test_no_update_is_lost_in_a_thousand_orders_of_two_reviewers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quality.domain.samples.SHARES", {"blind": 0.0, "second": 0.0, "audit": 0.0})
    world = World()
    world.annotate()
    world.case()
    reviewers = {"a": world.ctx(), "b": world.ctx(another_reviewer(world))}
    accepted = refused = 0
    for number in range(ROUNDS):
        draw = random.Random(f"{SEED}:{number}")
        steps = order(draw)
        played = Round(world, reviewers, draw)
        with transaction.atomic():
            played.play(steps)
            transaction.set_rollback(True)
        accepted += len(played.accepted)
        refused += sum(what == "save" for what, _ in steps) - len(played.accepted)
    # Both happened, often: an order in which nobody meets anybody shows nothing.
    assert accepted > ROUNDS
    assert refused > ROUNDS / 4
