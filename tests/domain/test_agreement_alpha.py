"""Krippendorff's alpha: published values, own sum against the package, undefined cases."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as np_st

from annotation.domain.spans import LabelledSpan
from annotation.domain.tags import spans_to_bio
from quality.numeric import alpha as numeric
from quality.numeric.alpha import MISSING, Alpha, IntArray, alpha, alphas, encode, value_counts, views
from tests.domain.test_agreement import USER_1, USER_2

REFERENCE = Path(__file__).parents[3] / "shared" / "data" / "iaa_reference" / "iaa_reference.json"
_ = None


def counts_of(matrix: list[list[Any]]) -> IntArray:
    """Raters × units with None for missing → units × values."""
    values = sorted({cell for row in matrix for cell in row if cell is not None}, key=str)
    units = range(len(matrix[0]))
    return np.array([[sum(row[u] == value for row in matrix) for value in values] for u in units])


def both_ways(counts: IntArray) -> float:
    """Alpha by the package and by the own sum, which must agree."""
    package, own = alpha([counts]), alpha([counts], package_limit=0)
    assert package.value is not None
    assert own.value == pytest.approx(package.value, abs=1e-9)
    return package.value


@pytest.mark.parametrize(
    ("matrix", "expected", "tolerance"),
    [
        ([[*"0100000010"], [*"1110010000"]], 0.095, 5e-4),
        ([[*"aabbdcccedda"], [*"babbbccceddd"]], 0.692, 5e-4),
        ([[*"aabbbbbccccc"], [*"abbbbbcccccc"]], 0.734, 5e-4),
        (
            [
                [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
                [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
                [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
                [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
            ],
            0.743421052632,
            1e-9,
        ),
        (
            [
                [_, _, _, _, _, 3, 4, 1, 2, 1, 1, 3, 3, _, 3],
                [1, _, 2, 1, 3, 3, 4, 3, _, _, _, _, _, _, _],
                [_, _, 2, 1, 3, 4, 4, _, 2, 1, 1, 3, 3, _, 4],
            ],
            0.691358,
            5e-7,
        ),
    ],
    ids=["2004-p224", "2011-b", "2004-p227", "2011-c-missing", "3x15-missing"],
)
def test_published_nominal_alphas(matrix: list[list[Any]], expected: float, tolerance: float) -> None:
    assert both_ways(counts_of(matrix)) == pytest.approx(expected, abs=tolerance)


def test_every_reference_case_of_nominal_alpha() -> None:
    if not REFERENCE.exists():
        pytest.skip(f"no reference file beside the repository: {REFERENCE.name}")
    checked = 0
    for case in json.loads(REFERENCE.read_text())["cases"]:
        for expected in case["expected"]:
            if expected["measure"] != "alpha_nominal" or case["kind"] not in ("matrix", "table"):
                continue
            if case["kind"] == "matrix":
                counts = counts_of(case["data"])
            else:
                table, size = case["data"]["counts"], len(case["data"]["categories"])
                unit = np.eye(size, dtype=np.int64)
                counts = np.array(
                    [unit[i] + unit[j] for i in range(size) for j in range(size) for _ in range(table[i][j])]
                )
            assert both_ways(counts) == pytest.approx(expected["value"], abs=expected["tolerance"]), case["id"]
            assert both_ways(counts) == pytest.approx(expected["recomputed"], abs=1e-9), case["id"]
            checked += 1
    assert checked >= 6


TOY = [
    ["O", "B-PER", "I-PER", "O", "O", "B-ORG", "O", "O", "O", "B-LOC", "O", "O"],
    ["O", "B-PER", "I-PER", "O", "O", "B-ORG", "I-ORG", "O", "O", "O", "O", "O"],
    ["O", "O", "O", "O", "O", "O", "O", "O", "O", "B-PER", "O", "O"],
]


def toy() -> tuple[IntArray, list[str]]:
    codes = encode(TOY, ["PER", "ORG", "LOC"])
    codes[:6, 2] = MISSING
    return codes, ["PER", "ORG", "LOC"]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("bio", 0.670455),
        ("type", 0.658019),
        ("detect", 0.693122),
        ("=PER", 0.768),
        ("=ORG", 0.641975),
        ("=LOC", 0.0),
    ],
)
def test_the_toy_example_in_every_view(view: str, expected: float) -> None:
    codes, labels = toy()
    assert both_ways(value_counts(codes, views(labels)[view])) == pytest.approx(expected, abs=5e-4)


def test_the_running_example_on_thirty_tokens() -> None:
    tokens = [(index, index + 1) for index in range(30)]
    labels = ["PERSON", "CARDINAL", "DATE", "NORP"]
    codes = encode([spans_to_bio(tokens, USER_1), spans_to_bio(tokens, USER_2)], labels)
    result = alphas([codes], labels)
    assert result["type"].value == pytest.approx(0.593, abs=5e-4)
    assert result["bio"].value == pytest.approx(0.498, abs=5e-4)
    assert result["type"].observed == pytest.approx(0.867, abs=5e-4)
    assert result["bio"].n == 30


@given(
    np_st.arrays(np.int64, st.tuples(st.integers(2, 30), st.integers(2, 5)), elements=st.integers(-1, 6)),
    st.integers(1, 4),
)
def test_the_own_sum_equals_the_package_with_missing_data(codes: IntArray, pieces: int) -> None:
    for view in views(["A", "B", "C"]).values():
        counts = value_counts(codes, view)
        own = alpha(np.array_split(counts, pieces), package_limit=0)
        if own.value is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            package = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
        assert own.value == pytest.approx(package, abs=1e-9)
        assert own.n == (counts.sum(axis=1) >= 2).sum()


@given(np_st.arrays(np.int64, st.tuples(st.integers(2, 40), st.integers(2, 4)), elements=st.integers(-1, 4)))
def test_what_we_call_undefined_has_no_value_in_the_package_either(codes: IntArray) -> None:
    counts = value_counts(codes, views(["A", "B"])["bio"])
    own = alpha([counts])
    assume(own.reason in (numeric.NO_OVERLAP, numeric.NO_VARIATION))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            value = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
        except ValueError:
            return
    assert np.isnan(value)


def test_no_unit_with_two_ratings_is_no_overlap() -> None:
    codes = np.array([[1, MISSING], [MISSING, 0]])
    assert alpha([value_counts(codes, views(["A"])["bio"])]) == Alpha(None, numeric.NO_OVERLAP, 0)
    assert alpha([]) == Alpha(None, numeric.NO_OVERLAP, 0)


def test_all_o_is_no_variation_with_its_observed_agreement() -> None:
    counts = value_counts(np.zeros((5, 2), dtype=np.int64), views(["A"])["bio"])
    assert alpha([counts]) == Alpha(None, numeric.NO_VARIATION, 5, 1.0)


def test_one_shared_token_is_too_few() -> None:
    counts = value_counts(np.array([[1, 0], [1, MISSING]]), views(["A"])["bio"])
    assert alpha([counts]) == Alpha(None, numeric.TOO_FEW, 1, 0.0)


def test_submitting_nothing_marked_is_not_the_same_as_not_submitting() -> None:
    tokens = [(0, 1), (2, 3), (4, 5)]
    marked = spans_to_bio(tokens, [LabelledSpan(0, 1, "A")])
    empty = encode([marked, spans_to_bio(tokens, [])], ["A"])
    assert alphas([empty], ["A"])["bio"].value == pytest.approx(0.0)
    absent = empty.copy()
    absent[:, 1] = MISSING
    assert alphas([absent], ["A"])["bio"].reason == numeric.NO_OVERLAP


def test_the_label_view_leaves_out_words_only_one_person_marked() -> None:
    codes = np.array([[1, 1], [3, 3], [1, 0], [0, 0]])
    result = alphas([codes], ["A", "B"])
    assert (result["label"].value, result["label"].n) == (pytest.approx(1.0), 2)
    assert result["detect"].value != pytest.approx(1.0)


def test_a_project_without_labels_or_with_one_is_undefined_where_it_must_be() -> None:
    codes = np.array([[0, 0], [0, 0]])
    assert alphas([codes], [])["label"].reason == numeric.NO_OVERLAP
    assert alphas([np.array([[1, 1], [1, 1]])], ["A"])["label"].reason == numeric.NO_VARIATION


def rows_of(seed: int, documents: int) -> tuple[list[IntArray], numeric.FloatArray]:
    generator = np.random.default_rng(seed)
    view = views(["A", "B"])["bio"]
    counts = []
    for _document in range(documents):
        truth = generator.choice(5, size=20, p=[0.7, 0.1, 0.05, 0.1, 0.05])
        other = np.where(generator.random(20) < 0.15, generator.integers(0, 5, 20), truth)
        counts.append(value_counts(np.stack([truth, other], axis=1), view))
    return counts, np.stack([numeric.additive_row(count) for count in counts])


def test_the_interval_holds_the_value_and_is_the_same_every_time() -> None:
    counts, rows = rows_of(1, 40)
    value = alpha(counts).value
    interval = numeric.alpha_interval(rows)
    assert interval is not None
    assert value is not None
    assert interval.low < value < interval.high
    assert interval == numeric.alpha_interval(rows)
    assert interval.documents == 40


def test_more_documents_give_a_narrower_interval() -> None:
    wide, narrow = (numeric.alpha_interval(rows_of(1, n)[1]) for n in (10, 200))
    assert wide is not None
    assert narrow is not None
    assert narrow.high - narrow.low < (wide.high - wide.low) / 2


def test_no_interval_from_a_handful_of_documents() -> None:
    assert numeric.alpha_interval(rows_of(1, 4)[1]) is None
    assert numeric.fraction_interval(np.array([[1.0, 2.0]] * 4 + [[0.0, 0.0]] * 9)) is None


def test_the_interval_of_identical_documents_has_no_width() -> None:
    interval = numeric.fraction_interval(np.array([[1.0, 2.0]] * 8))
    assert interval == numeric.Interval(0.5, 0.5, 8)
