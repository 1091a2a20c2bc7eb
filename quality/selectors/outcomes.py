"""After review: how right people and the consensus were, and how the reviewing itself went."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.utils.translation import gettext

from annotation.domain.spans import LabelledSpan, SpanOverlap, of_labels
from annotation.models import Annotation, Project
from annotation.selectors.layers import layers_of
from daner_site.core.sentences import Sentence
from quality.domain.adjudication import Reason
from quality.domain.outcomes import Score, wilson
from quality.models import AdjudicationCase, ConsensusDocument, ConsensusRun, Review

Origin = AdjudicationCase.Origin

SUPPORT = {
    "majority": Sentence("what more than half had written"),
    "half": Sentence("what one half had written"),
    "minority": Sentence("what fewer than half had written"),
    "none": Sentence("what nobody had written"),
}
MISTAKES = {
    "missed": Sentence("missed"),
    "extra": Sentence("not to be marked"),
    "label": Sentence("label"),
    "boundary": Sentence("bounds"),
    "boundary_label": Sentence("bounds and label"),
    "split_merge": Sentence("split or merged"),
    "nested": Sentence("one within another"),
}


@dataclass(frozen=True)
class Share:
    """Part of a whole, with its 95 % interval."""

    title: str
    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        return 100 * self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """In per cent."""
        found = wilson(self.part, self.whole)
        return None if found is None else (100 * found[0], 100 * found[1])


@dataclass(frozen=True)
class ScoreRow:
    name: str
    score: Score

    @property
    def mistakes(self) -> tuple[int, ...]:
        """In the order of `MISTAKES`."""
        return tuple(self.score.mistakes[kind] for kind in MISTAKES)


@dataclass(frozen=True)
class Outcomes:
    documents: int
    """With gold that a reviewer decided on."""
    unanimous: int
    """With gold that nobody decided on."""
    rows: tuple[ScoreRow, ...]
    """The consensus first, then people by name."""
    support: tuple[Share, ...]
    reasons: tuple[tuple[str, int], ...]
    audit: Share
    """Spans of unanimous gold that the reviewer left as they were."""
    audited: Share
    """Documents with no change at all."""
    second: Score
    """The second reviewer's spans against the first one's."""
    seconds: float | None
    """Per place in dispute: median over reviews."""
    again: Share
    """Documents that were decided more than once."""
    anchoring: tuple[Share, ...]
    """How often the best supported version was taken, by whether suggestions were there."""


def outcomes(project: Project) -> Outcomes:
    """One pass over the documents that reviewers decided on and one over the reviews."""
    reviews = list(Review.objects.filter(project=project).order_by("pk"))
    deciding = [review for review in reviews if review.gold_id is not None]
    newest = {review.document_id: review for review in deciding}
    gold = Annotation.objects.filter(project=project, kind=Annotation.Kind.GOLD, current=True)
    standing = {review.document_id: review for review in newest.values() if review.gold_id is not None}
    places = [place for review in standing.values() for place in review.places]
    audits = [review for review in reviews if review.origin == Origin.AUDIT]
    before = [_spans(review.before) for review in audits]
    kept = [was & _spans(review.spans) for was, review in zip(before, audits, strict=True)]
    counts = Counter(place["support"] for place in places)
    reasons = Counter(place["reason"] for place in places if place["reason"])
    decided = Counter(review.document_id for review in deciding if review.origin != Origin.AUDIT)
    return Outcomes(
        documents=len(standing),
        unanimous=gold.filter(provenance__source="unanimous").count(),
        rows=tuple(_rows(project, list(standing))),
        support=tuple(Share(title, counts[name], len(places)) for name, title in SUPPORT.items()),
        reasons=tuple((reason.words, reasons[reason.value]) for reason in Reason if reasons[reason.value]),
        audit=Share("spans", sum(map(len, kept)), sum(map(len, before))),
        audited=Share(
            "documents",
            sum(was == _spans(review.spans) for was, review in zip(before, audits, strict=True)),
            len(audits),
        ),
        second=_second([review for review in reviews if review.origin == Origin.SECOND and review.gold_id is None]),
        seconds=_seconds(reviews),
        again=Share("documents", sum(number > 1 for number in decided.values()), len(decided)),
        anchoring=tuple(_anchoring(deciding)),
    )


def _rows(project: Project, documents: Sequence[int]) -> list[ScoreRow]:
    allowed = SpanOverlap(project.span_overlap)
    people: dict[str, Score] = defaultdict(lambda: Score(allowed=allowed))
    together = Score(allowed=allowed)
    run = ConsensusRun.objects.filter(project=project, finished_at__isnull=False).order_by("-number").first()
    found = (
        ConsensusDocument.objects.filter(run=run, document__in=documents) if run else ConsensusDocument.objects.none()
    )
    consensus = {row.document_id: row.spans for row in found}
    for item in layers_of(project, at_least=1, document_ids=documents):
        if item.gold is None:
            continue
        for layer in item.layers:
            people[layer.author_name].add(layer.spans, of_labels(item.gold.spans, layer.asked))
        if item.document_id in consensus:
            together.add([_span(span) for span in consensus[item.document_id]], item.gold.spans)
    rows = [ScoreRow(name, people[name]) for name in sorted(people)]
    return [ScoreRow(gettext("Consensus"), together), *rows] if together.documents else rows


def _span(item: dict[str, Any]) -> LabelledSpan:
    return LabelledSpan(item["start"], item["end"], item["label"])


def _second(reviews: Sequence[Review]) -> Score:
    score = Score()  # Its mistakes are not shown.
    for review in reviews:
        score.add(_spans(review.spans), _spans(review.before))
    return score


def _spans(rows: list[list[Any]] | None) -> set[LabelledSpan]:
    """As `Review.spans` holds them."""
    return {LabelledSpan(*row) for row in rows or []}


def _seconds(reviews: Sequence[Review]) -> float | None:
    timed = [review.seconds / len(review.places) for review in reviews if review.seconds and review.places]
    return median(timed) if timed else None


def _anchoring(reviews: Sequence[Review]) -> list[Share]:
    kinds: dict[str, Callable[[Review], bool]] = {
        gettext("suggestions asked for"): lambda review: review.with_suggestions,
        gettext("suggestions not asked for"): lambda review: not review.with_suggestions and not review.blind,
        gettext("decided without suggestions by draw"): lambda review: review.blind,
    }
    shares = []
    for title, holds in kinds.items():
        places = [place for review in reviews if holds(review) for place in review.places]
        shares.append(Share(title, sum(place["support"] == "majority" for place in places), len(places)))
    return shares
