"""What every format speaks: a parsed document, or an error that names its row."""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from annotation.domain.spans import LabelledSpan, SpanError, validate_spans
from annotation.domain.text import Token, is_blank

MAX_TEXT_LENGTH = 600_000
"""Characters in one document: beyond it a page cannot show it and no model can read it."""
MAX_SPANS = 20_000
MAX_LAYERS = 100
MAX_NAME_LENGTH = 100
MAX_META_LENGTH = 20_000
MAX_DEPTH = 20

# Noncharacters, which no text may hold, stand in for what a database cannot hold, so that the
# parsers can name the row: bytes that are not UTF-8, and NUL.
NOT_UTF8 = "\ufdd0"
NUL = "\ufdd1"

Spans = tuple[LabelledSpan, ...]
Labels = frozenset[str]


class Unreadable(ValueError):
    """The upload as a whole is not text."""


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """One document of a file.

    Attributes:
        row: line of the file (from 1) on which it begins.
        tokens: the file's own tokens, or None.
        spans: labels that belong to nobody in particular, that is, gold; None when the file says
            nothing (an empty tuple says: nothing here).
        layers: annotator's name → their spans.
        asked: annotator's name → the labels they were asked about; who is not in it: about all.
        split: "pool" or "test" when the file says so.
        notices: what was repaired or left out, for the report.
    """

    row: int
    text: str
    tokens: tuple[Token, ...] | None = None
    spans: Spans | None = None
    layers: Mapping[str, Spans] = field(default_factory=dict)
    asked: Mapping[str, Labels] = field(default_factory=dict)
    external_id: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    split: str | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowError:
    row: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"row {self.row}: {self.message}"


Row = ParsedDocument | RowError


class BadRow(ValueError):
    """Raised inside a parser; becomes a `RowError` at its edge."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field = field_name
        self.message = message


@dataclass(frozen=True, slots=True)
class ExportedLayer:
    name: str
    spans: Spans
    asked: Labels | None = None
    """The labels the person was asked about, None for all."""


@dataclass(frozen=True, slots=True)
class ExportedDocument:
    """One document on its way out; a layer that was not asked for is None or empty.

    Attributes:
        gold: the adjudicated spans, or None.
        annotators: one layer a person, names unique.
        model: the newest model's name and spans, or None.
        confidences: of the model's spans, in their order.
        with_gold: print `gold` even when there is none.
        gold_source: where the gold comes from: import, adjudication, unanimous; "" where unknown.
    """

    external_id: str
    text: str
    tokens: tuple[Token, ...]
    split: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    gold: Spans | None = None
    annotators: Sequence[ExportedLayer] = ()
    model: ExportedLayer | None = None
    confidences: Sequence[float] = ()
    with_gold: bool = False
    gold_source: str = ""


def decode(data: bytes) -> str:
    """Bytes of an upload → text, with any byte order mark removed.

    UTF-8, or UTF-16 if a mark says so. What is not UTF-8, and NUL, become the markers that
    `check_text` reports with its row. Raises Unreadable for UTF-16 that is broken.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise Unreadable("The file says it is UTF-16, but it is not.") from error
    else:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="daner-marker")
    return clean(text)


def clean(text: str) -> str:
    """Text that came as text (a form field, JSON) in the shape `decode` gives."""
    return text.removeprefix("\ufeff").replace("\x00", NUL)


def _mark(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return NOT_UTF8, error.end


codecs.register_error("daner-marker", _mark)


def check_text(text: str, field_name: str = "text") -> None:
    """Raise BadRow unless `text` can be stored and shown as a document."""
    check_characters(text, field_name)
    if is_blank(text):
        raise BadRow(field_name, "the text is empty")
    if len(text) > MAX_TEXT_LENGTH:
        raise BadRow(
            field_name, f"the text has {len(text):,} characters; {MAX_TEXT_LENGTH:,} are the limit for one document"
        )


def check_characters(text: str, field_name: str) -> None:
    """Raise BadRow for characters that no database keeps."""
    if NOT_UTF8 in text:
        raise BadRow(field_name, f"character {text.index(NOT_UTF8) + 1} is not UTF-8; save the file as UTF-8")
    if NUL in text or "\x00" in text:
        raise BadRow(field_name, "there is a NUL character in it")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadRow(field_name, f"character {error.start + 1} is half of a surrogate pair") from error


def check_tokens(tokens: Sequence[Token], text: str) -> None:
    """Raise BadRow unless the tokens are visible pieces of `text`, in order, without overlap."""
    end_before = 0
    for number, (start, end) in enumerate(tokens, start=1):
        name = f"token {number} (start {start}, end {end})"
        if not end_before <= start < end:
            raise BadRow("tokens", f"{name} is empty or overlaps the one before")
        if end > len(text):
            raise BadRow("tokens", f"{name} ends after the text ({len(text)} characters)")
        if is_blank(text[start:end]):
            raise BadRow("tokens", f"{name} holds nothing visible")
        end_before = end


def checked_spans(spans: Sequence[LabelledSpan], text: str, field_name: str) -> Spans:
    """The spans in text order without exact repetitions; BadRow names the first bad one."""
    if len(spans) > MAX_SPANS:
        raise BadRow(field_name, f"{len(spans):,} spans; {MAX_SPANS:,} are the limit")
    unique = list(dict.fromkeys(spans))
    try:
        validate_spans(spans if len(unique) == len(spans) else unique, len(text))
    except SpanError as error:
        raise BadRow(field_name, str(error)) from error
    for span in unique:
        check_name(span.label, field_name)
    return tuple(sorted(unique))


def check_name(name: str, field_name: str) -> str:
    """A label's or annotator's name, as it is; BadRow when it cannot be one."""
    check_characters(name, field_name)
    if not name.strip():
        raise BadRow(field_name, "a name is empty")
    if len(name) > MAX_NAME_LENGTH:
        raise BadRow(field_name, f"the name {name[:20]!r}… is longer than {MAX_NAME_LENGTH} characters")
    return name


def checked_meta(meta: object) -> dict[str, Any]:
    """An object small, flat and clean enough to keep; BadRow otherwise."""
    if meta is None:
        return {}
    if not isinstance(meta, dict):
        raise BadRow("meta", "meta is not an object")
    _check_value(meta, 0)
    if len(json.dumps(meta)) > MAX_META_LENGTH:
        raise BadRow("meta", f"meta is longer than {MAX_META_LENGTH:,} characters")
    return meta


def _check_value(value: object, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadRow("meta", f"meta is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, str):
        check_characters(value, "meta")
    elif isinstance(value, dict):
        for key, inner in value.items():
            check_characters(key, "meta")
            _check_value(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_value(inner, depth + 1)


def clean_id(value: object) -> str:
    """Any identifier of a file as one short line."""
    if value is None or isinstance(value, (dict, list)):
        return ""
    text = " ".join(str(value).split())[:200]
    check_characters(text, "id")
    return text


def load_json(text: str, field_name: str) -> Any:
    """Strict JSON: no NaN, no infinities, no bottomless nesting; BadRow otherwise."""
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise BadRow(field_name, "the JSON is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise BadRow(field_name, f"not JSON: {error.msg} at character {error.pos + 1}") from error
    except ValueError as error:
        raise BadRow(field_name, f"not JSON: {error}") from error


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is not a finite number")
    return number
