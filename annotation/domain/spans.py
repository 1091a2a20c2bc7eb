"""Labelled spans of a text and what can be wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from annotation.domain.text import clusters_cut
from daner_site.core.sentences import Sentence


@dataclass(frozen=True, order=True, slots=True)
class LabelledSpan:
    """`text[start:end]` carries `label`; code points, end exclusive."""

    start: int
    end: int
    label: str

    def touches(self, other: LabelledSpan) -> bool:
        """True when the two share at least one character."""
        return self.start < other.end and other.start < self.end

    def holds(self, other: LabelledSpan) -> bool:
        """True when the other lies within this one; both may have the same bounds."""
        return self.start <= other.start and other.end <= self.end


class SpanOverlap(StrEnum):
    """Which spans of one person a project lets share characters."""

    NONE = "none"
    NESTED = "nested"
    ANY = "any"

    @property
    def words(self) -> str:
        """For people."""
        return _OVERLAP_WORDS[self]

    def allows(self, one: LabelledSpan, other: LabelledSpan) -> bool:
        """Whether two different spans may stand side by side. The same bounds under two labels are nested."""
        if self is SpanOverlap.ANY or not one.touches(other):
            return True
        return self is SpanOverlap.NESTED and (one.holds(other) or other.holds(one))


_OVERLAP_WORDS = {
    SpanOverlap.NONE: Sentence("Spans never share words"),
    SpanOverlap.NESTED: Sentence("A span may lie within another"),
    SpanOverlap.ANY: Sentence("Spans may overlap in any way"),
}
SPAN_OVERLAPS = [(item.value, item.words) for item in SpanOverlap]
"""To choose from."""


class SpanError(ValueError):
    """A span that cannot be: the message names it and the reason."""


def validate_spans(spans: Sequence[LabelledSpan], text_length: int, labels: Collection[str] | None = None) -> None:
    """Check each span against a text of `text_length` characters and, if given, the label names.

    Raises SpanError for the first that is empty, outside the text, of an unknown label, or the
    same as an earlier one. Overlapping spans are not an error here: see `overlapping`.
    """
    seen: set[LabelledSpan] = set()
    for number, span in enumerate(spans, start=1):
        problem = _problem(span, text_length)
        if problem is None and labels is not None and span.label not in labels:
            problem = f"has the unknown label {span.label!r}"
        if problem is None and span in seen:
            problem = f"appears twice with the label {span.label!r}"
        if problem is not None:
            raise SpanError(f"span {number} (start {span.start}, end {span.end}) {problem}")
        seen.add(span)


def _problem(span: LabelledSpan, text_length: int) -> str | None:
    if span.start < 0:
        return "starts before the text"
    if span.end <= span.start:
        return "is empty" if span.end == span.start else "ends before it starts"
    if span.end > text_length:
        return f"ends after the text ({text_length} characters)"
    if not span.label:
        return "has no label"
    return None


def validate_clusters(spans: Sequence[LabelledSpan], text: str, tokens: Iterable[Sequence[int]]) -> None:
    """Check that no span begins or ends inside a grapheme cluster: an accented letter, a flag, an emoji family.

    An edge of one of the document's own tokens is always right: an imported file may cut them anywhere.

    Raises SpanError for the first that does.
    """
    cut = dict(clusters_cut(text, [offset for span in spans for offset in (span.start, span.end)]))
    if cut:
        cut = {offset: cut[offset] for offset in cut.keys() - {edge for token in tokens for edge in token}}
    for number, span in enumerate(spans, start=1):
        for offset in (span.start, span.end):
            if offset in cut:
                raise SpanError(
                    f"span {number} (start {span.start}, end {span.end}) cuts the character “{cut[offset]}” in two"
                )


def of_labels(spans: Iterable[LabelledSpan], labels: Collection[str]) -> list[LabelledSpan]:
    """Those with one of the labels, in their order."""
    return [span for span in spans if span.label in labels]


def validate_overlap(spans: Iterable[LabelledSpan], allowed: SpanOverlap) -> None:
    """Raises SpanError naming the first two spans, in text order, that may not stand side by side."""
    if allowed is SpanOverlap.ANY:
        return
    for first, second in overlapping(spans):
        if not allowed.allows(first, second):
            raise SpanError(_refused(first, second, allowed))


def _refused(first: LabelledSpan, second: LabelledSpan, allowed: SpanOverlap) -> Sentence:
    named: dict[str, int | str] = {"label": first.label, "start": first.start, "end": first.end}
    named |= {"label2": second.label, "start2": second.start, "end2": second.end}
    if allowed is SpanOverlap.NONE:
        return Sentence("{label} ({start}–{end}) and {label2} ({start2}–{end2}) overlap", **named)
    return Sentence(
        "{label} ({start}–{end}) and {label2} ({start2}–{end2}) overlap and neither lies within the other", **named
    )


def overlapping(spans: Iterable[LabelledSpan]) -> list[tuple[LabelledSpan, LabelledSpan]]:
    """All pairs that share a character, each pair and the list in text order."""
    pairs: list[tuple[LabelledSpan, LabelledSpan]] = []
    open_spans: list[LabelledSpan] = []
    for span in sorted(spans):
        open_spans = [other for other in open_spans if other.end > span.start]
        pairs += [(other, span) for other in open_spans]
        open_spans.append(span)
    return pairs


def resolve_overlaps(spans: Iterable[LabelledSpan], allowed: SpanOverlap = SpanOverlap.NONE) -> list[LabelledSpan]:
    """The spans that stay when two may share characters only as `allowed`: longer first, then earlier.

    Returns them in text order.
    """
    kept: list[LabelledSpan] = []
    for span in sorted(set(spans), key=lambda s: (s.start - s.end, s)):
        if all(allowed.allows(span, other) for other in kept):
            kept.append(span)
    return sorted(kept)
