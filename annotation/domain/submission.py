"""Reading what the annotation page posts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from annotation.domain.spans import LabelledSpan


class SubmissionError(ValueError):
    """The posted work cannot be read; the message names the field and the span."""


@dataclass(frozen=True)
class Submission:
    """One annotator's finished work on one document; offsets in code points."""

    spans: tuple[LabelledSpan, ...]
    edited: frozenset[LabelledSpan]
    """Those the annotator made by changing a suggestion."""
    refused: tuple[LabelledSpan, ...]
    seconds: float | None
    """Active time on the page; at most a day, None if the page did not measure."""


def parse_submission(payload: str) -> Submission:
    """`{"spans": [{start, end, label, origin}], "refused": [{start, end, label}], "seconds"}`.

    Raises: SubmissionError.
    """
    try:
        data = json.loads(payload or "")
    except (ValueError, RecursionError) as error:
        raise SubmissionError("payload: not JSON") from error
    if not isinstance(data, dict):
        raise SubmissionError("payload: expected an object with a list of spans")
    pairs = [_span("spans", number, item) for number, item in enumerate(_list(data, "spans"), 1)]
    refused = [_span("refused", number, item)[0] for number, item in enumerate(_list(data, "refused"), 1)]
    return Submission(
        spans=tuple(sorted(span for span, _ in pairs)),
        edited=frozenset(span for span, origin in pairs if origin == "edited"),
        refused=tuple(sorted(refused)),
        seconds=_seconds(data.get("seconds")),
    )


def _list(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key, [])
    if not isinstance(value, list):
        raise SubmissionError(f"{key}: expected a list")
    return value


def _span(field: str, number: int, item: object) -> tuple[LabelledSpan, str]:
    where = f"{field}, entry {number}"
    if not isinstance(item, dict):
        raise SubmissionError(f"{where}: expected an object with start, end and label")
    start, end, label = item.get("start"), item.get("end"), item.get("label")
    # bool is an int to Python, not to anybody else.
    for name, value in (("start", start), ("end", end)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise SubmissionError(f"{where}: {name} is not a whole number")
    if not isinstance(label, str) or not label:
        raise SubmissionError(f"{where}: label is missing")
    assert isinstance(start, int)
    assert isinstance(end, int)
    return LabelledSpan(start, end, label), str(item.get("origin", "human"))


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise SubmissionError("seconds: not a number")
    return float(min(max(value, 0), 86_400))
