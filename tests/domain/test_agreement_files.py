"""Two files of judgements: what is read, how questions merge, and which row is to blame."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotation.domain.spans import LabelledSpan
from annotation.domain.text import tokenize
from quality.domain.files import FileError, labels_of, read_items
from quality.domain.judgements import Judgement

DATA = Path(__file__).parents[3] / "shared" / "data"
TEXT = "Ada met Bob."
ITEM = {"id": "1", "text": TEXT, "tokens": [[0, 3], [4, 7], [8, 11], [11, 12]], "gold": None}
ADA, BOB = ({"start": 0, "end": 3, "label": "PER"}, {"start": 8, "end": 11, "label": "ORG"})


def written(tmp_path: Path, items: list[Any], rows: list[Any]) -> tuple[Path, Path]:
    """Rows that are texts go in as they are."""
    paths = tmp_path / "items.jsonl", tmp_path / "annotations.jsonl"
    for path, content in zip(paths, (items, rows), strict=True):
        path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in content))
    return paths


def row(annotator: str = "p", spans: Any = (), **more: Any) -> dict[str, Any]:
    return {"item": "1", "annotator": annotator, "spans": list(spans), **more}


def test_people_and_their_spans_in_order(tmp_path: Path) -> None:
    items = [{**ITEM, "gold": [BOB]}, {"id": "2", "text": TEXT}]
    (first, second) = read_items(*written(tmp_path, items, [row("q", [BOB, ADA, ADA]), "", row("p")]))
    assert first.judgements == (
        Judgement("p", ()),
        Judgement("q", (LabelledSpan(0, 3, "PER"), LabelledSpan(8, 11, "ORG"))),
    )
    assert first.gold == (LabelledSpan(8, 11, "ORG"),)
    assert first.tokens == ((0, 3), (4, 7), (8, 11), (11, 12))
    assert (second.gold, second.judgements, second.tokens) == (None, (), tuple(tokenize(TEXT)))
    assert labels_of([first, second]) == ["ORG", "PER"]


def test_questions_of_one_person_are_one_judgement(tmp_path: Path) -> None:
    rows = [row(spans=[ADA], asked="PER"), row(asked=["ORG", "LOC"], with_suggestions=True)]
    (document,) = read_items(*written(tmp_path, [ITEM], rows))
    spans = (LabelledSpan(0, 3, "PER"),)
    assert document.judgements == (Judgement("p", spans, frozenset({"PER", "ORG", "LOC"}), with_suggestions=True),)
    assert labels_of([document]) == ["LOC", "ORG", "PER"]


@pytest.mark.parametrize("reverse", [False, True])
def test_of_two_dated_answers_the_later_counts(tmp_path: Path, reverse: bool) -> None:
    rows = [
        row(spans=[ADA], asked="PER", submitted_at="2013-09-20T09:33:29+00:00"),
        row(spans=[], asked="PER", submitted_at="2013-09-20T11:37:06+02:00"),
    ]
    (document,) = read_items(*written(tmp_path, [ITEM], rows[::-1] if reverse else rows))
    assert document.judgements == (Judgement("p", (), frozenset({"PER"})),)


@pytest.mark.parametrize(
    ("items", "rows", "message"),
    [
        (['{"id": '], [], "items.jsonl, row 1: not JSON"),
        (["[1]"], [], "items.jsonl, row 1: not an object"),
        ([{"text": "a"}], [], "items.jsonl, row 1: 'id' is missing"),
        ([ITEM, {"id": "2"}], [], "items.jsonl, row 2: 'text' is missing"),
        ([ITEM, ITEM], [], "items.jsonl, row 2: the item '1' is there twice"),
        ([{**ITEM, "tokens": [[0]]}], [], "items.jsonl, row 1: 'tokens' is not a list"),
        ([{**ITEM, "tokens": [[0, 99]]}], [], "items.jsonl, row 1: a token is empty or outside"),
        ([{**ITEM, "tokens": [[0, 3], [2, 4]]}], [], "items.jsonl, row 1: the tokens overlap"),
        ([{**ITEM, "gold": [{"start": 0}]}], [], "items.jsonl, row 1: 'gold' holds something"),
        ([{**ITEM, "gold": [{**ADA, "end": 13}]}], [], "items.jsonl, row 1: span 1 (start 0, end 13) ends after"),
        ([ITEM], [row(), "nonsense"], "annotations.jsonl, row 2: not JSON"),
        ([ITEM], ["", row(), {**row("q"), "item": "7"}], "annotations.jsonl, row 3: there is no item '7'"),
        ([ITEM], [{"item": "1", "spans": []}], "annotations.jsonl, row 1: 'annotator' is missing"),
        ([ITEM], [{"item": "1", "annotator": "p"}], "annotations.jsonl, row 1: 'spans' is missing"),
        ([ITEM], [row(spans=[{**ADA, "start": 3}])], "annotations.jsonl, row 1: span 1 (start 3, end 3) is empty"),
        ([ITEM], [row(spans=[{**ADA, "start": True}])], "annotations.jsonl, row 1: 'spans' holds something"),
        ([ITEM], [row(spans=[ADA], asked="ORG")], "annotations.jsonl, row 1: a span is labelled 'PER'"),
        ([ITEM], [row(asked=[])], "annotations.jsonl, row 1: 'asked' is neither"),
        ([ITEM], [row(submitted_at="yesterday")], "annotations.jsonl, row 1: 'submitted_at' is not"),
        ([ITEM], [row(with_suggestions=1)], "annotations.jsonl, row 1: 'with_suggestions' is neither"),
        ([ITEM], [row(), row("q"), row()], "annotations.jsonl, row 3: 'p' on '1' is there already, in row 1"),
        ([ITEM], [row(asked="PER"), row()], "annotations.jsonl, row 2: 'p' on '1' is there already, in row 1"),
        (
            [ITEM],
            [row(submitted_at="2013-09-20T09:33:29"), row(submitted_at="2013-09-20T09:33:29+00:00")],
            "annotations.jsonl, row 2: 'p' on '1' is there already",
        ),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, items: list[Any], rows: list[Any], message: str) -> None:
    with pytest.raises(FileError) as error:
        read_items(*written(tmp_path, items, rows))
    assert str(error.value).startswith(message)


def test_files_that_are_not_there_or_not_text(tmp_path: Path) -> None:
    items, annotations = written(tmp_path, [ITEM], [row()])
    with pytest.raises(FileError, match=r"none\.jsonl cannot be read"):
        read_items(tmp_path / "none.jsonl", annotations)
    items.write_bytes(b'{"id": "1", "text": "a"}\n{"id": "2", "text": "\xff"}\n')
    with pytest.raises(FileError, match=r"items\.jsonl, row 2: not UTF-8"):
        read_items(items, annotations)


def test_offsets_count_characters_and_a_byte_order_mark_is_none(tmp_path: Path) -> None:
    item = {"id": "1", "text": "👩‍🚀 Ada\u2028x"}
    items, annotations = written(tmp_path, [item], [row(spans=[{"start": 4, "end": 7, "label": "PER"}])])
    items.write_bytes(b"\xef\xbb\xbf" + json.dumps(item, ensure_ascii=False).encode() + b"\r\n")
    (document,) = read_items(items, annotations)
    span = document.judgements[0].spans[0]
    assert document.text[span.start : span.end] == "Ada"


@pytest.mark.parametrize(
    ("corpus", "documents", "judgements", "labels"),
    [
        ("btc_crowd_ae", 1200, 7102, ["LOC", "ORG", "PER", "PROD"]),
        ("novels_doccano", 124, 248, ["PERSON", "PERX"]),
    ],
)
def test_real_files_load(corpus: str, documents: int, judgements: int, labels: list[str]) -> None:
    folder = DATA / corpus
    if not folder.exists():
        pytest.skip(f"no {corpus} beside the repository")
    found = read_items(folder / "items.jsonl", folder / "annotations.jsonl")
    assert (len(found), sum(len(each.judgements) for each in found)) == (documents, judgements)
    assert labels_of(found) == labels
