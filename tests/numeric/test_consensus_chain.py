"""Chains against counting out every tag sequence; what is taken of overlapping spans; digamma and calibration against known values."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.numeric.calibration import Calibration, fit
from quality.numeric.consensus.chain import Floats, allowed, best_tags, forward_backward, pack, span_probabilities
from quality.numeric.consensus.digamma import digamma
from quality.numeric.consensus.evidence import group_sums
from quality.numeric.consensus.tagging import THRESHOLD, likeliest_apart

TAGS = 5  # two labels


def everything(evidence: Floats, transitions: Floats) -> dict[tuple[int, ...], float]:
    """Every tag sequence of one piece → its probability."""
    weights = {}
    for path in product(range(TAGS), repeat=len(evidence)):
        score = sum(evidence[place, tag] for place, tag in enumerate(path))
        score += sum(transitions[before, tag] for before, tag in zip((0, *path), path, strict=False))
        weights[path] = float(np.exp(score))
    total = sum(weights.values())
    return {path: weight / total for path, weight in weights.items()}


@pytest.fixture
def chain() -> tuple[list[Floats], Floats]:
    random = np.random.default_rng(3)
    transitions = np.where(allowed(TAGS), random.normal(size=(TAGS, TAGS)), -np.inf)
    return [random.normal(scale=2, size=(length, TAGS)) for length in (2, 4, 1, 3)], transitions


def test_posteriors_and_transitions_equal_the_count_of_all_sequences(chain: tuple[list[Floats], Floats]) -> None:
    pieces, transitions = chain
    lengths = np.array([len(piece) for piece in pieces])
    starts = np.cumsum(lengths) - lengths
    packing = pack(starts, lengths)
    found = forward_backward(np.concatenate(pieces)[packing.order], transitions, packing)
    marginals, counts = np.zeros((lengths.sum(), TAGS)), np.zeros((TAGS, TAGS))
    for start, piece in zip(starts, pieces, strict=True):
        for path, chance in everything(piece, transitions).items():
            for place, (before, tag) in enumerate(zip((0, *path), path, strict=False)):
                marginals[start + place, tag] += chance
                counts[before, tag] += chance
    np.testing.assert_allclose(found.tags, marginals[packing.order], atol=1e-12)
    np.testing.assert_allclose(found.transitions, counts, atol=1e-12)


def test_the_probability_of_a_span_equals_the_count_of_all_sequences(chain: tuple[list[Floats], Floats]) -> None:
    pieces, transitions = chain
    lengths = np.array([len(piece) for piece in pieces])
    starts = np.cumsum(lengths) - lengths
    packing = pack(starts, lengths)
    belief = forward_backward(np.concatenate(pieces)[packing.order], transitions, packing)
    spans, expected = [], []
    for start, piece in zip(starts, pieces, strict=True):
        for first, stop, label in product(range(len(piece)), range(1, len(piece) + 1), range(2)):
            if first >= stop:
                continue
            entity = (2 * label + 1, *[2 * label + 2] * (stop - first - 1))
            spans.append((start + first, start + stop, label))
            expected.append(
                sum(
                    chance
                    for path, chance in everything(piece, transitions).items()
                    if path[first:stop] == entity and path[stop : stop + 1] != (2 * label + 2,)
                )
            )
    found = span_probabilities(np.array(spans), belief, transitions, packing, starts)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_best_tags_are_the_likeliest_of_all_sequences(chain: tuple[list[Floats], Floats]) -> None:
    pieces, transitions = chain
    lengths = np.array([len(piece) for piece in pieces])
    starts = np.cumsum(lengths) - lengths
    packing = pack(starts, lengths)
    found = np.empty(lengths.sum(), dtype=np.int64)
    found[packing.order] = best_tags(np.concatenate(pieces)[packing.order], transitions, packing)
    for start, piece in zip(starts, pieces, strict=True):
        chances = everything(piece, transitions)
        assert tuple(found[start : start + len(piece)]) == max(chances, key=lambda path: chances[path])


def test_overwhelming_evidence_does_not_underflow() -> None:
    packing = pack(np.array([0]), np.array([3]))
    evidence = np.array([[0.0, -2000, -2000, -2000, -2000], [-2000, -2000, 0, -2000, -2000], [0, -9000, -9000, 0, 0]])
    found = forward_backward(evidence, np.where(allowed(TAGS), 0.0, -np.inf), packing)
    assert np.isfinite(found.tags).all()
    np.testing.assert_allclose(found.tags.sum(axis=1), 1)


SPANS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 4), st.integers(0, 1), st.sampled_from([0.2, 0.5, 0.6, 0.9])),
    unique_by=lambda span: span[:3],
)


@given(SPANS)
def test_of_spans_that_overlap_the_likeliest_is_taken_then_the_first(drawn: list[tuple[int, int, int, float]]) -> None:
    spans = [(first, first + length, label) for first, length, label, _ in drawn]
    chances = [chance for *_, chance in drawn]
    taken: list[int] = []
    for number in sorted(range(len(spans)), key=lambda number: (-chances[number], spans[number])):
        apart = all(spans[number][1] <= spans[k][0] or spans[k][1] <= spans[number][0] for k in taken)
        if chances[number] >= THRESHOLD and apart:
            taken.append(number)
    units = np.array(spans, dtype=np.int64).reshape(-1, 3)
    assert list(likeliest_apart(units, np.array(chances))) == taken


def test_sums_of_chosen_rows_per_group() -> None:
    rows = np.arange(6.0).reshape(3, 2)
    assert group_sums(np.array([0, 2, 2]), rows, 4).tolist() == [[0, 1], [0, 0], [6, 8], [0, 0]]
    assert group_sums(np.array([1, 1]), rows, 2, row=np.array([2, 2])).tolist() == [[0, 0], [8, 10]]


def test_digamma_at_known_points() -> None:
    gamma = 0.57721566490153286
    points = np.array([1.0, 0.5, 2.0, 10.0, 1e-3, 1e5])
    values = [-gamma, -gamma - 2 * np.log(2), 1 - gamma, 2.2517525890667211, -1000.5755719318103, 11.512920464961896]
    np.testing.assert_allclose(digamma(points), values, atol=1e-9)


def test_calibration_pools_falling_shares_and_survives_json() -> None:
    confidences = [0.2] * 100 + [0.6] * 100 + [0.8] * 100 + [0.9] * 100
    correct = [n < share for share in (10, 60, 40, 90) for n in range(100)]
    line = fit(confidences, correct)
    assert line is not None
    assert line.probability(0.1) == line.probability(0.2) == pytest.approx(0.1)
    assert line.probability(0.7) == pytest.approx(0.5)
    assert line.probability(1.0) == pytest.approx(0.9)
    assert Calibration.from_json(line.as_json()) == line


def test_calibration_needs_two_hundred_spans() -> None:
    assert fit([0.5] * 199, [True] * 199) is None
    assert fit([0.5] * 200, [True] * 200) is not None
