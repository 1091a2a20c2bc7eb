"""Spans over spans, cut into boxes that nest; the browser's half is in tests/js/nesting.test.mjs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given

from annotation.domain.nesting import boxes, pieces
from annotation.domain.spans import LabelledSpan, overlapping
from tests.domain.test_spans import spans

CASES = json.loads((Path(__file__).parents[1] / "fixtures" / "nesting.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_boxes_are_those_of_the_browser(case):
    given_spans = [LabelledSpan(start, end, str(number)) for number, (start, end) in enumerate(case["spans"])]
    assert [[int(box.of.label), box.start, box.end, box.height] for box in boxes(given_spans)] == case["boxes"]


@given(spans)
def test_boxes_never_cross_and_hold_exactly_their_spans(given_spans):
    found = boxes(given_spans)
    parts = [LabelledSpan(box.start, box.end, "") for box in found]
    assert all(one.holds(other) or other.holds(one) for one, other in overlapping(parts))
    for span in given_spans:
        mine = [box for box in found if box.of is span]
        assert (mine[0].begins, mine[-1].ends) == (True, True)
        covered = [place for box in mine for place in range(box.start, box.end)]
        assert covered == list(range(span.start, span.end))


@given(spans)
def test_pieces_are_the_whole_text_and_open_and_close_like_brackets(given_spans):
    text = "".join(chr(97 + index % 26) for index in range(40))
    cut = pieces(text, given_spans)
    assert "".join(piece.text for piece in cut) == text
    around = []
    for piece in cut:
        around += piece.opens
        for box in piece.closes:
            assert around.pop() is box
    assert around == []
    assert sum(len(piece.opens) for piece in cut) >= len(given_spans)
