"""Judged documents for the tests: from files beside the repository, and made up with known quality."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from annotation.domain.spans import LabelledSpan
from annotation.domain.tags import bio_to_spans
from quality.domain.files import read_items
from quality.domain.judgements import JudgedDocument, Judgement

DATA = Path(__file__).parents[3] / "shared" / "data"
LABELS = ("LOC", "ORG", "PER")
NAMES = {"LOC": ("Paris", "Lake", "Rome"), "ORG": ("Acme", "Bank", "Union"), "PER": ("Ada", "Bo", "Cy")}
FILLERS = ("the", "a", "went", "to", "said", "on", "of", "with", "was")


def judged(folder: str, split: str = "") -> list[JudgedDocument]:
    """Documents of a folder whose ids start with `split`."""
    path = _there(DATA / folder / "items.jsonl")
    documents = read_items(path, path.with_name("annotations.jsonl"))
    return [document for document in documents if document.id.startswith(split)]


def systems() -> list[JudgedDocument]:
    """The seven systems of wnut17 as annotators of one document per sentence."""
    lines = _there(DATA / "wnut17_systems" / "test.tsv").read_text().splitlines()
    names = lines[0].split()[3:]
    sentences: list[list[list[str]]] = [[]]
    for line in lines[1:]:
        if line.strip():
            sentences[-1].append(line.split("\t"))
        elif sentences[-1]:
            sentences.append([])
    return [_from_tags(number, rows, names) for number, rows in enumerate(filter(None, sentences))]


def crowd(documents: int, quality: dict[str, float], judges: int = 5, seed: int = 0) -> list[JudgedDocument]:
    """Each of `quality` overlooks, cuts or mislabels a name with the chance 1 - quality."""
    chance = random.Random(seed)
    return [_made(f"d{number}", chance, quality, judges) for number in range(documents)]


def as_spans(document: JudgedDocument) -> set[tuple[int, int, str]]:
    assert document.gold is not None
    return {(span.start, span.end, span.label) for span in document.gold}


def _there(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"no such file beside the repository: {path.parent.name}")
    return path


def _from_tags(number: int, rows: list[list[str]], names: list[str]) -> JudgedDocument:
    text, tokens = "", []
    for row in rows:
        tokens.append((len(text), len(text) + len(row[0])))
        text += row[0] + " "
    gold, *answers = (tuple(bio_to_spans(tokens, column)) for column in list(zip(*rows, strict=True))[1:])
    judgements = tuple(Judgement(name, spans) for name, spans in sorted(zip(names, answers, strict=True)))
    return JudgedDocument(f"s{number}", text, tuple(tokens), judgements, gold)


def _made(identifier: str, chance: random.Random, quality: dict[str, float], judges: int) -> JudgedDocument:
    words: list[str] = []
    ranges: list[tuple[int, int, str]] = []
    while len(words) < 60:
        words += chance.choices(FILLERS, k=chance.randint(1, 3))
        label = chance.choice(LABELS)
        length = chance.randint(1, 2)
        ranges.append((len(words), len(words) + length, label))
        words += [chance.choice(NAMES[label]) + str(chance.randint(0, 30)) for _ in range(length)]
    tokens, at = [], 0
    for word in words:
        tokens.append((at, at + len(word)))
        at += len(word) + 1
    people = chance.sample(sorted(quality), judges)
    judgements = tuple(Judgement(name, _answer(tokens, ranges, chance, quality[name])) for name in sorted(people))
    gold = tuple(LabelledSpan(tokens[first][0], tokens[stop - 1][1], label) for first, stop, label in ranges)
    return JudgedDocument(identifier, " ".join(words), tuple(tokens), judgements, gold)


def _answer(
    tokens: list[tuple[int, int]], ranges: list[tuple[int, int, str]], chance: random.Random, quality: float
) -> tuple[LabelledSpan, ...]:
    spans = []
    for first, stop, label in ranges:
        if chance.random() < quality:
            spans.append(LabelledSpan(tokens[first][0], tokens[stop - 1][1], label))
            continue
        error = chance.random()
        if error < 0.3:
            spans.append(LabelledSpan(tokens[first][0], tokens[stop - 1][1], chance.choice(LABELS)))
        elif error < 0.45 and stop > first + 1:
            spans.append(LabelledSpan(tokens[first][0], tokens[first][1], label))
    return tuple(spans)
