"""File formats: how texts and their labels come in and go out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from annotation.domain.formats import conll, conll_print, jsonl, plain
from annotation.domain.formats.base import (
    ExportedDocument,
    ParsedDocument,
    Row,
    RowError,
    Unreadable,
    clean,
    decode,
)
from annotation.domain.formats.prepare import LAYER_USES, ImportOptions, PreparedDocument, prepare
from annotation.domain.formats.survey import Survey, survey
from daner_site.core.sentences import Sentence

__all__ = [
    "FORMATS",
    "LAYER_USES",
    "PRINTERS",
    "ExportedDocument",
    "ImportOptions",
    "ParsedDocument",
    "PreparedDocument",
    "Row",
    "RowError",
    "Survey",
    "Unreadable",
    "clean",
    "decode",
    "detect",
    "parse",
    "prepare",
    "survey",
]

FORMATS: dict[str, str] = {
    "lines": Sentence("Plain text, one document per line"),
    "paragraphs": Sentence("Plain text, a blank line between documents"),
    "jsonl": Sentence("JSON Lines, with or without spans (DANER, doccano)"),
    "conll": Sentence("CoNLL / IOB2, one token and its tag per line"),
}

_PARSERS: dict[str, Callable[[str], Iterator[Row]]] = {
    "lines": plain.parse_lines,
    "paragraphs": plain.parse_paragraphs,
    "jsonl": jsonl.parse,
    "conll": conll.parse,
}

PRINTERS: dict[str, Callable[[ExportedDocument], str]] = {
    "jsonl": jsonl.print_document,
    "conll": conll_print.print_document,
}


def parse(format_name: str, content: str) -> Iterator[Row]:
    """The documents of `content` in order, and a `RowError` in place of each that cannot be read.

    Never raises because of the content; KeyError for an unknown format.
    """
    return _PARSERS[format_name](content)


def detect(filename: str, content: str) -> str:
    """The format that `content` most likely has; a file of plain text is one document per line."""
    if jsonl.looks_like(content):
        return "jsonl"
    if conll.looks_like(content):
        return "conll"
    return "lines" if filename else plain.guess(content)
