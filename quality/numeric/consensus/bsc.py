"""Bayesian sequence combination: the tags of a text are a chain, the answers come from people.

Simpson and Gurevych 2019, "A Bayesian approach for sequence tagging with crowds" (EMNLP), the
model with the confusion table that also looks at the person's previous answer (BSC-seq), and with
more of the text than its words. Fitted by mean-field variational EM from a Dawid-Skene start.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quality.numeric.consensus import dawid_skene
from quality.numeric.consensus.chain import Floats, allowed, forward_backward
from quality.numeric.consensus.digamma import digamma
from quality.numeric.consensus.evidence import Evidence
from quality.numeric.consensus.habits import habits
from quality.numeric.consensus.reading import Reading
from quality.numeric.consensus.tagging import Tagging
from quality.numeric.consensus.words import features

ROUNDS = 10
START_ROUNDS = 5
BASE = 1.0
TRUST = 10.0
"""Made-up right answers in every table: what people are taken to be before anything is known."""
WEIGHT = 30.0
"""Made-up answers of a person that are spread like those of everybody."""
SETTLED = 1e-3


def estimate(evidence: Evidence, readings: Sequence[Reading]) -> Tagging:
    """The fitted model of `readings`, the ones `evidence` was gathered from."""
    tables = habits(evidence, base=BASE, trust=TRUST, weight=WEIGHT, sequence=True, faith=1.0)
    words = features(readings, evidence.pieces, evidence.packing.order)
    may_follow = allowed(evidence.tags)
    closed = ~evidence.open_tags()
    start, _ = dawid_skene.estimate(evidence, rounds=START_ROUNDS)
    posterior = start[evidence.pattern]
    following = _neighbours(posterior, evidence)
    for _ in range(ROUNDS):
        rows, totals = tables.counts(evidence, evidence.per_pattern(posterior))
        logs = digamma(rows) - digamma(totals)
        scores = tables.evidence(evidence, logs)
        scores[closed] = -np.inf
        scores = scores[evidence.pattern]
        for feature in words:
            scores += feature.evidence(posterior, BASE)
        counts = np.where(may_follow, following + BASE, 0.0)
        transitions = np.where(
            may_follow, digamma(counts + ~may_follow) - digamma(counts.sum(axis=1, keepdims=True)), -np.inf
        )
        belief = forward_backward(scores, transitions, evidence.packing)
        change = np.abs(belief.tags - posterior).max()
        posterior, following = belief.tags, belief.transitions
        if change < SETTLED:
            break
    return Tagging(evidence, scores, transitions, tables, logs, repeats=True)


def _neighbours(posterior: Floats, evidence: Evidence) -> Floats:
    """Expected transitions as if neighbours knew nothing of each other: where the start is."""
    counts = np.zeros((evidence.tags, evidence.tags))
    for here, before in evidence.packing.slices():
        counts += posterior[before].T @ posterior[here]
    counts[0] += posterior[evidence.packing.first].sum(axis=0)
    return counts
