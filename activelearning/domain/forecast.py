"""What more labels would bring: a learning curve through a project's measured versions, with its interval.

The interval widens or narrows by how the same project's past forecasts did: each is made again from the
versions that were known then, and compared with what was measured after it.

A forecast is about F1 as measured on the project's test texts, not about other texts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from activelearning.domain.learning_curve import Z95, Measured, Prediction, curve_at
from daner_site.core.sentences import Sentence

LEAST_VERSIONS, LEAST_ENTITIES, LEAST_GROWTH = 4, 50, 1.5
"""Below these nothing is said: measured versions, entities in the test texts, growth from first to last."""

PAST_WEIGHT, NARROWEST = 3, 0.5
"""The interval is believed like so many past forecasts that were off as claimed; no record makes it narrower than this."""
APART = 1.15
"""Past forecasts are remade each time the documents have grown by this factor: closer ones repeat each other."""
LAST = 6
"""Past forecasts that a page counts."""
FLAT, FLATTENING = 0.005, 0.02
"""Gains forecast below which the curve is called so."""


@dataclass(frozen=True, slots=True)
class PastForecast:
    """A forecast as it would have been made from the `known` documents, and what then was measured."""

    known: int
    prediction: Prediction
    measured: float
    surprise: float
    """Its error as a multiple of the standard error before any scaling."""

    @property
    def off(self) -> float:
        return self.measured - self.prediction.f1

    @property
    def held(self) -> bool:
        """Whether the 95 % interval holds what was measured."""
        low, high = self.prediction.interval()
        return low <= self.measured <= high


def silence(points: Sequence[Measured], test_entities: int) -> str:
    """Why nothing can be said about the future; "" where something can."""
    if len(points) < LEAST_VERSIONS:
        return Sentence(
            "A forecast needs {least} measured versions; {versions} so far.",
            least=LEAST_VERSIONS,
            versions=len(points),
        )
    if test_entities < LEAST_ENTITIES:
        return Sentence(
            "A forecast needs {least} entities in the test texts; {entities} so far.",
            least=LEAST_ENTITIES,
            entities=test_entities,
        )
    if points[-1].documents < LEAST_GROWTH * points[0].documents:
        return Sentence(
            "A forecast needs a curve: versions from {first} documents to at least {least}.",
            first=points[0].documents,
            least=math.ceil(LEAST_GROWTH * points[0].documents),
        )
    return ""


def horizon(documents: int) -> int:
    """How many more documents to look ahead: a round number, at most three quarters of those labelled."""
    furthest = max(1.0, 0.75 * documents)
    power = int(10 ** math.floor(math.log10(furthest)))
    return max(factor * power for factor in (1, 2, 5) if factor * power <= furthest)


def predict(points: Sequence[Measured], documents: int) -> Prediction:
    """F1 to be measured at `documents`, the interval scaled by how past forecasts did.

    `points` in order of their documents, at least `LEAST_VERSIONS`.
    """
    return _scaled(curve_at(points, documents), past_errors(points))


def past_errors(points: Sequence[Measured]) -> list[PastForecast]:
    """Each past forecast made again from the versions known then, with what was measured after it."""
    found: list[tuple[int, PastForecast]] = []
    for origin, outcome in _origins(points):
        known = points[: origin + 1]
        before = [past for position, past in found if position <= origin]
        plain = curve_at(known, points[outcome].documents)
        measured = points[outcome].f1
        surprise = (measured - plain.f1) / plain.error
        found.append((outcome, PastForecast(known[-1].documents, _scaled(plain, before), measured, surprise)))
    return [past for _, past in found]


def _origins(points: Sequence[Measured]) -> Iterator[tuple[int, int]]:
    """Positions of the versions that forecasts are remade from, and of those that they foretell."""
    last = 0.0
    for origin in range(LEAST_VERSIONS - 1, len(points)):
        documents = points[origin].documents
        if documents < max(APART * last, LEAST_GROWTH * points[0].documents):
            continue
        ahead = horizon(documents)
        outcome = next((k for k in range(origin + 1, len(points)) if points[k].documents >= documents + ahead), None)
        if outcome is not None and points[outcome].documents <= documents + 1.6 * ahead:
            last = documents
            yield origin, outcome


def _scaled(prediction: Prediction, past: Sequence[PastForecast]) -> Prediction:
    surprise = sum(one.surprise**2 for one in past)
    factor = max(NARROWEST, math.sqrt((PAST_WEIGHT + surprise) / (PAST_WEIGHT + len(past))))
    return Prediction(prediction.documents, prediction.f1, prediction.error * factor)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a project's page says about its future."""

    silence: str = ""
    """Why there is no forecast; then the rest is empty."""
    now: Measured | None = None
    prediction: Prediction | None = None
    gain: float = 0.0
    """F1 on the curve at the forecast less F1 on the curve now."""
    hours: float | None = None
    """Until the forecast's documents are labelled; None where nobody was timed."""
    past: tuple[PastForecast, ...] = ()

    @property
    def trend(self) -> str:
        if self.gain < FLAT:
            return Sentence("flat")
        return Sentence("flattening") if self.gain < FLATTENING else Sentence("rising")

    @property
    def hour_gain(self) -> float | None:
        """F1 that the next hour of labelling is expected to bring."""
        return self.gain / self.hours if self.prediction and self.hours else None

    @property
    def sentence(self) -> str:
        if self.prediction is None or self.now is None:
            return self.silence
        more = self.prediction.documents - self.now.documents
        # Rounded up: two digits must not claim more than was computed.
        width = math.ceil(100 * Z95 * self.prediction.error) / 100
        return Sentence.counted(
            "F1 {now:.2f} now; {then:.2f} ± {width:.2f} after {count} more document{effort}; {trend}.",
            "F1 {now:.2f} now; {then:.2f} ± {width:.2f} after {count} more documents{effort}; {trend}.",
            more,
            now=self.now.f1,
            then=self.prediction.f1,
            width=width,
            effort=Sentence(", about {duration}", duration=_duration(self.hours)) if self.hours else "",
            trend=self.trend,
        )

    @property
    def track(self) -> str:
        """How past forecasts did; "" where there is no forecast."""
        if self.prediction is None:
            return ""
        last = self.past[-LAST:]
        if not last:
            return Sentence("No earlier forecast has come due yet.")
        ahead = sorted(one.prediction.documents - one.known for one in last)
        span = f"{ahead[0]}"
        if ahead[0] != ahead[-1]:
            span = Sentence("{low} to {high}", low=ahead[0], high=ahead[-1])
        off = sum(abs(one.off) for one in last) / len(last)
        held = sum(one.held for one in last)
        return Sentence.counted(
            "Made again from what was known then, the last {count} forecast, for {span} more documents, "
            "was off by {off:.2f}; {held} of {count} inside the interval.",
            "Made again from what was known then, the last {count} forecasts, for {span} more documents, "
            "were off by {off:.2f} on average; {held} of {count} inside the interval.",
            len(last),
            span=span,
            off=off,
            held=held,
        )


def outlook(
    points: Sequence[Measured], test_entities: int, *, remaining: int, seconds_per_document: float | None
) -> Outlook:
    """The forecast for the next stretch of work.

    Args:
        points: the measured versions of one kind of model, in order of their documents.
        test_entities: entities in the texts that the newest was measured on.
        remaining: documents that are still to label.
        seconds_per_document: what a document costs; None where nobody was timed.
    """
    reason = silence(points, test_entities) or ("" if remaining > 0 else Sentence("Every document is labelled."))
    if reason:
        return Outlook(silence=reason)
    now = points[-1]
    more = min(horizon(now.documents), remaining)
    past = past_errors(points)
    prediction = _scaled(curve_at(points, now.documents + more), past)
    gain = curve_at(points, now.documents + more).f1 - curve_at(points, now.documents).f1
    hours = more * seconds_per_document / 3600 if seconds_per_document else None
    return Outlook(now=now, prediction=prediction, gain=gain, hours=hours, past=tuple(past))


def rise(points: Sequence[Measured], since: int) -> float | None:
    """F1 that the curve has gained from `since` documents to the newest version; None for too few versions."""
    if len(points) < LEAST_VERSIONS:
        return None
    return curve_at(points, points[-1].documents).f1 - curve_at(points, since).f1


def _duration(hours: float) -> str:
    if hours >= 0.95:
        return Sentence("{hours:.1f} hours", hours=hours)
    return Sentence.counted("{count} minute", "{count} minutes", max(1, round(60 * hours)))
