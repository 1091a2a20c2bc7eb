"""The CRF against enumerating every tag sequence."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from activelearning.engine.crf import Crf, allowed, tag_names

TAGS = tag_names(["A", "B"])


def legal(path):
    return all(allowed(TAGS[a], TAGS[b]) for a, b in itertools.pairwise(path)) and allowed("O", TAGS[path[0]])


def brute_force(crf, emissions):
    """Log weight of every legal path of one unpadded sequence (W, T)."""
    weights = {}
    for path in itertools.product(range(len(TAGS)), repeat=len(emissions)):
        if legal(path):
            weight = crf.start[path[0]] + crf.end[path[-1]]
            weight = weight + sum(emissions[word, tag] for word, tag in enumerate(path))
            weight = weight + sum(crf.transitions[a, b] for a, b in itertools.pairwise(path))
            weights[path] = float(weight)
    return weights


def random_crf(seed):
    torch.manual_seed(seed)
    crf = Crf(TAGS)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    return crf.requires_grad_(False)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_partition_best_path_and_marginals_equal_enumeration_for_padded_batches(seed, lengths):
    crf = random_crf(seed)
    emissions = torch.randn(len(lengths), max(lengths), len(TAGS))
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    scores, paths = crf.decode(emissions, mask)
    marginals, partitions = crf.marginals(emissions, mask)
    assert torch.allclose(partitions.float(), crf.log_partition(emissions, mask), atol=1e-4)
    for row, length in enumerate(lengths):
        weights = brute_force(crf, emissions[row, :length])
        total = math.log(math.fsum(math.exp(weight) for weight in weights.values()))
        best = max(weights, key=weights.__getitem__)
        assert float(partitions[row]) == pytest.approx(total, abs=1e-4)
        assert float(scores[row]) == pytest.approx(weights[best], abs=1e-4)
        assert tuple(paths[row, :length].tolist()) == best
        for word in range(length):
            for tag in range(len(TAGS)):
                share = math.fsum(math.exp(w - total) for path, w in weights.items() if path[word] == tag)
                assert float(marginals[row, word, tag]) == pytest.approx(share, abs=1e-4)


def log_probabilities(crf, emissions):
    weights = brute_force(crf, emissions)
    total = math.log(math.fsum(math.exp(weight) for weight in weights.values()))
    return {path: weight - total for path, weight in weights.items()}


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_a_pool_holds_each_path_as_likely_as_the_geometric_mean_of_both(seed, length):
    first, second = random_crf(seed), random_crf(seed + 1)
    ours, theirs = torch.randn(length, len(TAGS)), torch.randn(length, len(TAGS))
    kept = {name: value.clone() for name, value in first.state_dict().items()}
    pool = log_probabilities(first.pooled(second), (ours + theirs) / 2)
    one, two = log_probabilities(first, ours), log_probabilities(second, theirs)
    means = {path: (one[path] + two[path]) / 2 for path in pool}
    common = math.log(math.fsum(math.exp(mean) for mean in means.values()))
    assert pool == pytest.approx({path: mean - common for path, mean in means.items()}, abs=1e-4)
    assert all(torch.equal(value, kept[name]) for name, value in first.state_dict().items()), "the two stay as they are"


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 5))
def test_the_probabilities_of_all_legal_paths_sum_to_one(seed, length):
    crf = random_crf(seed)
    emissions = torch.randn(1, length, len(TAGS))
    mask = torch.ones(1, length, dtype=torch.bool)
    paths = [path for path in itertools.product(range(len(TAGS)), repeat=length) if legal(path)]
    tags = torch.tensor(paths)
    scores = crf.path_score(emissions.expand(len(paths), -1, -1), tags, mask.expand(len(paths), -1))
    assert float(torch.logsumexp(scores, 0) - crf.log_partition(emissions, mask)[0]) == pytest.approx(0, abs=1e-4)


def test_the_loss_counts_words_and_ignores_padding():
    crf = random_crf(1)
    emissions = torch.randn(1, 3, len(TAGS))
    tags = torch.tensor([[1, 2, 0]])
    short = crf.loss(emissions[:, :2], tags[:, :2], torch.ones(1, 2, dtype=torch.bool))
    padded = crf.loss(emissions, tags, torch.tensor([[True, True, False]]))
    assert float(short) == pytest.approx(float(padded), abs=1e-5)


def test_no_decoded_sequence_breaks_iob2_even_when_the_emissions_ask_for_it():
    crf = Crf(TAGS).requires_grad_(False)
    inside = TAGS.index("I-A")
    emissions = torch.zeros(1, 4, len(TAGS))
    emissions[:, :, inside] = 50.0
    path = crf.decode(emissions, torch.ones(1, 4, dtype=torch.bool))[1][0].tolist()
    assert legal(path)
    assert [TAGS[tag] for tag in path] == ["B-A", "I-A", "I-A", "I-A"]
