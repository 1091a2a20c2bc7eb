"""A consensus span in plain words: who marked it, who did not, and how right they usually are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from annotation.domain.spans import LabelledSpan

LEAST_RIGHT = 5
"""Spans of one label a person must have made before a share of right ones is told."""


@dataclass(frozen=True, slots=True)
class Trust:
    """How often the spans one person gave a label stood up."""

    right: int
    made: int

    @property
    def percent(self) -> int:
        return round(100 * self.right / self.made)


@dataclass(frozen=True, slots=True)
class Voice:
    """What one person said at the place of a span."""

    name: str
    spans: tuple[LabelledSpan, ...]
    """Theirs that share a character with it; empty: nothing there."""


def voices(
    span: LabelledSpan, layers: Mapping[str, Iterable[LabelledSpan]], names: Mapping[str, str]
) -> tuple[list[Voice], list[Voice]]:
    """(those who marked exactly this span, the others), each by name."""
    found = [
        Voice(names[person], tuple(sorted(other for other in spans if other.touches(span))))
        for person, spans in layers.items()
    ]
    found.sort(key=lambda voice: (len(voice.name), voice.name))
    return [v for v in found if span in v.spans], [v for v in found if span not in v.spans]


def explanation(
    span: LabelledSpan,
    text: str,
    layers: Mapping[str, Iterable[LabelledSpan]],
    names: Mapping[str, str],
    trust: Mapping[tuple[str, str], Trust],
) -> list[str]:
    """Sentences about one span of the consensus, or one that was left out of it.

    Args:
        layers: person → spans, everybody who submitted the document.
        names: person → what they are called here.
        trust: (person, label) → how often they were right; missing where it is unknown.
    """
    marked, others = voices(span, layers, names)
    silent = [voice.name for voice in others if not voice.spans]
    sentences = []
    if marked and silent:
        sentences.append(f"{_and(v.name for v in marked)} marked it, {_and(silent)} did not.")
    elif marked:
        sentences.append(f"{_and(v.name for v in marked)} marked it.")
    else:
        sentences.append(f"Nobody marked exactly this{f'; {_and(silent)} marked nothing here' if silent else ''}.")
    sentences += [
        f"{voice.name} marked {_and(_quoted(other, span, text) for other in voice.spans)}."
        for voice in others
        if voice.spans
    ]
    rates = [
        f"{names[person]} is right {known.percent} % of the time on {label}"
        for person, label in _said(span, layers, names)
        if (known := trust.get((person, label))) is not None and known.made >= LEAST_RIGHT
    ]
    if rates and others:
        sentences.append("; ".join(rates) + ".")
    return sentences


def _said(
    span: LabelledSpan, layers: Mapping[str, Iterable[LabelledSpan]], names: Mapping[str, str]
) -> list[tuple[str, str]]:
    """(person, label they gave at this place), supporters of the span first; the silent have none."""
    rows = []
    for person, spans in layers.items():
        here = sorted(other for other in spans if other.touches(span))
        labels = [span.label] if span in here else sorted({other.label for other in here})
        rows += [(span not in here, len(names[person]), names[person], person, label) for label in labels]
    return [(person, label) for *_, person, label in sorted(rows)]


def _quoted(other: LabelledSpan, span: LabelledSpan, text: str) -> str:
    if (other.start, other.end) == (span.start, span.end):
        return f"it as {other.label}"
    return f"“{text[other.start : other.end]}” as {other.label}"


def _and(names: Iterable[str]) -> str:
    rows = list(names)
    return rows[0] if len(rows) == 1 else f"{', '.join(rows[:-1])} and {rows[-1]}"


def sureness(confidence: float, cuts: Sequence[float]) -> str:
    """Where an uncalibrated confidence stands among all of its project; `cuts`: the two thirds.

    A figure would be read as a probability, and these are far too high to be one.
    """
    low, high = cuts
    if confidence < low:
        return "less sure than most"
    return "about as sure as most" if confidence < high else "surer than most"
