"""What asking one more person at a time brings, replayed on documents that several people have labelled.

Everybody's answer is known, so any way of sharing the work out can be played through as if it were
happening: chance draws who labels a document next, and only answers that were asked for count.

Where people were asked about one label at a time, a turn at a document is one answer to each question.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest

from annotation.domain.spans import LabelledSpan
from quality.domain.judgements import JudgedDocument, Judgement
from quality.domain.overlap import needs_another
from quality.numeric.consensus import AUTO, Consensus, consensus

Plan = Mapping[str, int]
"""Document → how many turns it gets."""
Turn = tuple[Judgement, ...]


@dataclass(frozen=True)
class Outcome:
    people: float
    """Mean per document."""
    f1: float
    """Of the consensus against gold, exact."""


@dataclass(frozen=True)
class Replay:
    """One draw of who comes when."""

    documents: Sequence[JudgedDocument]
    turns: Mapping[str, Sequence[Turn]]
    """Document → in the order in which people come."""
    labels: Sequence[str]
    seed: int
    method: str = AUTO

    @classmethod
    def drawn(cls, documents: Sequence[JudgedDocument], labels: Sequence[str], seed: int, method: str = AUTO) -> Replay:
        chance = random.Random(seed)  # noqa: S311 -- an order, not a secret
        documents = [item for item in documents if item.judgements]
        return cls(documents, {item.id: _turns(item, chance) for item in documents}, labels, seed, method)

    def uniform(self, people: float) -> Plan:
        """As many people for every document; of a broken number the rest goes where chance says."""
        whole = int(people)
        chance = random.Random(self.seed)  # noqa: S311 -- as above
        more = {item.id for item in chance.sample(self.documents, round((people - whole) * len(self.documents)))}
        return {key: min(whole + (key in more), len(turns)) for key, turns in self.turns.items()}

    def targeted(self, *, agreement: float, cap: int, unsure: bool) -> Plan:
        """One more person at a time until `needs_another` has enough or the cap is reached.

        Args:
            unsure: ask the consensus what it expects to be wrong; else the best pair decides.
        """
        caps = {key: min(cap, len(turns)) for key, turns in self.turns.items()}
        plan = {key: min(2, most) for key, most in caps.items()}
        while True:
            doubts = self._consensus(plan).uncertainty if unsure else {}
            wanting = [
                key
                for key, turns in self.turns.items()
                if plan[key] < caps[key]
                and needs_another(
                    [_spans(turn) for turn in turns[: plan[key]]], agreement=agreement, expected_errors=doubts.get(key)
                )
            ]
            if not wanting:
                return plan
            plan |= {key: plan[key] + 1 for key in wanting}

    def outcome(self, plan: Plan) -> Outcome:
        found = self._consensus(plan).spans
        same = both = 0
        for item in self.documents:
            if item.gold is not None:
                spans = {(span.start, span.end, span.label) for span in found[item.id]}
                gold = {(span.start, span.end, span.label) for span in item.gold}
                same += len(spans & gold)
                both += len(spans) + len(gold)
        return Outcome(sum(plan.values()) / len(plan), 2 * same / both if both else 0.0)

    def _consensus(self, plan: Plan) -> Consensus:
        return consensus(
            [replace(item, judgements=_together(self.turns[item.id][: plan[item.id]])) for item in self.documents],
            self.labels,
            self.method,
        )


def people_for(f1: float, uniform: Sequence[Outcome]) -> float | None:
    """How many people for every document reach this F1; None where as many as there are do not.

    Between whole numbers it is a straight line. `uniform`: with one person, two, three, and so on.
    """
    if f1 <= uniform[0].f1:
        return uniform[0].people
    for less, more in pairwise(uniform):
        if f1 <= more.f1:
            return less.people + (more.people - less.people) * (f1 - less.f1) / (more.f1 - less.f1)
    return None


def _turns(item: JudgedDocument, chance: random.Random) -> list[Turn]:
    questions: dict[frozenset[str] | None, list[Judgement]] = {}
    for judgement in item.judgements:
        for asked in _questions(judgement):
            spans = tuple(span for span in judgement.spans if asked is None or span.label in asked)
            questions.setdefault(asked, []).append(replace(judgement, spans=spans, asked=asked))
    drawn = [chance.sample(answers, len(answers)) for answers in questions.values()]
    return [tuple(answer for answer in answers if answer is not None) for answers in zip_longest(*drawn)]


def _questions(judgement: Judgement) -> list[frozenset[str] | None]:
    if judgement.asked is None:
        return [None]
    return [frozenset({label}) for label in sorted(judgement.asked)]


def _spans(turn: Turn) -> list[LabelledSpan]:
    return [span for answer in turn for span in answer.spans]


def _together(turns: Sequence[Turn]) -> tuple[Judgement, ...]:
    """One judgement a person, with all that they were asked."""
    found: dict[str, Judgement] = {}
    for answer in (answer for turn in turns for answer in turn):
        before = found.get(answer.annotator)
        if before is None or before.asked is None or answer.asked is None:
            found[answer.annotator] = answer
        else:
            found[answer.annotator] = replace(
                before, spans=(*before.spans, *answer.spans), asked=before.asked | answer.asked
            )
    return tuple(found[name] for name in sorted(found))
