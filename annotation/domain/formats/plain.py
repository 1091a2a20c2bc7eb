"""Plain text: one document per line, or paragraphs with blank lines between them."""

from __future__ import annotations

from collections.abc import Iterator

from annotation.domain.formats.base import BadRow, ParsedDocument, Row, RowError, check_text
from annotation.domain.text import is_blank


def lines_of(content: str) -> Iterator[tuple[int, str]]:
    """`(number from 1, line)` without the line's end: LF or CRLF, nothing else ends a line."""
    start, number = 0, 0
    while start < len(content):
        number += 1
        end = content.find("\n", start)
        end = len(content) if end < 0 else end
        yield number, content[start:end].removesuffix("\r")
        start = end + 1


def parse_lines(content: str) -> Iterator[Row]:
    """Each line that holds something is a document, exactly as it stands."""
    for number, line in lines_of(content):
        if not is_blank(line):
            yield _document(number, line)


def parse_paragraphs(content: str) -> Iterator[Row]:
    """Each run of lines between blank lines is a document, its line ends kept as they are."""
    first, start, end, at = 0, 0, 0, 0
    for number, line in lines_of(content):
        following = content.find("\n", at) + 1 or len(content)
        if not is_blank(line):
            if not first:
                first, start = number, at
            end = at + len(line)
        elif first:
            yield _document(first, content[start:end])
            first = 0
        at = following
    if first:
        yield _document(first, content[start:end])


def _document(row: int, text: str) -> Row:
    try:
        check_text(text)
    except BadRow as error:
        return RowError(row, error.field, error.message)
    return ParsedDocument(row, text)


def guess(content: str) -> str:
    """For pasted text: paragraphs if blank lines divide it and lines of text run on, else lines."""
    documents = sum(1 for _ in parse_paragraphs(content))
    filled = sum(not is_blank(line) for _, line in lines_of(content))
    return "paragraphs" if 1 < documents < filled else "lines"
