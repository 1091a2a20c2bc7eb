"""Dawid and Skene on tags: each voice has a table of what it says where each tag is true.

Dawid and Skene 1979, "Maximum likelihood estimation of observer error-rates using the EM
algorithm", Applied Statistics 28:20-28, with a small prior; units are independent, and only the
spans at the end know which tag may follow which.
"""

from __future__ import annotations

import numpy as np

from quality.numeric.consensus.chain import OUTSIDE, Floats, allowed
from quality.numeric.consensus.evidence import Evidence
from quality.numeric.consensus.habits import habits
from quality.numeric.consensus.tagging import Tagging

ROUNDS = 20
SMOOTHING = 0.1
TRUST = 30.0
"""Made-up right answers in the common table; what is known of a person nobody can be compared with."""
WEIGHT = 1.0
SETTLED = 1e-4


def estimate(evidence: Evidence, *, rounds: int = ROUNDS) -> tuple[Floats, Tagging]:
    """Probabilities of the tags, patterns × tags, and what a decoder needs."""
    tables = habits(evidence, base=SMOOTHING, trust=TRUST, weight=WEIGHT, sequence=False)
    sizes = np.bincount(evidence.pattern, minlength=len(evidence.entry_start))[:, None]
    possible = evidence.open_tags()
    posterior = shares(evidence)
    for _ in range(rounds):
        tag_counts = (posterior * sizes).sum(axis=0) + SMOOTHING
        rows, totals = tables.counts(evidence, posterior * sizes)
        logs = np.log(rows / totals)
        scores = tables.evidence(evidence, logs) + np.log(tag_counts / tag_counts.sum())
        scores[~possible] = -np.inf
        updated = np.exp(scores - scores.max(axis=1, keepdims=True))
        updated /= updated.sum(axis=1, keepdims=True)
        change = np.abs(updated - posterior).max()
        posterior = updated
        if change < SETTLED:
            break
    transitions = np.where(allowed(evidence.tags), 0.0, -np.inf)
    return posterior, Tagging(evidence, scores[evidence.pattern], transitions, tables, logs)


def shares(evidence: Evidence) -> Floats:
    """patterns × tags: the share each tag has among those who were asked about its label."""
    asked = np.repeat(np.maximum(evidence.asked, 1), 2, axis=1)
    tag = evidence.tag[evidence.entry_answer]
    marked = tag != OUTSIDE
    votes = np.zeros((len(asked), evidence.tags))
    np.add.at(votes, (evidence.entry_pattern[marked], tag[marked]), 1.0)
    votes[:, 1:] /= asked
    votes[:, OUTSIDE] = np.maximum(0.0, 1 - votes[:, 1:].sum(axis=1))
    votes = (votes + SMOOTHING / evidence.tags) * evidence.open_tags()
    result: Floats = votes / votes.sum(axis=1, keepdims=True)
    return result
