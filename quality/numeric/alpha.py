"""Krippendorff's alpha for nominal tags of tokens.

Units are the stored tokens; a rater covers a document's tokens only if they submitted it, so a
submitted document without spans is a row of O and an unsubmitted one is missing. One matrix of
tag codes per document feeds every view of the same work:

bio     O, B-x, I-x            how far people write the same tags
type    O, x                   the same without the cut between neighbours
detect  O, entity              do they find the same words
label   x, O counts as missing do they call what both found the same
=x      x or not, per label

Alpha is 1 - D_o/D_e (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"). Of the
coincidence matrix only the row sums and the diagonal are needed, and both add up over documents:
that is the own sum, with which the intervals are drawn. On report scale the package
`krippendorff` computes the figure itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import krippendorff
import numpy as np
import numpy.typing as npt

from quality.numeric.intervals import MIN_DOCUMENTS, Interval, interval

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

NO_OVERLAP = "no_overlap"
NO_VARIATION = "no_variation"
TOO_FEW = "too_few"

MISSING = -1
PACKAGE_LIMIT = 10**7
"""The package needs about 3·N·V²·8 bytes for N units and V values: a quarter of a GB here."""
BLOCK_DOCUMENTS = 2_000


@dataclass(frozen=True)
class Alpha:
    """Alpha, or None with the reason code; `n` units with two or more ratings."""

    value: float | None
    reason: str | None
    n: int
    observed: float | None = None
    """Observed agreement, 1 - D_o; says what happened where alpha is undefined."""


@dataclass(frozen=True)
class View:
    """A reading of the tag codes: `lookup[code]` is the value, MISSING where it does not count."""

    name: str
    values: int
    lookup: IntArray


def views(labels: Sequence[str]) -> dict[str, View]:
    """The views of a label set. Code 0 is O, 2i+1 is B-labels[i], 2i+2 is I-labels[i]."""
    codes = np.arange(2 * len(labels) + 1, dtype=np.int64)
    types = (codes + 1) // 2
    entity = (codes > 0).astype(np.int64)
    result = [
        View("bio", len(codes), codes),
        View("type", len(labels) + 1, types),
        View("detect", 2, entity),
        View("label", max(len(labels), 1), types - 1),
    ]
    result += [View(f"={label}", 2, (types == number).astype(np.int64)) for number, label in enumerate(labels, 1)]
    return {view.name: view for view in result}


def encode(tags: Sequence[Sequence[str]], labels: Sequence[str]) -> IntArray:
    """BIO tags of one document, one row per annotator → codes, tokens × annotators.

    Raises KeyError for a tag of a label that is not in `labels`.
    """
    code = {"O": 0}
    for number, label in enumerate(labels):
        code[f"B-{label}"], code[f"I-{label}"] = 2 * number + 1, 2 * number + 2
    rows = [[code[tag] for tag in row] for row in tags]
    return np.array(rows, dtype=np.int64).reshape(len(tags), -1).T


def value_counts(codes: IntArray, view: View) -> IntArray:
    """How many annotators gave each value: tokens × values. `codes` may hold MISSING."""
    looked_up = np.where(codes == MISSING, MISSING, view.lookup[codes])
    return np.stack([(looked_up == value).sum(axis=1) for value in range(view.values)], axis=1)


def additive_row(counts: IntArray) -> FloatArray:
    """Of one document's coincidences: the V row sums n_c, their diagonal Σo_cc, the units.

    Rows of documents add up. n_c needs no division, since Σ_k o_ck = Σ_u n_uc over the units
    with m_u ≥ 2, and Σ_c o_cc = Σ_u Σ_c n_uc (n_uc - 1) / (m_u - 1).
    """
    row: FloatArray = _unit_rows(counts).sum(axis=0)
    return row


def _unit_rows(counts: IntArray) -> FloatArray:
    """`additive_row` of every single unit: units × (V + 2)."""
    ratings = counts.sum(axis=1)
    paired = ratings >= 2
    agreeing = (counts * (counts - 1)).sum(axis=1) / np.maximum(ratings - 1, 1)
    rows: FloatArray = np.column_stack([counts, agreeing, np.ones(len(counts))]) * paired[:, None]
    return rows


@dataclass(frozen=True)
class Block:
    """Many documents in one array, so that a view of all of them is one operation."""

    codes: IntArray
    """units × annotators, MISSING where a document has fewer annotators than another"""
    starts: IntArray
    """First unit of each document."""


def blocks(documents: Sequence[IntArray]) -> list[Block]:
    """Code matrices of documents (tokens × annotators) → blocks; documents without tokens drop out."""
    filled = [codes for codes in documents if len(codes)]
    return [_block(filled[at : at + BLOCK_DOCUMENTS]) for at in range(0, len(filled), BLOCK_DOCUMENTS)]


def _block(documents: Sequence[IntArray]) -> Block:
    lengths = [len(codes) for codes in documents]
    starts = np.cumsum([0, *lengths[:-1]])
    width = max(codes.shape[1] for codes in documents)
    matrix = np.full((sum(lengths), width), MISSING)
    for start, codes in zip(starts, documents, strict=True):
        matrix[start : start + len(codes), : codes.shape[1]] = codes
    return Block(matrix, starts)


def document_rows(parts: Sequence[Block], view: View) -> FloatArray:
    """`additive_row` of every document: documents × (V + 2)."""
    rows = [np.add.reduceat(_unit_rows(value_counts(part.codes, view)), part.starts, axis=0) for part in parts]
    return np.concatenate(rows) if rows else np.zeros((0, view.values + 2))


def alpha_of_blocks(parts: Sequence[Block], view: View, rows: FloatArray) -> Alpha:
    """Alpha over all documents; `rows` from `document_rows`. By the package where it may."""
    if sum(len(part.codes) for part in parts) * view.values**2 > PACKAGE_LIMIT:
        return alpha_of_row(rows.sum(axis=0))
    return alpha([value_counts(part.codes, view) for part in parts])


def alpha_of_row(row: FloatArray) -> Alpha:
    """Alpha from a sum of `additive_row`s."""
    values, agreeing, units = row[:-2], row[-2], int(row[-1])
    total = values.sum()
    if units == 0:
        return Alpha(None, NO_OVERLAP, 0)
    observed = float(agreeing / total)
    if units == 1:
        return Alpha(None, TOO_FEW, 1, observed)
    expected = 1 - (values * (values - 1)).sum() / (total * (total - 1))
    if np.count_nonzero(values) < 2:
        return Alpha(None, NO_VARIATION, units, observed)
    return Alpha(float(1 - (1 - observed) / expected), None, units, observed)


def alpha(documents: Sequence[IntArray], *, package_limit: int = PACKAGE_LIMIT) -> Alpha:
    """Alpha over the value counts of documents, by the package where its memory allows.

    Args:
        documents: tokens × values each, the same values in all.
        package_limit: largest N·V² that is given to the package.
    """
    if not documents:
        return Alpha(None, NO_OVERLAP, 0)
    own = alpha_of_row(np.sum([additive_row(counts) for counts in documents], axis=0))
    units = sum(len(counts) for counts in documents)
    if own.value is None or units * documents[0].shape[1] ** 2 > package_limit:
        return own
    value = krippendorff.alpha(value_counts=np.concatenate(documents), level_of_measurement="nominal")
    return Alpha(float(value), None, own.n, own.observed)


def alphas_of_sums(sums: FloatArray) -> FloatArray:
    """Alpha of each line of summed `additive_row`s, NaN where it is undefined."""
    values, total = sums[:, :-2], sums[:, :-2].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = sums[:, -2] / total
        expected = 1 - (values * (values - 1)).sum(axis=1) / (total * (total - 1))
        result: FloatArray = 1 - (1 - observed) / expected
    result[np.count_nonzero(values, axis=1) < 2] = np.nan
    return result


def fractions_of_sums(sums: FloatArray) -> FloatArray:
    """`sums`: lines of (numerator, denominator)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result: FloatArray = sums[:, 0] / sums[:, 1]
    return result


def alpha_interval(rows: FloatArray, *, draws: int | None = None, seed: int = 0) -> Interval | None:
    """Resample documents. `rows`: documents × (V + 2), from `additive_row`.

    None if fewer than MIN_DOCUMENTS hold anything but the commonest value. What alpha holds disagreement against is
    in those alone: where a label is rare, a sample of documents that agree on nothing but its absence says nothing on it,
    however many they are.
    """
    values = rows[:, :-2]
    others = np.delete(values, values.sum(axis=0).argmax(), axis=1)
    if np.count_nonzero(others.any(axis=1)) < MIN_DOCUMENTS:
        return None
    return interval(rows, alphas_of_sums, draws=draws, seed=seed)


def fraction_interval(rows: FloatArray, *, draws: int | None = None, seed: int = 0) -> Interval | None:
    """Resample documents of a pooled fraction. `rows`: documents × (numerator, denominator)."""
    return interval(rows, fractions_of_sums, draws=draws, seed=seed)


def alphas(documents: Sequence[IntArray], labels: Sequence[str]) -> Mapping[str, Alpha]:
    """Alpha of every view over code matrices (tokens × annotators)."""
    parts = blocks(documents)
    return {name: alpha_of_blocks(parts, view, document_rows(parts, view)) for name, view in views(labels).items()}
