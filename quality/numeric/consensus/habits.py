"""What each voice says where: a table per voice, shrunk towards what people here say.

Little is known of each voice about rare tags. The prior of its table is therefore in part the table
of all voices together (empirical Bayes): whether a crowd mostly overlooks names or mostly invents
them is learned from the crowd. The other part only expects people to be right. Without it a model
that also reads the words can explain a crowd away; with nothing else it trusts silence too much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.numeric.consensus.chain import OUTSIDE, Floats, Ints, allowed
from quality.numeric.consensus.evidence import ALL, Evidence, column_wise, group_sums


@dataclass(frozen=True, slots=True)
class Table:
    """Answers that were ever given in their contexts: one voice, or one kind of voice, after one tag.

    Answers nobody gave are not stored, so a table stays small whatever the number of labels.
    """

    context: Ints
    """Row → context."""
    contexts: int

    def totals(self, rows: Floats) -> Floats:
        """Sums over the rows of a context: contexts × tags."""
        return group_sums(self.context, rows, self.contexts)


@dataclass(frozen=True, slots=True)
class Habits:
    """p(answer | true tag, the voice's tag before)."""

    answer: Ints
    """Entry of the evidence → row."""
    own: Table
    common: Table
    """The same of all voices that answer the same question."""
    row: Ints
    """Row of `own` → row of `common`."""
    prior: Floats
    """Rows of `common` × tags: made-up counts."""
    prior_total: Floats
    """Contexts of `common` × tags: their sum over all possible answers, also those not stored."""
    weight: float
    """How many answers of a voice's own weigh as much as the common table."""
    faith: float
    """The share of `prior` that stands in a voice's own table beside the common one."""

    def counts(self, evidence: Evidence, patterns: Floats) -> tuple[Floats, Floats]:
        """Counts with the prior, rows × tags, and their totals over the answers of the row's context.

        `patterns`: expected number of units, patterns × tags.
        """
        rows = group_sums(
            self.answer[evidence.shared], patterns, len(self.row), row=evidence.entry_pattern[evidence.shared]
        )
        pooled = group_sums(self.row, rows, len(self.prior))
        share = (pooled + self.prior) / (self.common.totals(pooled) + self.prior_total)[self.common.context]
        made_up = self.weight * share + self.faith * self.prior
        made_up_total = self.weight + self.faith * self.prior_total[self.common.context]
        return rows + made_up[self.row], self.own.totals(rows)[self.own.context] + made_up_total[self.row]

    def evidence(self, evidence: Evidence, logs: Floats) -> Floats:
        """`logs`: log p of the rows → log-likelihoods, patterns × tags."""
        return column_wise(lambda column: np.add.reduceat(column[self.answer], evidence.entry_start), logs)


def habits(
    evidence: Evidence, *, base: float, trust: float, weight: float, sequence: bool, faith: float = 0.0
) -> Habits:
    """Tables of which nothing is known yet.

    Args:
        base: made-up count of every possible answer in the common table.
        trust: made-up count more for the right one.
        weight: of the common table in a voice's own.
        sequence: a table for every tag the voice gave before; False: one for all.
        faith: how often `base` and `trust` stand once more in each voice's own table.
    """
    before = evidence.before if sequence else np.full_like(evidence.before, ALL)
    labels = np.array([label for _, label in evidence.voices])
    rows, answer = _unique(np.stack([evidence.voice, before, evidence.tag]))
    contexts, context = _unique(rows[:2])
    common, row = _unique(np.stack([labels[rows[0]], rows[1], rows[2]]))
    common_contexts, common_context = _unique(common[:2])
    expected = np.stack([_expected(label, tag, evidence.tags) for label, tag in common[:2].T])
    possible = np.array([_possible(label, tag, evidence.labels) for label, tag in common_contexts.T])
    return Habits(
        answer=answer[evidence.entry_answer],
        own=Table(context, contexts.shape[1]),
        common=Table(common_context, common_contexts.shape[1]),
        row=row,
        prior=base + trust * (expected == common[2][:, None]),
        prior_total=np.repeat(base * possible[:, None] + trust, evidence.tags, axis=1),
        weight=weight,
        faith=faith,
    )


def _unique(columns: Ints) -> tuple[Ints, Ints]:
    """Distinct columns, and for each column which of them it is."""
    distinct, which = np.unique(columns, axis=1, return_inverse=True)
    return distinct, which.reshape(-1)


def _expected(label: int, before: int, tags: int) -> Ints:
    """True tag → the right answer of a voice about `label` that said `before`.

    Somebody who missed where an entity begins and joins in says B where I is true.
    """
    answer = np.arange(tags)
    if label != ALL:
        answer[(answer + 1) // 2 != label + 1] = OUTSIDE
    if before != ALL:
        answer = np.where(allowed(tags)[before, answer], answer, answer - 1)
    return answer


def _possible(label: int, before: int, labels: int) -> int:
    """How many different answers a voice about `label` can give."""
    labels = labels if label == ALL else 1
    if before == ALL:
        return 2 * labels + 1
    return labels + 1 + (before != OUTSIDE)
