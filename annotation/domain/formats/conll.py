"""CoNLL: one token and its tags per line, a blank line between documents.

Read: tab or space separated; the first column is the token (the second, if the first counts 1, 2,
3 …), the tag is in the last column that holds nothing but tags. Comments before the tokens may
hold the exact text (`# text = …`); without it the tokens are joined by single spaces.

The comments in which DANER's own export keeps what tags cannot say are described in `conll_print`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from annotation.domain.formats.base import (
    BadRow,
    ParsedDocument,
    Row,
    RowError,
    Spans,
    check_characters,
    check_name,
    check_text,
    check_tokens,
    checked_meta,
    checked_spans,
    clean_id,
    load_json,
)
from annotation.domain.formats.plain import lines_of
from annotation.domain.spans import LabelledSpan
from annotation.domain.tags import TagError, bio_to_spans, is_iob2, spans_to_bio, split_tag
from annotation.domain.text import Token, is_blank

# Names of columns in `columns_json`; the two with a colon are followed by a name.
GOLD, ANNOTATOR, MODEL, UNLABELLED = "gold", "annotator:", "model:", "unlabelled"

_COMMENT = re.compile(r"#\s*(\w+)\s*=\s?(.*)", re.DOTALL)
_LOOKS_LIKE_TAG = re.compile(r"O|[BIESLUM]-\S.*")


class BadLine(BadRow):
    """A BadRow that knows which line of its block is to blame."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__("line", message)
        self.line = line


@dataclass
class _Block:
    """One document's lines: comments by key, and `(line number, line)` of its tokens."""

    row: int
    comments: dict[str, str] = field(default_factory=dict)
    lines: list[tuple[int, str]] = field(default_factory=list)


def looks_like(content: str) -> bool:
    """True when the first token lines end in tags.

    Separated by spaces, one of them must be `O`: else "Take the I-95" would be a token with its tag.
    """
    lines = [line for block in islice(_blocks(content), 20) for _, line in block.lines]
    rows = [_columns(line) for line in lines]
    if not rows or _tag_column(rows) is None:
        return False
    return (
        content.startswith("-DOCSTART-") or all("\t" in line for line in lines) or any(row[-1] == "O" for row in rows)
    )


def parse(content: str) -> Iterator[Row]:
    numbered = _is_numbered(content)
    for block in _blocks(content):
        try:
            yield _document(block, numbered)
        except BadLine as error:
            yield RowError(error.line, error.field, error.message)
        except BadRow as error:
            yield RowError(block.row, error.field, error.message)


def _blocks(content: str) -> Iterator[_Block]:
    block: _Block | None = None
    for number, line in lines_of(content):
        if is_blank(line) or line.startswith("-DOCSTART-"):
            if block is not None and block.lines:
                yield block
                block = None
            continue
        if block is None:
            block = _Block(number)
        if not block.lines and _is_comment(line):
            if match := _COMMENT.fullmatch(line):
                block.comments[match[1]] = match[2]
        else:
            block.lines.append((number, line))
    if block is not None and block.lines:
        yield block


def _is_comment(line: str) -> bool:
    """`# …`, but not the token `#` with its tag."""
    if not line.startswith("#") or "\t" in line:
        return False
    if _COMMENT.fullmatch(line):
        return True
    return line.startswith("# ") and _LOOKS_LIKE_TAG.fullmatch(line.rsplit(" ", 1)[-1]) is None


def _columns(line: str) -> list[str]:
    if "\t" not in line:
        return re.split(" +", line.strip(" "))
    columns = line.split("\t")
    while len(columns) > 1 and not columns[-1].strip():
        columns.pop()
    return columns


def _is_numbered(content: str) -> bool:
    """True when the first column of every document counts its tokens and is not one itself."""
    seen = False
    for block in _blocks(content):
        for count, (_, line) in enumerate(block.lines, start=1):
            columns = _columns(line)
            if len(columns) < 3 or columns[0] != str(count):
                return False
        seen = True
    return seen


def _tag_column(rows: Sequence[Sequence[str]]) -> int | None:
    """The last column that is a tag in every row."""
    for index in reversed(range(1, min(len(row) for row in rows))):
        if all(_LOOKS_LIKE_TAG.fullmatch(row[index]) for row in rows):
            return index
    return None


def _document(block: _Block, numbered: bool) -> ParsedDocument:
    for number, line in block.lines:
        try:
            check_characters(line, "line")
        except BadRow as error:
            raise BadLine(number, error.message) from error
    notices: list[str] = []
    words, tags_by_column = _table(block, numbered)
    text, tokens = _text_and_tokens(block, words, notices)
    exact = _json_comment(block, "spans_json", {})
    visible = [index for index, (start, end) in enumerate(tokens) if not is_blank(text[start:end])]
    if len(visible) < len(tokens):
        notices.append(f"{len(tokens) - len(visible)} invisible token(s) kept in the text only")
    tokens = tuple(tokens[index] for index in visible)
    check_tokens(tokens, text)
    layers: dict[str, Spans] = {}
    for column, tags in tags_by_column.items():
        layers[column] = _spans([tags[index] for index in visible], tokens, text, exact.get(column), notices)
    return ParsedDocument(
        row=block.row,
        text=text,
        tokens=tokens or None,
        spans=layers.get(GOLD),
        layers={
            check_name(name.removeprefix(ANNOTATOR), "line"): spans
            for name, spans in layers.items()
            if name.startswith(ANNOTATOR)
        },
        external_id=clean_id(block.comments.get("id", block.comments.get("sent_id", ""))),
        meta=checked_meta(_json_comment(block, "meta_json", {})),
        split=block.comments.get("split") if block.comments.get("split") in ("pool", "test") else None,
        notices=tuple(notices),
    )


def _table(block: _Block, numbered: bool) -> tuple[list[str], dict[str, list[str]]]:
    """The words, and the tags of each layer by the name of its column."""
    if "columns_json" in block.comments:
        names = _json_comment(block, "columns_json", [])
        rows = [(number, line.split("\t")) for number, line in block.lines]
    else:
        names, rows = [], [(number, _columns(line)) for number, line in block.lines]
    width = len(names) or len(rows[0][1])
    for number, row in rows:
        if len(row) != width:
            raise BadLine(number, f"{len(row)} columns where {width} are expected")
    word = int(numbered and not names)
    words = [row[word] for _, row in rows]
    if names:
        columns = {name: index for index, name in enumerate(names) if name == GOLD or name.startswith(ANNOTATOR)}
    elif width == 1:
        columns = {}
    else:
        found = _tag_column([row for _, row in rows])
        columns = {GOLD: width - 1 if found is None else found}
    for number, row in rows:
        for index in columns.values():
            _check_tag(number, row[index])
    return words, {name: [row[index] for _, row in rows] for name, index in columns.items()}


def _check_tag(number: int, tag: str) -> None:
    try:
        split_tag(tag)
    except TagError as error:
        raise BadLine(number, str(error)) from error


def _text_and_tokens(block: _Block, words: list[str], notices: list[str]) -> tuple[str, tuple[Token, ...]]:
    text = _json_comment(block, "text_json", None) or block.comments.get("text")
    if text is not None:
        if not isinstance(text, str):
            raise BadRow("text", "text_json is not a string")
        check_text(text)
        tokens = _exact_tokens(block, len(words)) or find_tokens(text, words)
        if tokens is not None:
            return text, tokens
        notices.append("the tokens are not those of the text in the comment; the text was made from the tokens")
    joined = " ".join(words)
    check_text(joined)
    positions, at = [], 0
    for word in words:
        positions.append((at, at + len(word)))
        at += len(word) + 1
    return joined, tuple(positions)


def _exact_tokens(block: _Block, count: int) -> tuple[Token, ...] | None:
    items = _json_comment(block, "tokens_json", None)
    if items is None:
        return None
    pairs = isinstance(items, list) and all(
        isinstance(item, list) and len(item) == 2 and all(type(value) is int for value in item) for item in items
    )
    if not pairs or len(items) != count:
        raise BadRow("tokens", f"tokens_json is not a list of {count} pairs [start, end]")
    return tuple((start, end) for start, end in items)


def find_tokens(text: str, words: Sequence[str]) -> tuple[Token, ...] | None:
    """Each word's place in `text`, one after the other; None when one is not there."""
    tokens: list[Token] = []
    at = 0
    for word in words:
        start = text.find(word, at) if word else -1
        if start < 0:
            return None
        at = start + len(word)
        tokens.append((start, at))
    return tuple(tokens)


def _spans(tags: list[str], tokens: tuple[Token, ...], text: str, exact: object, notices: list[str]) -> Spans:
    if isinstance(exact, list):
        spans = tuple(sorted(_exact_span(item) for item in exact))
        if spans_to_bio(tokens, spans) == tags:
            return checked_spans(spans, text, "spans")
        notices.append("the tags were changed after the export: spans_json is not used")
    if not is_iob2(tags) and any(tag.startswith("I-") for tag in tags):
        notices.append("the tags are not IOB2; a span also opens where its label begins (IOB1)")
    return checked_spans(bio_to_spans(tokens, tags), text, "tags")


def _exact_span(item: object) -> LabelledSpan:
    match item:
        case [int(start), int(end), str(label)]:
            return LabelledSpan(start, end, label)
    raise BadRow("spans", "spans_json is not a list of [start, end, label]")


def _json_comment(block: _Block, key: str, default: Any) -> Any:
    if key not in block.comments:
        return default
    value = load_json(block.comments[key], key)
    if default is not None and not isinstance(value, type(default)):
        raise BadRow(key, f"{key} is not {'an object' if isinstance(default, dict) else 'a list'}")
    return value
