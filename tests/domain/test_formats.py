"""Every format: what it reads, what it refuses, and that what goes out comes back."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.formats import PRINTERS, ParsedDocument, RowError, decode, detect, parse
from annotation.domain.formats.base import ExportedDocument, ExportedLayer, Unreadable, clean
from annotation.domain.spans import LabelledSpan
from annotation.domain.text import is_blank, tokenize

ODD_TEXTS = [
    "😀 Ada 👨‍👩‍👧‍👦 visits 🇩🇪 Köln",
    "Cafe\u0301 Zoe\u0308 A\u030angstro\u0308m",
    "北京大学在中国。𠮷野家",
    "שלום Ada, القاهرة ١٢",
    "one\r\ntwo\n\nthree",
    "  repeated   spaces \t and\u00a0\u3000more  ",
    "zero\u200bwidth \u200dAda\ufeff \u00adZoe\u2060",
    "# text = a trap\n-DOCSTART- # id = x",
    '"quotes" \\ and \u2028 separators \x85',
    " \u0301 # ### B-PER\tO",
]


def one(format_name: str, content: str) -> ParsedDocument:
    [row] = parse(format_name, content)
    assert isinstance(row, ParsedDocument), row
    return row


def refusal(format_name: str, content: str) -> str:
    [row] = [row for row in parse(format_name, content) if isinstance(row, RowError)]
    return str(row)


def spans(*items: tuple[int, int, str]) -> tuple[LabelledSpan, ...]:
    return tuple(LabelledSpan(*item) for item in items)


# --- out and back ---------------------------------------------------------------------------


def printable(text: str, tokens: object = None, **layers: object) -> ExportedDocument:
    return ExportedDocument(
        external_id="a 1", text=text, tokens=tuple(tokens or tokenize(text)), split="test", **layers
    )  # fmt: skip


def assert_comes_back(format_name: str, document: ExportedDocument) -> None:
    back = one(format_name, PRINTERS[format_name](document))
    assert back.text == document.text
    assert back.tokens == document.tokens
    assert back.spans == document.gold
    assert dict(back.layers) == {layer.name: layer.spans for layer in document.annotators}
    assert back.split == document.split
    assert back.meta == document.meta
    assert back.external_id == document.external_id


@pytest.mark.parametrize("format_name", PRINTERS)
@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_texts_come_back_exactly_with_all_their_layers(format_name, text):
    gold = spans((0, 3, "PER"), (4, 7, "LOC"))
    half = spans((1, 5, "PER"), (3, 8, "北京"))
    layers = [ExportedLayer("Ann", gold), ExportedLayer("Bob: 2 = \t", half), ExportedLayer("Cy", ())]
    assert_comes_back(format_name, printable(text))
    assert_comes_back(format_name, printable(text, gold=gold, with_gold=True))
    assert_comes_back(format_name, printable(text, gold=(), with_gold=True, annotators=layers, meta={"a": [1, "é"]}))
    assert_comes_back(
        format_name, printable(text, annotators=layers, model=ExportedLayer("m1", half), confidences=[0.5, 1])
    )


@st.composite
def exported(draw):
    text = draw(st.text(st.one_of(st.characters(codec="utf-8", exclude_categories=["Cn"]), st.sampled_from("aB #\n\t\r.'\u200b\u0301")),
                        min_size=1, max_size=20).filter(lambda t: not is_blank(t) and "\x00" not in t))  # fmt: skip
    offsets = st.integers(0, len(text))
    pairs = st.lists(st.tuples(offsets, offsets, st.sampled_from(["A", "B-C", "北", "x y"])), max_size=4)
    as_spans = pairs.map(lambda items: tuple(sorted({LabelledSpan(s, e, n) for s, e, n in items if s < e})))
    tokens = tokenize(text) if draw(st.booleans()) else None
    if tokens is None:
        cuts = sorted(draw(st.sets(offsets)))
        tokens = [(a, b) for a, b in pairwise(cuts) if not is_blank(text[a:b])] or tokenize(text)
    names = draw(st.lists(st.sampled_from(["Ann", "Bob", "1"]), unique=True))
    return printable(
        text, tokens, gold=draw(st.none() | as_spans), with_gold=True,
        annotators=[ExportedLayer(name, draw(as_spans)) for name in names],
    )  # fmt: skip


@pytest.mark.parametrize("format_name", PRINTERS)
@given(document=exported())
def test_whatever_is_printed_is_read_back_identical(format_name, document):
    assert_comes_back(format_name, document)


def test_a_gold_file_is_plain_two_column_conll_that_other_tools_read():
    text = PRINTERS["conll"](printable("Ada lives in Paris", gold=spans((0, 3, "PER"), (13, 18, "LOC"))))
    assert [line for line in text.splitlines() if not line.startswith("#")] == [
        "Ada\tB-PER", "lives\tO", "in\tO", "Paris\tB-LOC", "",
    ]  # fmt: skip
    assert "columns_json" not in text


def test_the_models_spans_go_out_but_never_come_in_as_gold():
    document = printable("Ada lives", model=ExportedLayer("m1", spans((0, 3, "PER"))), confidences=[0.75])
    line = json.loads(PRINTERS["jsonl"](document))
    assert line["model"] == {"name": "m1", "spans": [{"start": 0, "end": 3, "label": "PER", "confidence": 0.75}]}
    for format_name in PRINTERS:
        back = one(format_name, PRINTERS[format_name](document))
        assert back.spans is None
        assert not back.layers


def test_tags_changed_by_hand_after_an_export_win_over_the_exact_comment():
    content = PRINTERS["conll"](printable("Ada lives", gold=spans((0, 2, "PER"))))
    assert one("conll", content).spans == spans((0, 2, "PER"))
    changed = one("conll", content.replace("Ada\tB-PER", "Ada\tB-LOC"))
    assert changed.spans == spans((0, 3, "LOC"))
    assert "changed after the export" in changed.notices[0]


# --- plain text -----------------------------------------------------------------------------


def test_lines_keep_their_spaces_and_their_numbers():
    rows = list(parse("lines", "one \r\n\r\n  two\n\u200b\nthree"))
    assert [(row.row, row.text) for row in rows] == [(1, "one "), (3, "  two"), (5, "three")]


def test_paragraphs_keep_the_line_ends_inside_them():
    rows = list(parse("paragraphs", "\none\r\ntwo\r\n\r\n \nthree\nfour"))
    assert [(row.row, row.text) for row in rows] == [(2, "one\r\ntwo"), (6, "three\nfour")]


def test_a_text_that_is_too_long_is_refused_with_its_row():
    assert refusal("lines", "ok\n" + "x" * 600_001) == (
        "row 2: the text has 600,001 characters; 600,000 are the limit for one document"
    )


# --- JSON Lines -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"spans": [{"start": 0, "end": 3, "label": "PER"}]}, spans((0, 3, "PER"))),
        ({"gold": [{"start": 0, "end": 3, "label": "PER"}]}, spans((0, 3, "PER"))),
        ({"label": [[0, 3, "PER"]]}, spans((0, 3, "PER"))),
        ({"labels": [[0, 3, "PER"]]}, spans((0, 3, "PER"))),
        ({"entities": [{"id": 1, "label": "PER", "start_offset": 0, "end_offset": 3}]}, spans((0, 3, "PER"))),
        ({"entities": [[0, 3, "PER"]]}, spans((0, 3, "PER"))),
        ({"annotations": [{"start_offset": 0, "end_offset": 3, "label": 7}]}, spans((0, 3, "7"))),
        ({"gold": []}, ()),
        ({"gold": None}, None),
        ({}, None),
    ],
)
def test_the_common_shapes_of_spans_are_read(data, expected):
    assert one("jsonl", json.dumps({"text": "Ada lives", **data})).spans == expected


def test_a_doccano_project_export_gives_one_layer_per_user():
    annotations = [
        {"label": 18, "start_offset": 0, "end_offset": 3, "user": 2},
        {"label": 18, "start_offset": 4, "end_offset": 9, "user": 3},
        {"label": 18, "start_offset": 0, "end_offset": 3, "user": 3},
        {"label": 18, "start_offset": 0, "end_offset": 3, "user": 3},
    ]
    document = one("jsonl", json.dumps({"id": 131, "text": "Ada lives", "annotations": annotations, "meta": {}}))
    assert document.spans is None
    assert dict(document.layers) == {"2": spans((0, 3, "18")), "3": spans((0, 3, "18"), (4, 9, "18"))}
    assert document.external_id == "131"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON: .* at character 2"),
        ("[1]", "not a JSON object"),
        ('{"a": 1}', "there is no text"),
        ('{"text": 5}', "text is not a string"),
        ('{"text": " \\u200b"}', "the text is empty"),
        ('{"text": "a\\u0000b"}', "NUL"),
        ('{"text": "a\x00b"}', "NUL"),
        ('{"text": "a\\ud83d"}', "half of a surrogate pair"),
        ('{"text": "abc", "spans": [[0, 1, "A"], [1, 9, "A"]]}',
         r"span 2 \(start 1, end 9\) ends after the text \(3 characters\)"),
        ('{"text": "abc", "spans": [[2, 2, "A"]]}', r"span 1 \(start 2, end 2\) is empty"),
        ('{"text": "abc", "spans": [[-1, 2, "A"]]}', "starts before the text"),
        ('{"text": "abc", "spans": [[0, 1.5, "A"]]}', "span 1: end is not a whole number"),
        ('{"text": "abc", "spans": [[false, 1, "A"]]}', "span 1: start is not a whole number"),
        ('{"text": "abc", "spans": [{"start": 0, "end": 1}]}', "span 1 has no label"),
        ('{"text": "abc", "spans": [{"start": 0, "end": 1, "label": " "}]}', "a name is empty"),
        ('{"text": "abc", "spans": ["A"]}', "span 1 is not a span"),
        ('{"text": "abc", "spans": {"A": 1}}', "spans is not a list of spans"),
        ('{"text": "abc", "annotations": [5]}', "annotations is not a list of objects"),
        ('{"text": "abc", "annotations": [{"spans": []}]}', "annotation 1 names no annotator"),
        ('{"text": "abc", "annotations": [{"annotator": 1, "spans": []}, {"annotator": "1", "spans": []}]}',
         "annotator '1' appears twice"),
        ('{"text": "abc", "tokens": [[0, 2], [1, 3]]}', r"token 2 \(start 1, end 3\) is empty or overlaps"),
        ('{"text": "abc", "tokens": [[0, 4]]}', "token 1 .* ends after the text"),
        ('{"text": "a c", "tokens": [[0, 1], [1, 2]]}', "token 2 .* holds nothing visible"),
        ('{"text": "abc", "tokens": ["abc"]}', "tokens is not a list of"),
        ('{"text": "abc", "meta": 5}', "meta is not an object"),
        ('{"text": "abc", "meta": {"a": NaN}}', "NaN is not a number"),
        ('{"text": "abc", "meta": {"a": 1e999}}', "not a finite number"),
        ('{"text": "abc", "meta": {"a": "\\u0000"}}', "NUL"),
        ('{"text": "abc", "meta": {"a": ' + "[" * 30 + "]" * 30 + "}}", "more than 20 levels deep"),
        ('{"text": "abc", "meta": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    ],
)  # fmt: skip
def test_a_bad_line_is_refused_by_number_and_the_others_are_read(line, message):
    rows = list(parse("jsonl", '{"text": "before"}\n' + line + '\n\n{"text": "after"}\n'))
    assert [type(row) for row in rows] == [ParsedDocument, RowError, ParsedDocument]
    assert rows[1].row == 2
    assert rows[2].row == 4
    assert re.search(message, str(rows[1])), rows[1]


# --- CoNLL ----------------------------------------------------------------------------------


def test_sentences_without_their_text_are_joined_by_spaces():
    rows = list(parse("conll", "-DOCSTART- -X- O O\n\nAda NNP B-PER\nlives VB O\n\n\nParis NNP B-LOC"))
    assert [(row.row, row.text, row.spans) for row in rows] == [
        (3, "Ada lives", spans((0, 3, "PER"))),
        (7, "Paris", spans((0, 5, "LOC"))),
    ]


def test_the_text_in_the_comment_gives_the_exact_offsets():
    document = one("conll", "# sent_id = s1\n# text = 北京在中国。\n北京\tB-LOC\n在\tO\n中国\tB-LOC\n。\tO\n")
    assert document.text == "北京在中国。"
    assert document.spans == spans((0, 2, "LOC"), (3, 5, "LOC"))
    assert document.external_id == "s1"


def test_numbered_columns_and_columns_after_the_tag_are_found():
    content = "# text = 同样，Ada\n1\t同样\tO\t-\t-\n2\t，\tO\t-\t-\n3\tAda\tB-PER\t-\t-\n"
    document = one("conll", content)
    assert document.text == "同样，Ada"
    assert document.spans == spans((3, 6, "PER"))


def test_iob1_is_read_and_said():
    document = one("conll", "Ada I-PER\nLovelace I-PER\nin O\n")
    assert document.spans == spans((0, 12, "PER"))
    assert "IOB1" in document.notices[0]


def test_bioes_is_read():
    assert one("conll", "Ada\tB-PER\nLovelace\tE-PER\nParis\tS-LOC\n").spans == spans((0, 12, "PER"), (13, 18, "LOC"))


def test_hash_signs_as_tokens_are_not_comments():
    assert one("conll", "#\tO\n#photo\tB-X\n").text == "# #photo"
    assert one("conll", "# O\nphoto B-X\n").text == "# photo"


def test_an_invisible_token_stays_in_the_text_and_is_no_token():
    document = one("conll", "a\tO\n\ufe0f\tB-X\nb\tI-X\n")
    assert document.text == "a \ufe0f b"
    assert document.tokens == ((0, 1), (4, 5))
    assert document.spans == spans((4, 5, "X"))


def test_a_file_of_words_alone_has_no_labels():
    document = one("conll", "Ada\nlives\n")
    assert document.text == "Ada lives"
    assert document.spans is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\tO\nb\tPER\n", "row 2: 'PER' is not a tag"),
        ("a\tO\nb\n", "row 2: 1 columns where 2 are expected"),
        ("a\tO\n\nb\tO\nc\tB-\n", "row 4: 'B-' is not a tag"),
        ("# text_json = nope\na\tO\n", "row 1: not JSON"),
        ("# text_json = 5\na\tO\n", "row 1: text_json is not a string"),
        ("# tokens_json = [[0]]\n# text = a\na\tO\n", "row 1: tokens_json is not a list of 1 pairs"),
        ('# columns_json = {"a": 1}\na\tO\n', "row 1: columns_json is not a list"),
        ('# meta_json = {"a": Infinity}\na\tO\n', "row 1: not JSON: Infinity is not a number"),
        ('# spans_json = {"gold": [[0]]}\na\tO\n', "row 1: spans_json is not a list of"),
        ("a\x00\tO\n", "row 1: there is a NUL"),
    ],
)
def test_a_bad_conll_line_is_refused_by_its_number(content, message):
    assert refusal("conll", clean(content)).startswith(message)


# --- bytes and detection ----------------------------------------------------------------------


def test_bytes_that_are_not_utf8_are_reported_with_their_row():
    rows = list(parse("lines", decode(b"gut\n" + "schön\n".encode("latin-1") + b"nul\x00\n")))
    assert [str(row) for row in rows[1:]] == [
        "row 2: character 4 is not UTF-8; save the file as UTF-8",
        "row 3: there is a NUL character in it",
    ]


def test_byte_order_marks_are_removed_and_utf16_is_understood():
    assert decode("\ufeffAda".encode()) == "Ada"
    assert decode("Ada 😀".encode("utf-16")) == "Ada 😀"
    with pytest.raises(Unreadable):
        decode(b"\xff\xfea")


@pytest.mark.parametrize(
    ("filename", "content", "expected"),
    [
        ("x.jsonl", '{"text": "a"}', "jsonl"),
        ("", '\n {"text": "a"}', "jsonl"),
        ("train.conll", "a\tO\n", "conll"),
        ("", "-DOCSTART- O\n\n# id = 1\na B-PER\n", "conll"),
        ("a.txt", "a\tO\n", "conll"),
        ("a.txt", "EU B-ORG\nrejects O\n", "conll"),
        ("", "Take the I-95", "lines"),
        ("", "Ada\tlives\nin\tOslo", "lines"),
        ("", "one\n\ntwo O", "lines"),
        ("a.txt", "one\n\ntwo\nthree\n", "lines"),
        ("", "one\ntwo", "lines"),
        ("", "one\nstill one\n\ntwo", "paragraphs"),
        ("", "one\n\ntwo", "lines"),
        ("", "", "lines"),
        ("notes.md", "# Title\n\nSome text\n", "lines"),
    ],
)
def test_the_format_is_recognised(filename, content, expected):
    assert detect(filename, content) == expected
