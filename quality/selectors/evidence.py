"""What helps to decide a place: the same words in gold, and what the guideline says of the labels."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F
from django.db.models.functions import Substr

from annotation.models import Annotation, Label, Project, Span
from quality.models import AdjudicationCase
from quality.selectors.content import CaseContent

COUNTED = 5_000
"""So many of the newest gold documents are looked through."""
EXCERPTS = 3
PARTS = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*+]|\d+[.)])\s)")
"""Between paragraphs, and before the items of a list."""
MARKUP = re.compile(r"^\s*(?:[-*+]|\d+[.)]|#+|>)\s+|\*+|`+|(?<!\w)_+|_+(?!\w)")


@dataclass(frozen=True)
class PlaceEvidence:
    group: str
    labels: tuple[tuple[str, str, int], ...]
    """(label, colour, how often the same words have it in other documents' gold), frequent ones first."""


@dataclass(frozen=True)
class LabelGuide:
    label: Label
    excerpts: tuple[str, ...]
    """The first paragraphs and list items of the guideline that name the label, without their markup."""


@dataclass(frozen=True)
class Evidence:
    places: tuple[PlaceEvidence, ...]
    guide: tuple[LabelGuide, ...]


def case_evidence(case: AdjudicationCase, content: CaseContent) -> Evidence:
    """For the places in dispute, in reading order, and for every label somebody wrote there."""
    text = content.layers.text
    groups = content.open_groups
    words = {group.id: text[group.start : group.end] for group in groups}
    counts = _gold_counts(case, set(words.values()))
    labels = {label.name: label for label in case.project.labels.all()}
    written = {span.label for group in groups for option in group.options for span in option.spans}
    return Evidence(
        places=tuple(
            PlaceEvidence(
                group.id,
                tuple((name, labels[name].color, number) for name, number in counts[words[group.id]].most_common()),
            )
            for group in groups
        ),
        guide=tuple(_guides(case.project, [label for name, label in labels.items() if name in written])),
    )


def _gold_counts(case: AdjudicationCase, words: set[str]) -> dict[str, Counter[str]]:
    newest = Annotation.objects.filter(project=case.project, kind=Annotation.Kind.GOLD, current=True)
    newest = newest.exclude(document=case.document).order_by("-pk")[:COUNTED]
    spans = Span.objects.filter(annotation__in=list(newest.values_list("pk", flat=True)))
    # Substr counts code points from 1, like offsets count them from 0.
    found = spans.annotate(words=Substr("annotation__document__text", F("start") + 1, F("end") - F("start")))
    rows = found.filter(words__in=words).order_by().values_list("words", "label__name").annotate(number=Count("pk"))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for piece, label, number in rows:
        counts[piece][label] += number
    return counts


def _guides(project: Project, labels: Iterable[Label]) -> Iterable[LabelGuide]:
    guideline = project.guidelines.first()
    parts = [_plain(part) for part in PARTS.split(guideline.body)] if guideline else []
    for label in labels:
        word = rf"(?<!\w){re.escape(label.name)}(?!\w)"
        named = [part for part in parts if re.search(word, part)]
        # A guideline may well write "a person" for the label PERSON.
        named = named or [part for part in parts if re.search(word, part, re.IGNORECASE)]
        yield LabelGuide(label, tuple(named[:EXCERPTS]))


def _plain(part: str) -> str:
    """A piece of Markdown as one line of text."""
    return " ".join(MARKUP.sub("", part).split())
