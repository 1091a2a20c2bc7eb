"""Where annotators of one document differ: groups of overlapping spans, each of one kind.

A group is a connected component of spans that are versions of each other. Where spans never share
words, those are all that share characters. Where they may, what everybody marked is agreed whatever
lies over it, and of the rest only spans of one label, with the same bounds, or that cross are versions
of each other: a place within a company's name is no other reading of it. A group's *options* are the
versions of that stretch people actually wrote, most supported first, so a reviewer settles a group by
choosing one of them (or nothing) and the result overlaps within itself only as its author let it.

Agreement counts the groups that review shows: both come from `conflict_groups`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from annotation.domain.spans import LabelledSpan, SpanOverlap, overlapping
from daner_site.core.sentences import Sentence


class Kind(StrEnum):
    UNANIMOUS = "unanimous"
    BOTH = "boundary_label"
    SPLIT_MERGE = "split_merge"
    NESTED = "nested"
    LABEL = "label"
    BOUNDARY = "boundary"
    MISSING = "missing"

    @property
    def words(self) -> str:
        """For people."""
        return _WORDS[self]


_WORDS = {
    Kind.UNANIMOUS: Sentence("agreed"),
    Kind.BOTH: Sentence("bounds and label"),
    Kind.SPLIT_MERGE: Sentence("split or merged"),
    Kind.NESTED: Sentence("one within another"),
    Kind.LABEL: Sentence("label"),
    Kind.BOUNDARY: Sentence("bounds"),
    Kind.MISSING: Sentence("marked by some only"),
}

# Of the flags that hold, the first of these is the kind. Bounds-and-label goes before split: one
# DATE against CARDINAL + DATE differs in what the words are, not only in where they are cut.
PRIMARY = (Kind.BOTH, Kind.SPLIT_MERGE, Kind.NESTED, Kind.LABEL, Kind.BOUNDARY, Kind.MISSING)
CONFLICT_KINDS = (Kind.MISSING, Kind.LABEL, Kind.BOUNDARY, Kind.BOTH, Kind.SPLIT_MERGE, Kind.NESTED)


ALL_ASKED: Mapping[str, frozenset[str]] = {}


@dataclass(frozen=True)
class Option:
    """One version of a group, as somebody wrote it; never empty."""

    spans: tuple[LabelledSpan, ...]
    supporters: tuple[str, ...]


@dataclass(frozen=True)
class ConflictGroup:
    id: str
    """The same as long as the group's bounds, kind and proposals are the same."""
    start: int
    end: int
    kind: Kind
    flags: frozenset[Kind]
    """Every kind that applies."""
    options: tuple[Option, ...]
    silent: tuple[str, ...]
    """Annotators with nothing here who were asked about one of its labels."""

    @property
    def open(self) -> bool:
        return self.kind is not Kind.UNANIMOUS

    @property
    def doubt(self) -> float:
        """Share of the annotators who did not write the best supported version, nothing included."""
        votes = [len(option.supporters) for option in self.options]
        return 1 - max([*votes, len(self.silent)]) / (sum(votes) + len(self.silent))


def conflict_groups(
    layers: Mapping[str, Iterable[LabelledSpan]],
    text: str | None = None,
    asked: Mapping[str, frozenset[str]] = ALL_ASKED,
    allowed: SpanOverlap = SpanOverlap.NONE,
) -> list[ConflictGroup]:
    """The groups of one document in reading order, agreed ones included.

    Args:
        layers: annotator → spans, everybody who submitted, also those who marked nothing.
        text: where given, blanks at the edges of spans do not count as a difference.
        asked: annotator → the labels they were asked about, of those who were not asked about all. Who
            was asked about none of a group's labels is not silent there: they have not been heard.
        allowed: which spans of one person may share characters in the project.
    """
    trimmed = {annotator: sorted({_trim(span, text) for span in spans}) for annotator, spans in layers.items()}
    marked = [(span, annotator) for annotator, spans in trimmed.items() for span in spans]
    components = (
        _components(sorted(marked)) if allowed is SpanOverlap.NONE else _readings(marked, sorted(layers), asked)
    )
    groups = [_group(component, sorted(layers), asked) for component in components]
    return sorted(groups, key=lambda group: (group.start, group.end))


def kind_counts(groups: Iterable[ConflictGroup]) -> dict[str, int]:
    """`{kind: how many}` of the groups in conflict; every conflict kind is there."""
    counts = Counter(group.kind for group in groups if group.open)
    return {kind.value: counts[kind] for kind in CONFLICT_KINDS}


def label_counts(groups: Iterable[ConflictGroup]) -> dict[str, int]:
    """`{label: in how many groups in conflict somebody wrote it}`."""
    return dict(
        Counter(
            label
            for group in groups
            if group.open
            for label in {span.label for option in group.options for span in option.spans}
        )
    )


def _trim(span: LabelledSpan, text: str | None) -> LabelledSpan:
    if text is None:
        return span
    inside = text[span.start : span.end]
    if not inside.strip():
        return span
    start = span.start + len(inside) - len(inside.lstrip())
    return LabelledSpan(start, start + len(inside.strip()), span.label)


def _components(
    marked: Sequence[tuple[LabelledSpan, str]],
) -> list[list[tuple[LabelledSpan, str]]]:
    """Sorted by start, a span joins the group unless it begins behind the group's end."""
    components: list[list[tuple[LabelledSpan, str]]] = []
    end = 0
    for span, annotator in marked:
        if components and span.start < end:
            components[-1].append((span, annotator))
        else:
            components.append([(span, annotator)])
        end = max(end, span.end)
    return components


def _readings(
    marked: Sequence[tuple[LabelledSpan, str]], annotators: Sequence[str], asked: Mapping[str, frozenset[str]]
) -> list[list[tuple[LabelledSpan, str]]]:
    """Where spans may lie over spans: those that everybody has by themselves, then versions of one another."""
    by_span: dict[LabelledSpan, list[str]] = {}
    for span, annotator in sorted(marked):
        by_span.setdefault(span, []).append(annotator)
    agreed = [
        span
        for span, people in by_span.items()
        if len(people) == sum(name not in asked or span.label in asked[name] for name in annotators)
    ]
    group_of = {span: [span] for span in by_span}
    for one, other in overlapping(by_span.keys() - set(agreed)):
        if _same_thing(one, other) and group_of[one] is not group_of[other]:
            group_of[one] += group_of[other]
            group_of |= dict.fromkeys(group_of[other], group_of[one])
    groups = {id(found): found for found in group_of.values()}.values()
    return [[(span, annotator) for span in sorted(found) for annotator in by_span[span]] for found in groups]


def _same_thing(one: LabelledSpan, other: LabelledSpan) -> bool:
    """Whether spans that share characters are versions of each other and not one within the other."""
    same_bounds = (one.start, one.end) == (other.start, other.end)
    crossing = not one.holds(other) and not other.holds(one)
    return same_bounds or crossing or one.label == other.label


def _group(
    component: list[tuple[LabelledSpan, str]], annotators: list[str], asked: Mapping[str, frozenset[str]]
) -> ConflictGroup:
    written: dict[str, list[LabelledSpan]] = {}
    for span, annotator in component:
        written.setdefault(annotator, []).append(span)
    versions: dict[tuple[LabelledSpan, ...], list[str]] = {}
    for annotator in sorted(written):
        versions.setdefault(tuple(written[annotator]), []).append(annotator)
    options = tuple(
        Option(spans, tuple(supporters))
        for spans, supporters in sorted(versions.items(), key=lambda item: (-len(item[1]), -_length(item[0]), item[0]))
    )
    labels = {span.label for span, _ in component}
    silent = tuple(name for name in annotators if name not in written and labels & asked.get(name, labels))
    flags = _flags(options, silent)
    kind = next((kind for kind in PRIMARY if kind in flags), Kind.UNANIMOUS)
    start = min(span.start for span, _ in component)
    end = max(span.end for span, _ in component)
    return ConflictGroup(_group_id(kind, start, end, options), start, end, kind, flags, options, silent)


def _flags(options: Sequence[Option], silent: Sequence[str]) -> frozenset[Kind]:
    spans = {span for option in options for span in option.spans}
    flags: set[Kind] = set()
    if silent:
        flags.add(Kind.MISSING)
    if len(options) > 1:
        labels = len({span.label for span in spans}) > 1
        bounds = len({(span.start, span.end) for span in spans}) > 1
        if labels:
            flags.add(Kind.LABEL)
        if bounds:
            flags.add(Kind.BOUNDARY)
        if labels and bounds:
            flags.add(Kind.BOTH)
        pairs = [pair for option in options for pair in combinations(option.spans, 2)]
        if any(not one.holds(other) and not other.holds(one) for one, other in pairs):
            flags.add(Kind.SPLIT_MERGE)
        # The same stretch under two labels is a question of labels.
        if any(one.holds(other) != other.holds(one) for one, other in pairs):
            flags.add(Kind.NESTED)
    return frozenset(flags)


def _length(spans: Sequence[LabelledSpan]) -> int:
    return sum(span.end - span.start for span in spans)


def _group_id(kind: Kind, start: int, end: int, options: Sequence[Option]) -> str:
    spans = sorted({span for option in options for span in option.spans})
    key = f"{kind}|{start}|{end}|" + "|".join(f"{s.start},{s.end},{s.label}" for s in spans)
    return hashlib.sha256(key.encode()).hexdigest()[:16]
