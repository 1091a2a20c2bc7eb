from __future__ import annotations

import json
from pathlib import Path

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from annotation.domain.text import (
    clusters_cut,
    from_utf16,
    is_blank,
    is_invisible,
    pack_tokens,
    text_hash,
    to_utf16,
    tokenize,
    utf16_offsets,
)

CASES = json.loads((Path(__file__).parents[1] / "fixtures" / "offsets.json").read_text(encoding="utf-8"))

# Pieces in which tokenisers break, mixed with whatever hypothesis finds.
PIECES = [
    "Ada", "don't", "l'été", "O’Brien’s", "U.S.", "3.14", "1,000", " ", "  ", "\r\n", "\t", "\u00a0", "\u3000",
    "e\u0301", " \u0301", "\u0301", "👨‍👩‍👧‍👦", "👍🏽", "🇩🇪🇫🇷", "🇩", "1️⃣", "\u200d", "\u200b", "\ufeff", "\u00ad", "\u200f",
    "שָׁלוֹם", "مرحبا", "می‌خواهم", "北京", "ひらがな", "\u1100\u1161\u11a8", "한국", "กำลัง", "क्षि", "\u0600٣", "\u0d4e's", "\x00", "\x1b", "'", ".",
]  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=12).map("".join)


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada lives in Paris.", ["Ada", "lives", "in", "Paris", "."]),
        ("Emma's dog doesn't bark", ["Emma", "'s", "dog", "doesn't", "bark"]),
        ("O’Brien and l’Hôpital", ["O’Brien", "and", "l’", "Hôpital"]),
        ("the U.S. army, e.g. in D.C.", ["the", "U.S.", "army", ",", "e.g.", "in", "D.C."]),
        ("$1,000.50 on 3rd St., 1.25kg", ["$", "1,000.50", "on", "3rd", "St", ".", ",", "1.25", "kg"]),
        ("London-based (2017)", ["London", "-", "based", "(", "2017", ")"]),
        ("@user_name #tag", ["@", "user_name", "#", "tag"]),
        ("北京大学。", ["北", "京", "大", "学", "。"]),
        ("\u1100\u1161\u11a8", ["\u1100\u1161\u11a8"]),
        ("서울에서", ["서", "울", "에", "서"]),
        ("กำลัง", ["กำ", "ลั", "ง"]),
        ("👨‍👩‍👧‍👦👍🏽🇩🇪🇫🇷1️⃣", ["👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "🇫🇷", "1️⃣"]),
        ("Cafe\u0301 olé", ["Cafe\u0301", "olé"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("soft\u00adhyphen a\u200bb", ["soft\u00adhyphen", "a", "b"]),
        ("a\r\nb  c", ["a", "b", "c"]),
        ("\u200d\u200b\ufeff \r\n\x07", []),
        ("", []),
    ],
)
def test_words_are_cut_where_a_reader_would_cut_them(text, expected):
    assert words(text) == expected


@given(texts)
@example("a'b\u0d4e's")
def test_tokens_never_overlap_and_leave_out_only_what_cannot_be_seen(text):
    end_before = 0
    for start, end in tokenize(text):
        assert end_before <= start < end <= len(text)
        assert not is_blank(text[start:end])
        assert is_blank(text[end_before:start])
        end_before = end
    assert is_blank(text[end_before:])


@given(texts)
@example("a'b\u0d4e's")
def test_no_token_cuts_a_grapheme_cluster(text):
    boundaries = {match.start() for match in regex.finditer(r"\X", text)} | {len(text)}
    for start, end in tokenize(text):
        assert start in boundaries
        assert end in boundaries


@given(texts)
def test_invisible_characters_are_known_and_visible_ones_are_not_among_them(text):
    for character in text:
        if character.isalnum() and not regex.match(r"\p{DI}", character):
            assert not is_invisible(character)
    assert is_blank(text) == (not tokenize(text))


@given(texts)
def test_offsets_survive_the_way_through_utf16_and_back(text):
    offsets = utf16_offsets(text)
    assert len(offsets) == len(text) + 1
    for offset, unit in enumerate(offsets):
        assert to_utf16(text, offset) == unit
        assert from_utf16(text, unit) == offset


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["text"]))
def test_the_cases_shared_with_the_browser(case):
    text = case["text"]
    units = text.encode("utf-16-le")
    for span in case["spans"]:
        assert to_utf16(text, span["start"]) == span["utf16_start"]
        assert from_utf16(text, span["utf16_end"]) == span["end"]
        in_browser = units[2 * span["utf16_start"] : 2 * span["utf16_end"]].decode("utf-16-le")
        assert in_browser == text[span["start"] : span["end"]]


def test_the_middle_of_a_surrogate_pair_is_no_offset():
    with pytest.raises(ValueError, match="inside a surrogate pair"):
        from_utf16("😀", 1)
    with pytest.raises(IndexError):
        from_utf16("😀", 3)
    with pytest.raises(IndexError):
        to_utf16("😀", 2)


def test_the_hash_is_of_the_exact_text():
    assert text_hash("é") != text_hash("e\u0301")
    assert text_hash("a\r\nb") != text_hash("a\nb")
    assert text_hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["text"]))
def test_offsets_inside_a_cluster_are_found_and_no_others(case):
    text, edges = case["text"], {*case["clusters"], len(case["text"])}
    assert [offset for offset, _ in clusters_cut(text, range(len(text) + 1))] == sorted(
        set(range(len(text) + 1)) - edges
    )


@given(texts, st.lists(st.integers(0, 60), max_size=4))
def test_a_few_offsets_are_judged_as_all_of_them(text, offsets):
    offsets = [offset for offset in offsets if offset <= len(text)]
    edges = {match.start() for match in regex.finditer(r"\X", text)} | {len(text)}
    assert [offset for offset, _ in clusters_cut(text, offsets)] == sorted(set(offsets) - edges)


def test_the_cluster_that_is_cut_is_named():
    assert clusters_cut("a👍🏽 Zoe\u0308", [2, 7]) == [(2, "👍🏽"), (7, "e\u0308")]


def test_tokens_are_packed_as_gaps_and_lengths():
    assert pack_tokens([(0, 3), (4, 7), (9, 19)]) == "0 3 1 3 2 10"
    assert pack_tokens([]) == ""
