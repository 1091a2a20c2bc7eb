"""JSON Lines: DANER's own shape, and the common ones of other tools.

Own: `{"id", "text", "split", "tokens": [[start, end]], "meta", "gold": [span] | null,
"annotations": [{"annotator", "asked", "spans": [span]}], "model": {"name", "spans"}}` with
`span = {"start", "end", "label"}`. `asked`, a label or several, is there where somebody was not
asked about all; several answers of one person, each to another question, are one. Read as well: `spans`, `label`, `labels` or `entities` in
place of `gold`; spans as `[start, end, label]` or with `start_offset`/`end_offset`; and doccano's
project export, whose `annotations` are single spans, each with the number of its `user`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from annotation.domain.formats.base import (
    MAX_LAYERS,
    BadRow,
    ExportedDocument,
    ExportedLayer,
    Labels,
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
from annotation.domain.text import Token, is_blank

_SPAN_FIELDS = ("gold", "spans", "label", "labels", "entities")
_SPLITS = {"pool": "pool", "test": "test"}


def looks_like(content: str) -> bool:
    """True when the first line that holds something begins like a JSON object."""
    return next((line for _, line in lines_of(content) if not is_blank(line)), "").lstrip().startswith("{")


def parse(content: str) -> Iterator[Row]:
    for number, line in lines_of(content):
        if is_blank(line):
            continue
        try:
            yield _document(number, _load(line))
        except BadRow as error:
            yield RowError(number, error.field, error.message)


def _load(line: str) -> dict[str, Any]:
    check_characters(line, "text")
    data = load_json(line, "json")
    if not isinstance(data, dict):
        raise BadRow("json", "not a JSON object")
    return data


def _document(row: int, data: dict[str, Any]) -> ParsedDocument:
    text = data.get("text", data.get("data"))
    if not isinstance(text, str):
        raise BadRow("text", "there is no text" if text is None else "text is not a string")
    check_text(text)
    spans = _unattributed(data, text)
    layers, asked, loose = _layers(data, text)
    if loose is not None:
        spans = checked_spans([*(spans or ()), *loose], text, "annotations")
    return ParsedDocument(
        row=row,
        text=text,
        tokens=_tokens(data, text),
        spans=spans,
        layers=layers,
        asked=asked,
        external_id=clean_id(data.get("id")),
        meta=checked_meta(data.get("meta")),
        split=_SPLITS.get(str(data.get("split"))),
        notices=tuple(_notices(data, asked)),
    )


def _notices(data: dict[str, Any], asked: Mapping[str, Labels]) -> Iterator[str]:
    if data.get("model"):
        yield "the model's suggestions in the file are not imported"
    if asked:
        yield "somebody was asked about some labels only: the others are missing for them, not absent"


def _unattributed(data: dict[str, Any], text: str) -> Spans | None:
    for name in _SPAN_FIELDS:
        if data.get(name) is not None:
            return _spans(data[name], text, name)
    return None


def _layers(data: dict[str, Any], text: str) -> tuple[dict[str, Spans], dict[str, Labels], list[LabelledSpan] | None]:
    """Annotators' layers, what they were asked about if not all, and spans of `annotations` that name nobody."""
    items = data.get("annotations")
    if items is None:
        return {}, {}, None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadRow("annotations", "annotations is not a list of objects")
    if any("spans" in item for item in items):
        return *_own_layers(items, text), None
    by_user: dict[str, list[LabelledSpan]] = defaultdict(list)
    loose: list[LabelledSpan] = []
    for number, item in enumerate(items, start=1):
        span = _span(item, "annotations", number)
        user = item.get("user", item.get("annotator"))
        (loose if user is None else by_user[check_name(str(user), "annotations")]).append(span)
    _limit_layers(len(by_user))
    layers = {name: checked_spans(spans, text, "annotations") for name, spans in by_user.items()}
    return layers, {}, loose or None


def _own_layers(items: list[dict[str, Any]], text: str) -> tuple[dict[str, Spans], dict[str, Labels]]:
    layers: dict[str, Spans] = {}
    asked: dict[str, Labels] = {}
    for number, item in enumerate(items, start=1):
        annotator = item.get("annotator")
        if annotator is None or isinstance(annotator, (dict, list)):
            raise BadRow("annotations", f"annotation {number} names no annotator")
        name = check_name(str(annotator), "annotations")
        question, spans = _asked(item, number), _spans(item.get("spans"), text, "annotations")
        if question is not None and (foreign := sorted({span.label for span in spans} - question)):
            raise BadRow(
                "annotations", f"annotation {number} has a span labelled {foreign[0]!r}, about which nobody asked"
            )
        if name in layers:
            before = asked.get(name)
            if before is None or question is None:
                raise BadRow(
                    "annotations", f"annotator {name!r} appears twice; 'asked' would say about which labels each"
                )
            if again := sorted(before & question):
                raise BadRow("annotations", f"annotator {name!r} appears twice about {again[0]!r}")
            spans, question = tuple(sorted((*layers[name], *spans))), before | question
        layers[name] = spans
        if question is not None:
            asked[name] = question
    _limit_layers(len(layers))
    return layers, asked


def _asked(item: dict[str, Any], number: int) -> Labels | None:
    given = item.get("asked")
    if given is None:
        return None
    labels = [given] if isinstance(given, str) else given
    if not isinstance(labels, list) or not labels or not all(isinstance(label, str) for label in labels):
        raise BadRow("annotations", f"annotation {number}: 'asked' is neither a label nor a list of labels")
    return frozenset(check_name(label, "annotations") for label in labels)


def _limit_layers(count: int) -> None:
    if count > MAX_LAYERS:
        raise BadRow("annotations", f"{count:,} annotators; {MAX_LAYERS} are the limit for one document")


def _spans(items: object, text: str, field: str) -> Spans:
    if not isinstance(items, list):
        raise BadRow(field, f"{field} is not a list of spans")
    return checked_spans([_span(item, field, number) for number, item in enumerate(items, start=1)], text, field)


def _span(item: object, field: str, number: int) -> LabelledSpan:
    if isinstance(item, dict):
        start, end = item.get("start", item.get("start_offset")), item.get("end", item.get("end_offset"))
        label = item.get("label")
    elif isinstance(item, list) and len(item) == 3:
        start, end, label = item
    else:
        raise BadRow(field, f"span {number} is not a span: start, end and label are needed")
    if not isinstance(label, (str, int)) or isinstance(label, bool):
        raise BadRow(field, f"span {number} has no label")
    return LabelledSpan(_offset(start, field, number, "start"), _offset(end, field, number, "end"), str(label))


def _offset(value: object, field: str, number: int, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadRow(field, f"span {number}: {name} is not a whole number")
    return value


def _tokens(data: dict[str, Any], text: str) -> tuple[Token, ...] | None:
    items = data.get("tokens")
    if items is None or items == []:
        return None
    if not isinstance(items, list) or not all(_is_pair(item) for item in items):
        raise BadRow("tokens", "tokens is not a list of [start, end]")
    tokens = tuple((start, end) for start, end in items)
    check_tokens(tokens, text)
    return tokens


def _is_pair(item: object) -> bool:
    return isinstance(item, list) and len(item) == 2 and all(type(value) is int for value in item)


def print_document(document: ExportedDocument) -> str:
    """One line, its end included."""
    data: dict[str, Any] = {
        "id": document.external_id,
        "text": document.text,
        "split": document.split,
        "tokens": document.tokens,
    }
    if document.meta:
        data["meta"] = document.meta
    if document.with_gold:
        data["gold"] = None if document.gold is None else _printed(document.gold)
        if document.gold is not None and document.gold_source:
            data["gold_source"] = document.gold_source
    if document.annotators:
        data["annotations"] = [_printed_layer(layer) for layer in document.annotators]
    if document.model is not None:
        spans = _printed(document.model.spans)
        for span, confidence in zip(spans, document.confidences, strict=True):
            span["confidence"] = confidence
        data["model"] = {"name": document.model.name, "spans": spans}
    return json.dumps(data, ensure_ascii=False) + "\n"


def _printed_layer(layer: ExportedLayer) -> dict[str, Any]:
    asked = {} if layer.asked is None else {"asked": sorted(layer.asked)}
    return {"annotator": layer.name, **asked, "spans": _printed(layer.spans)}


def _printed(spans: Spans) -> list[dict[str, Any]]:
    return [{"start": span.start, "end": span.end, "label": span.label} for span in spans]
