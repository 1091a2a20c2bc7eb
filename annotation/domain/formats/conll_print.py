"""CoNLL out: IOB2 tags, one column a layer, so that reading it back gives exactly the same.

What tags alone cannot carry goes into comments: `text_json` for texts with line ends or unusual
spaces (else `text`), `tokens_json` for tokens that cannot be found again by searching,
`spans_json` for spans that cross token edges or each other, `meta_json`, and `columns_json` for
all files but those with gold alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from annotation.domain.formats.base import ExportedDocument, Spans
from annotation.domain.formats.conll import ANNOTATOR, GOLD, MODEL, UNLABELLED, find_tokens
from annotation.domain.tags import OUTSIDE, bio_to_spans, spans_to_bio


def print_document(document: ExportedDocument) -> str:
    """The document's comments and token lines, closed by a blank line."""
    columns = _exported_columns(document)
    tags = {name: spans_to_bio(document.tokens, spans) for name, spans in columns.items()}
    lines = [f"# id = {document.external_id}", f"# split = {document.split}"]
    lines += _exact_comments(document, columns, tags)
    rows = zip(document.tokens, *tags.values(), strict=True)
    for (start, end), *row in rows:
        lines.append("\t".join([_word(document.text[start:end]), *(row or [OUTSIDE])]))
    return "\n".join(lines) + "\n\n"


def _exported_columns(document: ExportedDocument) -> dict[str, Spans]:
    columns = {} if document.gold is None else {GOLD: document.gold}
    columns |= {ANNOTATOR + layer.name: layer.spans for layer in document.annotators}
    if document.model is not None:
        columns[MODEL + document.model.name] = document.model.spans
    return columns


def _exact_comments(
    document: ExportedDocument, columns: Mapping[str, Spans], tags: Mapping[str, list[str]]
) -> Iterator[str]:
    text, tokens = document.text, document.tokens
    plain = text.isprintable() and text == text.strip()
    yield f"# text = {text}" if plain else f"# text_json = {_json(text)}"
    if document.meta:
        yield f"# meta_json = {_json(document.meta)}"
    if find_tokens(text, [_word(text[start:end]) for start, end in tokens]) != tuple(tokens):
        yield f"# tokens_json = {_json(tokens)}"
    if list(columns) != [GOLD]:
        yield f"# columns_json = {_json(['token', *(columns or [UNLABELLED])])}"
    exact = {
        name: [[span.start, span.end, span.label] for span in spans]
        for name, spans in columns.items()
        if bio_to_spans(tokens, tags[name]) != sorted(spans)
    }
    if exact:
        yield f"# spans_json = {_json(exact)}"


def _word(word: str) -> str:
    return re.sub(r"[\t\r\n]", " ", word)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
