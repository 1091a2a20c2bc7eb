"""The coefficients of the export: published values, what they have in common, and what is undefined."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as np_st

from annotation.domain.spans import LabelledSpan
from annotation.domain.tags import spans_to_bio
from quality.domain.agreement_counting import MeasuredDocument
from quality.numeric.alpha import IntArray, alpha
from quality.numeric.coefficients import (
    cohen_kappa,
    counts_of_table,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac1_of_table,
    masi_distance,
    scott_pi,
    set_alpha,
    table_of,
)
from quality.numeric.exports import exports
from quality.numeric.unitizing import UnitAlpha, end_to_end, pooled, unit_alpha
from tests.domain.test_agreement import USER_1, USER_2

LABEL_SETS = [frozenset(), *map(frozenset, ["A", "B", "C", "AB", "BC", "ABC"])]


def test_the_dyad_cut_into_24_units() -> None:
    """Krippendorff 1995, p. 57, example A."""
    first, second = np.zeros(24, dtype=np.int64), np.zeros(24, dtype=np.int64)
    first[[*range(2, 10), *range(14, 20)]] = 1
    second[[*range(4, 8), *range(15, 17)]] = 1
    table = table_of(first, second, 2)
    assert cohen_kappa(table).value == pytest.approx(0.385, abs=5e-4)
    assert scott_pi(table).value == pytest.approx(0.314, abs=5e-4)
    assert alpha([counts_of_table(table)]).value == pytest.approx(0.329, abs=5e-4)


@pytest.mark.parametrize(
    ("negatives", "expected"), [(25, 0.3636), (100, 0.6255), (1000, 0.7570), (10**4, 0.7724), (10**6, 0.7742)]
)
def test_kappa_tends_to_f1_as_the_negatives_grow(negatives: int, expected: float) -> None:
    """Why spans get an F1: nobody can count the spans that are rightly absent."""
    kappa = cohen_kappa(np.array([[60, 20], [15, negatives]])).value
    assert kappa == pytest.approx(expected, abs=5e-5)
    f1 = 2 * 60 / (2 * 60 + 20 + 15)
    assert f1 == pytest.approx(0.7742, abs=5e-5)


def test_the_running_example_has_its_kappas() -> None:
    """The ancestor's two annotators: by type .593 with .867 observed, by tag .497."""
    tokens = [(at, at + 1) for at in range(30)]
    labels = ["PERSON", "CARDINAL", "DATE", "NORP"]
    found = exports([MeasuredDocument("x" * 30, tokens, {"1": USER_1, "2": USER_2})], labels)["token_pairs"][0]
    assert found["type"]["cohen_kappa"] == pytest.approx(0.593, abs=5e-4)
    assert found["type"]["observed"] == pytest.approx(0.867, abs=5e-4)
    assert found["bio"]["cohen_kappa"] == pytest.approx(0.497, abs=5e-4)


tables = np_st.arrays(np.int64, st.integers(2, 4).map(lambda n: (n, n)), elements=st.integers(0, 9))


@given(tables)
def test_of_two_people_fleiss_is_scott_and_both_ways_to_ac1_agree(table: IntArray) -> None:
    counts = counts_of_table(table)
    for of_table, of_counts in ((scott_pi, fleiss_kappa), (gwet_ac1_of_table, gwet_ac1)):
        one, other = of_table(table), of_counts(counts)
        assert (one.n, one.reason) == (other.n, other.reason)
        if one.value is not None:
            assert one.value == pytest.approx(other.value, abs=1e-9)


@given(tables)
def test_the_units_of_a_table_are_its_cells(table: IntArray) -> None:
    counts = counts_of_table(table)
    assert len(counts) == table.sum()
    assert counts.sum(axis=0).tolist() == (table.sum(axis=0) + table.sum(axis=1)).tolist()


def test_one_value_for_everything_is_undefined_with_what_was_observed() -> None:
    table = np.array([[7, 0], [0, 0]])
    for found in (cohen_kappa(table), scott_pi(table), fleiss_kappa(counts_of_table(table))):
        assert (found.value, found.reason, found.n, found.observed) == (None, "no_variation", 7, 1)
    # For AC1 chance is nothing where everybody says the same.
    assert gwet_ac1(counts_of_table(table)).value == 1


def test_nothing_in_common_is_undefined() -> None:
    assert cohen_kappa(np.zeros((2, 2), dtype=np.int64)).reason == "no_overlap"
    assert fleiss_kappa(np.array([[1, 0], [0, 1]])).reason == "no_overlap"


def test_missing_people_leave_a_unit_one_unit() -> None:
    counts = np.array([[2, 0], [1, 2], [0, 3], [1, 0]])
    found = fleiss_kappa(counts)
    assert found.n == 3
    assert found.observed == pytest.approx((1 + 1 / 3 + 1) / 3)
    shares = (1 + 1 / 3 + 0 + 1) / 4
    assert found.expected == pytest.approx(shares**2 + (1 - shares) ** 2)


def test_masi_by_hand() -> None:
    a, b, ab, bc = map(frozenset, ("a", "b", "ab", "bc"))
    assert masi_distance(ab, ab) == 0
    assert masi_distance(a, b) == 1
    assert masi_distance(a, ab) == pytest.approx(1 - 0.67 / 2)
    assert masi_distance(ab, bc) == pytest.approx(1 - 0.33 / 3)
    assert masi_distance(frozenset(), frozenset()) == 0
    assert masi_distance(frozenset(), a) == 1


cells = st.lists(st.tuples(*[st.none() | st.sampled_from(LABEL_SETS)] * 3), min_size=2, max_size=20)


@given(cells)
def test_alpha_of_label_sets_is_the_packages_with_that_distance(
    units: list[tuple[frozenset[str] | None, ...]],
) -> None:
    found = set_alpha(Counter(units), masi_distance)
    if found.value is None:
        return
    counts = np.array([[row.count(value) for value in LABEL_SETS] for row in units])
    lookup = np.array([[masi_distance(a, b) for b in LABEL_SETS] for a in LABEL_SETS])

    def distance(v1: Any, v2: Any, i1: Any, i2: Any, n_v: Any, dtype: Any = None) -> Any:
        return lookup[i1, i2]

    expected = krippendorff.alpha(value_counts=counts, level_of_measurement=distance)
    assert found.value == pytest.approx(expected, abs=1e-9)
    assert found.n == (counts.sum(axis=1) > 1).sum()


def test_label_sets_without_a_difference_or_an_overlap_are_undefined() -> None:
    same = frozenset("A")
    assert set_alpha({(same, same): 3}).reason == "no_variation"
    assert set_alpha({(same, None): 3}).reason == "no_overlap"
    assert set_alpha({(same, frozenset()): 1}).reason == "too_few"
    assert set_alpha({}).reason == "no_overlap"


units = st.lists(st.integers(0, 40), min_size=0, max_size=8, unique=True).map(
    lambda edges: list(zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
)


@given(units, units)
def test_the_same_cuts_agree_and_order_of_people_does_not_matter(
    a: list[tuple[int, int]], b: list[tuple[int, int]]
) -> None:
    one, other = unit_alpha(41, [a, b]), unit_alpha(41, [b, a])
    assert one.value == pytest.approx(other.value)
    if a:
        assert unit_alpha(41, [a, a]).value == 1


@given(units, units)
def test_unit_alpha_by_the_definition_written_out(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    """Krippendorff's sums over all sections, without any shortcut."""
    length, found = 41, unit_alpha(41, [a, b])
    observed = 0
    for mine, theirs in ((a, b), (b, a)):
        for begin, end in mine:
            met = [(x, y) for x, y in theirs if x < end and begin < y]
            observed += sum((x - begin) ** 2 + (y - end) ** 2 for x, y in met) or (
                2 * (end - begin) ** 2 if not met else 0
            )
    assert found.observed == pytest.approx(observed / (2 * length**2))
    gaps = [
        right[0] - left[1]
        for side in (a, b)
        for left, right in itertools.pairwise([(0, 0), *side, (length, length)])
        if right[0] > left[1]
    ]
    sizes = [end - begin for begin, end in a + b]
    apart = sum(
        (len(sizes) - 1) * (2 * size**3 - 3 * size**2 + size) / 3
        + size**2 * sum(gap - size + 1 for gap in gaps if gap >= size)
        for size in sizes
    )
    rest = 2 * length * (2 * length - 1) - sum(size * (size - 1) for size in sizes)
    assert found.expected == pytest.approx(2 / length * apart / rest)


def test_units_nobody_has_or_nobody_shares_are_undefined() -> None:
    assert unit_alpha(10, [[], []]) == UnitAlpha(None, "no_variation", 0)
    assert unit_alpha(10, [[(1, 2)]]).reason == "no_overlap"
    assert unit_alpha(0, [[], []]).reason == "no_overlap"
    assert pooled([]).reason == "no_variation"


def test_texts_end_to_end() -> None:
    length, people = end_to_end([(10, [[(1, 3)], []]), (5, [[], [(0, 5)]])])
    assert (length, people) == (15, [[(1, 3)], [(10, 15)]])


def test_the_export_names_every_figure_and_leaves_out_who_was_not_asked() -> None:
    tokens = [(at, at + 1) for at in range(6)]
    a, b = LabelledSpan(0, 2, "A"), LabelledSpan(3, 4, "B")
    inside = LabelledSpan(0, 1, "B")
    documents = [
        MeasuredDocument("abcdef", tokens, {"p": [a, b], "q": [a]}),
        MeasuredDocument("abcdef", tokens, {"p": [a, inside], "q": [a, inside], "r": [a]}, asked={"r": frozenset("A")}),
        MeasuredDocument("abcdef", tokens, {"p": [b]}),
    ]
    found = exports(documents, ["A", "B"])
    assert found["token"]["type"]["n"] == 6
    rows = [[tag[2:] or "O" for tag in spans_to_bio(tokens, spans)] for spans in ([a, b], [a])]
    assert found["token"]["type"]["observed"] == pytest.approx(np.mean([x == y for x, y in zip(*rows, strict=True)]))
    assert [(pair["a"], pair["b"]) for pair in found["token_pairs"]] == [("p", "q")]
    assert found["label_sets"]["n"] == 12
    assert found["u_alpha"]["per_label"]["A"] == {"mean": 1, "pairs": 3}
    assert found["u_alpha"]["per_label"]["B"]["pairs"] == 1
    assert found["unit_pairs"][0]["per_label"]["A"] == 1


def test_tags_of_one_person_alone_are_no_agreement() -> None:
    """One whole judgement, or none, in a document: its words are nothing two people said something of."""
    tokens = [(at, at + 1) for at in range(4)]
    span = LabelledSpan(0, 2, "A")
    over = [span, LabelledSpan(1, 3, "B")]
    both = MeasuredDocument("abcd", tokens, {"p": [span], "q": []})
    one = MeasuredDocument("abcd", tokens, {"p": [span], "q": over})
    none = MeasuredDocument("abcd", tokens, {"p": over, "q": over})
    alone = exports([both], ["A", "B"])["token"]
    assert exports([both, one, none], ["A", "B"])["token"] == alone
    assert alone["bio"]["n"] == 4
    nobody = exports([one, none], ["A", "B"])["token"]["bio"]
    assert (nobody["n"], nobody["observed"], nobody["reason"]) == (0, None, "no_overlap")


def test_label_sets_leave_out_who_was_asked_about_some_labels_only() -> None:
    """They could not say B, so that they did not is no judgement."""
    tokens = [(at, at + 1) for at in range(5)]
    a, b = LabelledSpan(0, 2, "A"), LabelledSpan(3, 4, "B")
    people = {"p": [a, b], "q": [a, LabelledSpan(2, 4, "B")]}
    without = exports([MeasuredDocument("abcde", tokens, people)], ["A", "B"])["label_sets"]
    partly = MeasuredDocument("abcde", tokens, {**people, "r": [a]}, asked={"r": frozenset("A")})
    assert exports([partly], ["A", "B"])["label_sets"] == without
    wholly = MeasuredDocument("abcde", tokens, {**people, "r": [a]}, asked={"r": frozenset("AB")})
    assert exports([wholly], ["A", "B"])["label_sets"]["value"] < without["value"] < 1


def test_an_export_of_nothing() -> None:
    found = exports([], ["A"])
    assert found["token"]["bio"]["reason"] == "no_overlap"
    assert found["label_sets"]["reason"] == "no_overlap"
    assert found["u_alpha"]["pooled"] == {"mean": None, "pairs": 0}
