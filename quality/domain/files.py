"""Judgements from two JSONL files: the documents, and what each person said about them.

Items: `{id, text, tokens: [[start, end]..] (optional), gold: [{start, end, label}..] | null}`, one
row per document. Annotations: `{item, annotator, asked (optional), spans: [{start, end, label}..],
submitted_at (optional), with_suggestions (optional)}`, one row per document and person, or per
question where people were asked about one label at a time: `asked` is that label, or several.
Other keys are passed over. Offsets count code points, end exclusive.

Rows of one document and person are one judgement with all their questions. Where the same question
was answered twice, the answer with the later `submitted_at` counts; without dates it is an error.
Spans may overlap (the measures say what that means for each), the same span twice counts once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from annotation.domain.spans import LabelledSpan, SpanError, validate_spans
from annotation.domain.text import Token, tokenize
from quality.domain.judgements import JudgedDocument, Judgement

Json = dict[str, Any]


class FileError(ValueError):
    """A file is not what it must be; the message names file, row (from 1) and problem."""


def read_items(path: Path, annotations_path: Path) -> list[JudgedDocument]:
    """The documents of `path`, in its order, with their judgements, sorted by annotator.

    Documents without tokens get the product's own. Raises FileError.
    """
    documents: dict[str, JudgedDocument] = {}
    for row in _rows(path):
        document = _document(row)
        if document.id in documents:
            raise row.error(f"the item {document.id!r} is there twice")
        documents[document.id] = document
    answers = _answers(annotations_path, documents)
    return [
        JudgedDocument(
            document.id, document.text, document.tokens, _judgements(answers.get(document.id, {})), document.gold
        )
        for document in documents.values()
    ]


def labels_of(documents: Sequence[JudgedDocument]) -> list[str]:
    """Every label somebody used or was asked about, sorted. Gold is not looked at."""
    found: set[str] = set()
    for document in documents:
        for judgement in document.judgements:
            found.update(judgement.asked or (), (span.label for span in judgement.spans))
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _Row:
    path: Path
    number: int
    data: Json

    def error(self, problem: str) -> FileError:
        return FileError(f"{self.path.name}, row {self.number}: {problem}.")

    def text(self, key: str) -> str:
        value = self.data.get(key)
        if not isinstance(value, str) or not (value or key == "text"):
            raise self.error(f"{key!r} is missing or not a text")
        return value


@dataclass(frozen=True, slots=True)
class _Answer:
    row: _Row
    asked: frozenset[str] | None
    spans: tuple[LabelledSpan, ...]
    at: datetime | None
    with_suggestions: bool

    def repeats(self, other: _Answer) -> bool:
        return self.asked is None or other.asked is None or not self.asked.isdisjoint(other.asked)


def _rows(path: Path) -> Iterator[_Row]:
    """The rows of a JSONL file; blank lines are passed over but counted."""
    try:
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except OSError as error:
        raise FileError(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise FileError(f"{path.name}, row {number}: not UTF-8.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FileError(f"{path.name}, row {number}: not JSON ({error}).") from error
        row = _Row(path, number, data)
        if not isinstance(data, dict):
            raise row.error("not an object")
        yield row


def _document(row: _Row) -> JudgedDocument:
    identifier, text = row.text("id"), row.text("text")
    gold = None if row.data.get("gold") is None else _spans(row, "gold", text)
    return JudgedDocument(identifier, text, _tokens(row, text), (), gold)


def _tokens(row: _Row, text: str) -> tuple[Token, ...]:
    given = row.data.get("tokens")
    if given is None:
        return tuple(tokenize(text))
    if not isinstance(given, list) or not all(_is_range(token) for token in given):
        raise row.error("'tokens' is not a list of [start, end]")
    tokens = tuple((start, end) for start, end in given)
    if any(not 0 <= start < end <= len(text) for start, end in tokens):
        raise row.error("a token is empty or outside the text")
    if any(right[0] < left[1] for left, right in pairwise(tokens)):
        raise row.error("the tokens overlap or are out of order")
    return tokens


def _is_range(token: object) -> bool:
    return isinstance(token, list) and len(token) == 2 and all(type(offset) is int for offset in token)


def _spans(row: _Row, key: str, text: str) -> tuple[LabelledSpan, ...]:
    given = row.data.get(key)
    if not isinstance(given, list):
        raise row.error(f"{key!r} is missing or not a list")
    found: set[LabelledSpan] = set()
    for span in given:
        if not isinstance(span, dict) or not (
            type(span.get("start")) is int and type(span.get("end")) is int and isinstance(span.get("label"), str)
        ):
            raise row.error(f"{key!r} holds something that is not a start, an end and a label")
        found.add(LabelledSpan(span["start"], span["end"], span["label"]))
    try:
        validate_spans(spans := sorted(found), len(text))
    except SpanError as error:
        raise row.error(str(error)) from error
    return tuple(spans)


def _answers(path: Path, documents: dict[str, JudgedDocument]) -> dict[str, dict[str, list[_Answer]]]:
    """item → annotator → answers, none of them to the same question."""
    answers: dict[str, dict[str, list[_Answer]]] = {}
    for row in _rows(path):
        item, annotator = row.text("item"), row.text("annotator")
        if item not in documents:
            raise row.error(f"there is no item {item!r}")
        answer = _answer(row, documents[item].text)
        earlier = answers.setdefault(item, {}).setdefault(annotator, [])
        for other in earlier:
            if answer.repeats(other):
                answer = _newer(other, answer, f"{annotator!r} on {item!r}")
                earlier.remove(other)
                break
        earlier.append(answer)
    return answers


def _newer(first: _Answer, second: _Answer, whose: str) -> _Answer:
    """The one submitted later. Raises FileError unless both answer the same and are dated."""
    try:
        if first.asked == second.asked and first.at is not None and second.at is not None:
            return second if second.at >= first.at else first
    except TypeError:  # one date knows its time zone, the other does not
        pass
    raise second.row.error(f"{whose} is there already, in row {first.row.number}, and no dates say which row counts")


def _answer(row: _Row, text: str) -> _Answer:
    asked = _asked(row)
    spans = _spans(row, "spans", text)
    if asked is not None and (foreign := sorted({span.label for span in spans} - asked)):
        raise row.error(f"a span is labelled {foreign[0]!r}, about which nobody asked")
    suggestions = row.data.get("with_suggestions", False)
    if not isinstance(suggestions, bool):
        raise row.error("'with_suggestions' is neither true nor false")
    return _Answer(row, asked, spans, _date(row), suggestions)


def _asked(row: _Row) -> frozenset[str] | None:
    given = row.data.get("asked")
    if given is None:
        return None
    labels = [given] if isinstance(given, str) else given
    if not isinstance(labels, list) or not labels or not all(isinstance(label, str) and label for label in labels):
        raise row.error("'asked' is neither a label nor a list of labels")
    return frozenset(labels)


def _date(row: _Row) -> datetime | None:
    given = row.data.get("submitted_at")
    if given is None:
        return None
    try:
        return datetime.fromisoformat(given)
    except (TypeError, ValueError) as error:
        raise row.error("'submitted_at' is not a date and time") from error


def _judgements(answers: dict[str, list[_Answer]]) -> tuple[Judgement, ...]:
    return tuple(_judgement(annotator, answers[annotator]) for annotator in sorted(answers))


def _judgement(annotator: str, answers: Sequence[_Answer]) -> Judgement:
    """Several answers always name their questions: one without would repeat the others."""
    asked = [answer.asked for answer in answers if answer.asked is not None]
    return Judgement(
        annotator=annotator,
        spans=tuple(sorted(span for answer in answers for span in answer.spans)),
        asked=frozenset().union(*asked) if asked else None,
        with_suggestions=any(answer.with_suggestions for answer in answers),
    )
