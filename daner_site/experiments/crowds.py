"""Judged documents to measure on: from files, or gold with the errors that real people make planted in it."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from activelearning.engine.corpora import read_conll
from activelearning.engine.types import Example
from annotation.domain.spans import LabelledSpan
from annotation.domain.tags import bio_to_spans
from quality.domain.files import FileError
from quality.domain.judgements import JudgedDocument, Judgement

LEAST_GOLD = 40
"""Gold spans a person must have been asked about before their rates are taken for a model of people."""
KINDS = ("miss", "label", "bounds", "both")


@dataclass(frozen=True, slots=True)
class Corpus:
    """What can be learned from, judged by several people, and the gold to measure on."""

    name: str
    labels: tuple[str, ...]
    documents: tuple[JudgedDocument, ...]
    test: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Habit:
    """How often one real person erred, as shares of the gold spans they were asked about."""

    rates: dict[str, float]
    """Of KINDS, and `extra`: spans where no gold is."""


def read_columns(path: Path) -> list[JudgedDocument]:
    """`token<TAB>gold<TAB>annotator<TAB>…` with a heading, IOB2 tags, blank lines between documents.

    Raises FileError that names the row.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path.name} cannot be read: {error}") from error
    names = lines[0].split("\t")[2:] if lines else []
    if not names:
        raise FileError(f"{path.name}, row 1: no column of an annotator.")
    found: list[JudgedDocument] = []
    rows: list[list[str]] = []
    for number, line in enumerate([*lines[1:], ""], 2):
        if line.strip():
            rows.append(line.split("\t"))
            if len(rows[-1]) != len(names) + 2:
                raise FileError(
                    f"{path.name}, row {number}: {len(rows[-1])} columns, the heading has {len(names) + 2}."
                )
        elif rows:
            found.append(_of_columns(str(len(found)), rows, names))
            rows = []
    return found


def _of_columns(identifier: str, rows: Sequence[Sequence[str]], names: Sequence[str]) -> JudgedDocument:
    tokens, at = [], 0
    for row in rows:
        tokens.append((at, at + len(row[0])))
        at += len(row[0]) + 1
    gold, *answers = (tuple(bio_to_spans(tokens, column)) for column in list(zip(*rows, strict=True))[1:])
    judgements = tuple(Judgement(name, spans) for name, spans in sorted(zip(names, answers, strict=True)))
    return JudgedDocument(identifier, " ".join(row[0] for row in rows), tuple(tokens), judgements, gold)


def with_gold(documents: Iterable[JudgedDocument]) -> tuple[list[JudgedDocument], tuple[str, ...]]:
    """Documents that have gold and judgements, cut to the labels that the gold knows."""
    found = [document for document in documents if document.gold is not None and document.judgements]
    labels = {span.label for document in found for span in document.gold or ()}
    return [
        replace(document, judgements=tuple(_cut(judgement, labels) for judgement in document.judgements))
        for document in found
    ], tuple(sorted(labels))


def _cut(judgement: Judgement, labels: set[str]) -> Judgement:
    return replace(
        judgement,
        spans=tuple(span for span in judgement.spans if span.label in labels),
        asked=None if judgement.asked is None else judgement.asked & labels,
    )


def split(name: str, documents: Sequence[JudgedDocument], labels: tuple[str, ...], seed: int, share: float) -> Corpus:
    """A random share of the documents is measured on, with its gold; the rest is learned from."""
    order = random.Random(seed).sample(documents, len(documents))  # noqa: S311  a reproducible draw
    cut = round(share * len(order))
    test = tuple(Example(item.id, item.text, item.tokens, tuple(item.gold or ())) for item in order[:cut])
    return Corpus(name, labels, tuple(order[cut:]), test)


def habits(documents: Sequence[JudgedDocument]) -> list[Habit]:
    """The error rates of everybody who was asked about enough gold spans."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        gold = document.gold or ()
        for judgement in document.judgements:
            count = counts[judgement.annotator]
            for span in gold:
                if judgement.asked is None or span.label in judgement.asked:
                    count["gold"] += 1
                    count[_error(span, judgement.spans)] += 1
            count["extra"] += sum(not any(span.touches(other) for other in gold) for span in judgement.spans)
    return [
        Habit({kind: count[kind] / count["gold"] for kind in (*KINDS, "extra")})
        for _, count in sorted(counts.items())
        if count["gold"] >= LEAST_GOLD
    ]


def _error(gold: LabelledSpan, spans: Sequence[LabelledSpan]) -> str:
    touching = [span for span in spans if span.touches(gold)]
    if not touching:
        return "miss"
    if gold in touching:
        return "right"
    if any((span.start, span.end) == (gold.start, gold.end) for span in touching):
        return "label"
    return "bounds" if any(span.label == gold.label for span in touching) else "both"


def planted(
    train: Path, test: Path, people: Sequence[Habit], *, documents: int, annotators: int, judges: int, seed: int
) -> Corpus:
    """Documents of `train`, each judged by some of `annotators` made-up people with the habits of real ones.

    Errors are drawn one by one; that people err at the same places, and always alike, is not planted.
    Raises EngineError for a bad file.
    """
    chance = random.Random(seed)  # noqa: S311  a reproducible draw
    everything = read_conll(train)
    labels = tuple(sorted({span.label for example in everything for span in example.spans}))
    drawn = chance.sample(everything, min(documents, len(everything)))
    habit = {f"p{number}": chance.choice(people) for number in range(annotators)}
    found = []
    for example in drawn:
        names = sorted(chance.sample(sorted(habit), judges))
        judgements = tuple(Judgement(name, _spoilt(example, habit[name], labels, chance, drawn)) for name in names)
        found.append(JudgedDocument(example.document_id, example.text, example.tokens, judgements, example.spans))
    return Corpus(f"{train.absolute().parent.name}, planted", labels, tuple(found), tuple(read_conll(test)))


def _spoilt(
    example: Example, habit: Habit, labels: Sequence[str], chance: random.Random, like: Sequence[Example]
) -> tuple[LabelledSpan, ...]:
    starts = {start: number for number, (start, _) in enumerate(example.tokens)}
    ends = {end: number for number, (_, end) in enumerate(example.tokens)}
    found: list[LabelledSpan] = []
    for span in example.spans:
        kind = chance.choices([*KINDS, "right"], [*(habit.rates[k] for k in KINDS), _right(habit)])[0]
        first, last, label = starts[span.start], ends[span.end], span.label
        if kind in ("label", "both"):
            label = chance.choice([other for other in labels if other != label] or [label])
        if kind in ("bounds", "both"):
            first, last = chance.choice(_neighbours(first, last, len(example.tokens)) or [(first, last)])
        if kind != "miss":
            found.append(LabelledSpan(example.tokens[first][0], example.tokens[last][1], label))
    extra = _times(habit.rates["extra"] * _usual_spans(example, like), chance)
    found += [_made_up(example, chance, like) for _ in range(extra)]
    kept: list[LabelledSpan] = []
    for span in found:
        if not any(span.touches(other) for other in kept):
            kept.append(span)
    return tuple(sorted(kept))


def _right(habit: Habit) -> float:
    return max(0.0, 1 - sum(habit.rates[kind] for kind in KINDS))


def _neighbours(first: int, last: int, words: int) -> list[tuple[int, int]]:
    """Bounds that are off by one word on one side."""
    near = [(first - 1, last), (first + 1, last), (first, last - 1), (first, last + 1)]
    return [(a, b) for a, b in near if 0 <= a <= b < words]


def _usual_spans(example: Example, like: Sequence[Example]) -> float:
    """How many spans a document of this length has by the corpus's mean."""
    return len(example.tokens) * sum(len(e.spans) for e in like) / sum(len(e.tokens) for e in like)


def _times(expected: float, chance: random.Random) -> int:
    return int(expected) + (chance.random() < expected % 1)


def _made_up(example: Example, chance: random.Random, like: Sequence[Example]) -> LabelledSpan:
    """A span of a usual label, one or two words long, on a capital more often than not."""
    words = range(len(example.tokens))
    capitals = [word for word in words if example.text[example.tokens[word][0]].isupper()]
    first = chance.choice(capitals if capitals and chance.random() < 0.7 else list(words))
    last = min(first + (chance.random() < 0.3), len(example.tokens) - 1)
    spans = [span.label for other in chance.choices(like, k=50) for span in other.spans]
    label = chance.choice(spans) if spans else example.spans[0].label
    return LabelledSpan(example.tokens[first][0], example.tokens[last][1], label)
