"""The rows that are stored per document: any sum of them gives what the annotations give."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.domain.spans import LabelledSpan, SpanOverlap, overlapping
from annotation.domain.tags import spans_to_bio
from annotation.domain.text import tokenize
from quality.domain.agreement_counting import MeasuredDocument, document_row
from quality.domain.agreement_rows import DocumentRow
from quality.domain.agreement_sums import total
from quality.domain.conflicts import conflict_groups, kind_counts
from quality.domain.span_agreement import PairCounts, of_label, pair_counts, span_agreement, summarise
from quality.numeric.measures import MEASURES, NOT_WHOLE, document_figures, figures, measure

LABELS = ["A", "B", "C"]
TOKENS = [(start, start + 3) for start in range(0, 40, 4)]


def span(start: int, end: int, label: str) -> LabelledSpan:
    return LabelledSpan(start, end, label)


def document(layers: dict[str, list[LabelledSpan]], **more: Any) -> MeasuredDocument:
    return MeasuredDocument("x" * 40, TOKENS, layers, **more)


words = st.builds(
    lambda first, size, label: span(4 * first, 4 * min(first + size, 10) - 1, label),
    st.integers(0, 9),
    st.integers(1, 3),
    st.sampled_from(LABELS),
)


@st.composite
def documents(draw: st.DrawFn, *, flat: bool) -> list[MeasuredDocument]:
    """`flat`: everybody is asked about everything and marks no span over another."""
    result = []
    for _ in range(draw(st.integers(1, 7))):
        layers, asked = {}, {}
        for name in draw(st.sets(st.sampled_from("pqrs"))):
            questions = frozenset(LABELS if flat else draw(st.sets(st.sampled_from(LABELS), min_size=1)))
            spans = {each for each in draw(st.sets(words, max_size=5)) if each.label in questions}
            while flat and (clash := overlapping(spans)):
                spans.discard(clash[0][0])
            layers[name] = sorted(spans)
            if not flat:
                asked[name] = questions
        result.append(document(layers, with_suggestions=draw(st.booleans()), asked=asked))
    return result


def same(found: Any, expected: Any, where: str = "") -> None:
    """Equal, numbers to 1e-12."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), where
        for key, value in expected.items():
            same(found[key], value, f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for number, value in enumerate(expected):
            same(found[number], value, f"{where}[{number}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-12), where
    else:
        assert found == expected, where


def stored(rows: Sequence[DocumentRow]) -> list[DocumentRow]:
    return [DocumentRow.from_json(json.loads(json.dumps(row.as_json()))) for row in rows]


def without_bounds(figure: Any) -> Any:
    if isinstance(figure, dict):
        return {key: without_bounds(value) for key, value in figure.items() if key not in ("low", "high")}
    return [without_bounds(each) for each in figure] if isinstance(figure, list) else figure


@settings(max_examples=30, deadline=None)
@given(st.one_of(documents(flat=True), documents(flat=False)))
def test_stored_rows_give_the_figures_of_the_annotations(found: list[MeasuredDocument]) -> None:
    rows = stored([document_row(each, LABELS) for each in found])
    same(figures(rows, LABELS), measure(found, LABELS))


@settings(max_examples=30, deadline=None)
@given(documents(flat=False), st.integers(0, 7))
def test_a_sum_of_rows_has_the_figures_of_its_parts(found: list[MeasuredDocument], cut: int) -> None:
    rows = [document_row(each, LABELS) for each in found]
    parts = [sum(rows[:cut], DocumentRow()), total(rows[cut:])]
    whole = without_bounds(figures(rows, LABELS)) | {"suggestions": None}
    same(without_bounds(figures(stored(parts), LABELS)) | {"suggestions": None}, whole)


@settings(max_examples=30, deadline=None)
@given(documents(flat=True))
def test_alpha_from_rows_is_the_packages_on_a_table_of_tags(found: list[MeasuredDocument]) -> None:
    result = figures([document_row(each, LABELS) for each in found], LABELS)["alpha"]
    table: list[list[str]] = [[] for _ in "pqrs"]
    for each in found:
        for row, name in zip(table, "pqrs", strict=True):
            row += spans_to_bio(TOKENS, each.layers[name]) if name in each.layers else ["nan"] * len(TOKENS)
    readings: dict[str, Callable[[str], str]] = {
        "bio": lambda tag: tag,
        "type": lambda tag: tag[2:] or "O",
        "detect": lambda tag: str(tag == "O"),
        "label": lambda tag: tag[2:] or "nan",
    }
    for name, reading in readings.items():
        read = np.array([[tag if tag == "nan" else reading(tag) for tag in row] for row in table])
        if result[name]["value"] is not None:
            expected = krippendorff.alpha(reliability_data=read, level_of_measurement="nominal")
            assert result[name]["value"] == pytest.approx(expected, abs=1e-9), name


@settings(max_examples=30, deadline=None)
@given(documents(flat=True))
def test_span_figures_from_rows_are_those_of_the_spans(found: list[MeasuredDocument]) -> None:
    result = figures([document_row(each, LABELS) for each in found], LABELS)
    direct = span_agreement([each.layers for each in found], LABELS)
    for name in MEASURES:
        figure, summary = result["span_f1"][name], direct.summary(name)
        assert (figure["micro"], figure["n"], figure["sd"]) == (summary.micro.value, summary.micro.n, summary.sd)
        assert (figure["mean"], figure["pairs"]) == (summary.mean.value, summary.mean.n)
    for label in LABELS:
        for name in ("exact", "overlap"):
            figure, summary = result["span_f1"]["per_label"][label][name], direct.summary(name, label)
            assert (figure["micro"], figure["reason"]) == (summary.micro.value, summary.micro.reason)
    shared = [each for each in found if len(each.layers) > 1]
    groups = [group for each in shared for group in conflict_groups(each.layers, each.text)]
    assert result["conflicts"] == kind_counts(groups)
    assert result["counts"]["agreed"] == sum(not group.open for group in groups)


@settings(max_examples=30, deadline=None)
@given(documents(flat=False))
def test_people_are_compared_on_what_both_were_asked_about(found: list[MeasuredDocument]) -> None:
    result = figures([document_row(each, LABELS) for each in found], LABELS)
    pairs: dict[tuple[str, str], PairCounts] = {}
    for each in found:
        for a, b in combinations(sorted(each.layers), 2):
            if shared := each.asked[a] & each.asked[b]:
                sides = [[s for s in each.layers[name] if s.label in shared] for name in (a, b)]
                pairs[a, b] = pairs.get((a, b), PairCounts()) + pair_counts(*sides)
    for name in MEASURES:
        assert result["span_f1"][name]["micro"] == summarise(pairs.values(), name).micro.value
    for label in LABELS:
        table: list[list[float]] = [[] for _ in "pqrs"]
        for each in found:
            for row, name in zip(table, "pqrs", strict=True):
                known = name in each.layers and label in each.asked[name]
                spans = of_label(each.layers[name], label) if known else []
                marks = [float(any(s.start < end and start < s.end for s in spans)) for start, end in TOKENS]
                row += marks if known else [float("nan")] * len(TOKENS)
        figure = result["alpha"]["per_label"][label]
        ratings = (~np.isnan(np.array(table))).sum(axis=0)
        assert figure["n"] == (ratings > 1).sum()
        if figure["value"] is not None:
            expected = krippendorff.alpha(reliability_data=np.array(table), level_of_measurement="nominal")
            assert figure["value"] == pytest.approx(expected, abs=1e-9)


def test_a_label_nobody_asked_about_is_missing_and_not_absent() -> None:
    a, b = span(0, 3, "A"), span(8, 11, "B")
    asked = {"p": frozenset("A"), "q": frozenset("AB"), "r": frozenset("B")}
    found = figures([document_row(document({"p": [a], "q": [a, b], "r": [b]}, asked=asked), LABELS)], LABELS)
    assert found["span_f1"]["exact"]["micro"] == 1
    assert [(pair["a"], pair["b"]) for pair in found["pairs"]] == [("p", "q"), ("q", "r")]
    assert found["alpha"]["per_label"]["A"]["value"] == 1
    assert found["alpha"]["per_label"]["C"]["reason"] == "no_overlap"
    assert sum(found["conflicts"].values()) == 0
    assert found["counts"]["agreed"] == 2


def test_one_tag_per_word_needs_people_asked_about_every_label() -> None:
    asked = {"p": frozenset("A"), "q": frozenset("A")}
    found = figures([document_row(document({"p": [], "q": [span(0, 3, "A")]}, asked=asked), LABELS)], LABELS)
    for name in ("bio", "type", "detect", "label"):
        assert (found["alpha"][name]["value"], found["alpha"][name]["reason"]) == (None, NOT_WHOLE)
    assert found["alpha"]["per_label"]["A"]["value"] is not None
    assert found["counts"]["left_out"] == 2


def test_a_span_inside_another_keeps_its_label_and_leaves_the_tags() -> None:
    nested = [span(0, 11, "A"), span(4, 7, "B")]
    found = figures([document_row(document({"p": nested, "q": nested, "r": nested[:1]}), LABELS)], LABELS)
    assert found["alpha"]["bio"]["reason"] == NOT_WHOLE
    assert found["alpha"]["per_label"]["A"]["value"] == 1
    # B by hand: one unit of three ratings with two of one kind among nine without.
    counts = np.array([[1, 2], *[[3, 0]] * 9])
    expected = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
    assert found["alpha"]["per_label"]["B"]["value"] == pytest.approx(expected, abs=1e-12)
    assert found["span_f1"]["exact"]["micro"] == pytest.approx((4 + 2 + 2) / (4 + 3 + 3))


@pytest.mark.parametrize("allowed", list(SpanOverlap))
@given(documents(flat=False))
def test_conflicts_are_those_that_review_shows(allowed: SpanOverlap, found: list[MeasuredDocument]) -> None:
    everything = [replace(each, asked={}, allowed=allowed) for each in found]
    result = figures([document_row(each, LABELS) for each in everything], LABELS)
    shared = [each for each in everything if len(each.layers) > 1]
    groups = [group for each in shared for group in conflict_groups(each.layers, each.text, allowed=allowed)]
    assert result["conflicts"] == kind_counts(groups)
    assert result["counts"]["agreed"] == sum(not group.open for group in groups)


def test_whoever_misses_the_inner_name_of_two_missed_it_also_where_some_were_asked_less() -> None:
    nested = [span(0, 11, "A"), span(4, 7, "A")]
    layers = {"p": nested, "q": nested[:1], "r": []}
    found = document(layers, allowed=SpanOverlap.NESTED, asked={"r": frozenset("B")})
    row = document_row(found, LABELS)
    assert (row.agreed, row.conflicts) == (1, {"missing": 1})
    # Asked about it, the third has neither: who marked what is open then, of both together.
    assert document_row(replace(found, asked={}), LABELS).conflicts == {"nested": 1}


def test_the_confusion_counts_each_span_against_the_one_it_shares_most_with() -> None:
    first = [span(0, 7, "A"), span(12, 15, "B"), span(20, 23, "C")]
    second = [span(0, 3, "A"), span(4, 11, "B"), span(12, 15, "C")]
    found = figures([document_row(document({"p": first, "q": second}), LABELS)], LABELS)
    # A[0,7) shares three characters with each of A and B, and the same label goes first.
    assert found["confusion"] == [["A", "A", 2], ["B", "A", 1], ["B", "C", 1], ["C", "", 1], ["C", "B", 1]]


def test_nested_spans_find_their_counterparts() -> None:
    row = document_row(document({"p": [span(0, 39, "A"), span(36, 39, "B")], "q": [span(36, 39, "B")]}), LABELS)
    assert row.confusion == {("A", "B"): 1, ("B", "B"): 2}


def test_a_label_that_is_named_like_the_absence_of_one_is_a_label() -> None:
    layers = {"p": [span(0, 3, "O")], "q": [span(0, 3, "O")]}
    found = measure([document(layers)], ["O"])
    for name in ("bio", "type", "detect"):
        assert found["alpha"][name]["value"] == 1


def test_work_with_and_without_suggestions_is_told_apart() -> None:
    mark = [span(0, 3, "A")]
    rows = [
        document_row(document({"p": mark, "q": mark}, with_suggestions=True), LABELS),
        document_row(document({"p": mark, "q": []}), LABELS),
    ]
    found = figures(rows, LABELS)["suggestions"]
    assert (found["with"]["documents"], found["with"]["exact"]) == (1, 1)
    assert (found["without"]["documents"], found["without"]["exact"]) == (1, 0)


def test_documents_of_one_person_and_unknown_labels() -> None:
    assert document_row(document({"p": [span(0, 3, "A")]}), LABELS) == DocumentRow()
    with pytest.raises(KeyError):
        document_row(document({"p": [span(0, 3, "Z")], "q": []}), LABELS)


def test_long_documents_weigh_more_in_alpha_and_bad_ones_are_found_one_by_one() -> None:
    """A long document with perfect agreement hides a short one with none."""
    tokens = [(start, start + 3) for start in range(0, 4000, 4)]
    marks = [span(start, start + 3, "A") for start in range(0, 2000, 8)]
    long = MeasuredDocument("x" * 4000, tokens, {"p": marks, "q": marks})
    short = document({"p": [span(0, 3, "A")], "q": [span(8, 11, "A")]})
    rows = [document_row(each, LABELS) for each in (long, short)]
    assert figures(rows, LABELS)["alpha"]["bio"]["value"] > 0.95
    good, bad = map(document_figures, rows)
    assert (good["alpha"], good["per_1000"]) == (1, 0)
    assert bad["alpha"] < 0
    assert bad["per_1000"] == 200


def test_few_shared_documents_are_said_to_be_few() -> None:
    mark = {"p": [span(0, 3, "A")], "q": [span(0, 3, "A")]}
    for count, enough in ((2, False), (3, True)):
        found = figures([document_row(document(mark), LABELS)] * count, LABELS)
        assert found["pairs"][0]["enough"] is enough


def test_a_span_within_a_word_takes_the_word_and_stays_a_span_of_its_own() -> None:
    """Words are compared on the frozen tokens, spans on their characters."""
    part, whole = span(5, 7, "A"), span(4, 7, "A")
    found = figures([document_row(document({"p": [part], "q": [whole]}), LABELS)], LABELS)
    assert found["alpha"]["bio"]["value"] == 1
    assert found["alpha"]["per_label"]["A"]["value"] == 1
    assert found["span_f1"]["exact"]["micro"] == 0
    assert found["span_f1"]["overlap"]["micro"] == 1


def test_two_names_glued_in_one_word_are_one_tag_and_two_labels() -> None:
    both = [span(4, 5, "A"), span(5, 7, "B")]
    found = figures([document_row(document({"p": both, "q": both[:1]}), LABELS)], LABELS)
    assert found["alpha"]["bio"]["observed"] == 1
    assert found["alpha"]["per_label"]["B"]["observed"] == pytest.approx(0.9)


def test_text_without_spaces_is_compared_character_by_character() -> None:
    text = "王小明在北京🙂"
    tokens = tokenize(text)
    marks = [span(0, 3, "A"), span(4, 6, "B")]
    found = measure([MeasuredDocument(text, tokens, {"p": marks, "q": [span(0, 2, "A"), marks[1]]})], LABELS)
    assert found["alpha"]["type"]["n"] == len(text) == 7
    assert found["alpha"]["type"]["observed"] == pytest.approx(6 / 7)
    assert found["span_f1"]["exact"]["micro"] == pytest.approx(1 / 2)


def test_a_label_both_were_asked_about_and_nobody_used_was_looked_for() -> None:
    asked = {"p": frozenset("A"), "q": frozenset("A")}
    found = figures([document_row(document({"p": [], "q": []}, asked=asked), LABELS)], LABELS)["span_f1"]["per_label"]
    assert (found["A"]["exact"]["reason"], found["B"]["exact"]["reason"]) == ("no_spans", "no_overlap")


def test_a_long_span_that_began_before_others_is_met() -> None:
    counts = pair_counts([span(20, 23, "A")], [span(0, 39, "A"), span(4, 7, "A")])
    assert counts.overlap == 2


def test_documents_without_a_label_count_in_the_interval_of_its_alpha() -> None:
    used = document_row(document({"p": [span(0, 3, "A")], "q": [span(0, 7, "A")]}), LABELS)
    unused = document_row(document({"p": [], "q": []}), LABELS)
    figure = figures([*[used] * 5, *[unused] * 3], LABELS)["alpha"]["per_label"]["A"]
    assert figure["n"] == 80
    assert figure["low"] is not None
    assert figure["low"] != figures([used] * 5, LABELS)["alpha"]["per_label"]["A"]["low"]


def test_a_label_in_fewer_than_five_documents_gives_its_alpha_no_interval() -> None:
    """All agree on it: drawn again, they would always say so, as if nothing could be otherwise."""
    used = document_row(document({"p": [span(0, 3, "A")], "q": [span(0, 3, "A")]}), LABELS)
    unused = document_row(document({"p": [], "q": []}), LABELS)
    figure = figures([*[used] * 4, *[unused] * 200], LABELS)["alpha"]["per_label"]["A"]
    assert figure["value"] == 1
    assert (figure["low"], figure["high"]) == (None, None)
