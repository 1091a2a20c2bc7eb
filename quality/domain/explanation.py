"""A consensus span in plain words: who marked it, who did not, and how right they usually are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from annotation.domain.spans import LabelledSpan
from daner_site.core.sentences import Sentence

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
    sentences: list[str] = []
    if marked and silent:
        who = _and(v.name for v in marked)
        sentences.append(Sentence("{who} marked it, {others} did not.", who=who, others=_and(silent)))
    elif marked:
        sentences.append(Sentence("{who} marked it.", who=_and(v.name for v in marked)))
    elif silent:
        sentences.append(Sentence("Nobody marked exactly this; {who} marked nothing here.", who=_and(silent)))
    else:
        sentences.append(Sentence("Nobody marked exactly this."))
    sentences += [
        Sentence("{who} marked {what}.", who=voice.name, what=_and(_quoted(other, span, text) for other in voice.spans))
        for voice in others
        if voice.spans
    ]
    rates = [
        Sentence(
            "{who} is right {percent} % of the time on {label}", who=names[person], percent=known.percent, label=label
        )
        for person, label in _said(span, layers, names)
        if (known := trust.get((person, label))) is not None and known.made >= LEAST_RIGHT
    ]
    if rates and others:
        sentences.append(_joined("{first}; {rest}", rates, end="."))
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
        return Sentence("it as {label}", label=other.label)
    return Sentence("“{text}” as {label}", text=text[other.start : other.end], label=other.label)


def _and(names: Iterable[str]) -> str:
    *rows, last = names
    return Sentence("{first} and {last}", first=_joined("{first}, {rest}", rows), last=last) if rows else last


def _joined(pattern: str, rows: Sequence[str], end: str = "") -> str:
    """One sentence of several, each of which can still be translated."""
    found = rows[-1]
    for row in reversed(rows[:-1]):
        found = Sentence(pattern, first=row, rest=found)
    return Sentence(f"{{all}}{end}", all=found) if end else found


def sureness(confidence: float, cuts: Sequence[float]) -> str:
    """Where an uncalibrated confidence stands among all of its project; `cuts`: the two thirds.

    A figure would be read as a probability, and these are far too high to be one.
    """
    low, high = cuts
    if confidence < low:
        return Sentence("less sure than most")
    return Sentence("about as sure as most") if confidence < high else Sentence("surer than most")
