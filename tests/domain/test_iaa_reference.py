"""Published agreement figures: every case of the reference file whose measure is offered.

`NOT_OFFERED` lists the others, so that a case that is new there cannot be passed over.

Published beside the file: bratiaa's `agree-2` and its per-label figures are in `test_agreement.py`. Its
`example-project` (F1 .890 over four annotators and seven documents) is not covered: it is not in the
file, and of its annotators Lisa's seven documents and Max's `esp.train-doc-29` could not be had. Every
figure it publishes is a mean over all six pairs, so none can be checked without them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotation.domain.tags import bio_to_spans
from quality.domain.span_agreement import pair_counts
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
from quality.numeric.unitizing import UnitAlpha, pooled, unit_alpha

DATA = Path(__file__).parents[3] / "shared" / "data"
REFERENCE = DATA / "iaa_reference" / "iaa_reference.json"

NOT_OFFERED = {
    "alpha_ordinal": "labels have no order",
    "alpha_interval": "labels are no numbers",
    "alpha_ratio": "labels are no numbers",
    "alpha_weighted": "no weights between labels",
    "kappa_weighted": "no weights between labels",
    "s": "chance as if all labels were equally common, which they never are",
    "gamma": "minutes for one document with five people",
    "gamma_cat": "minutes for one document with five people",
    "best_alignment_disorder (alpha=3, beta=1, delta_empty=1)": "a part of gamma",
}

Expected = dict[str, Any]


def reference() -> Iterator[Any]:
    if not REFERENCE.exists():
        yield pytest.param(None, None, marks=pytest.mark.skip(f"no {REFERENCE.name} beside the repository"))
        return
    for case in json.loads(REFERENCE.read_text())["cases"]:
        for expected in case["expected"]:
            if expected["measure"] not in NOT_OFFERED:
                yield pytest.param(case, expected, id=f"{case['id']}-{expected['measure']}")


@pytest.mark.parametrize(("case", "expected"), list(reference()))
def test_a_published_figure(case: dict[str, Any], expected: Expected) -> None:
    value = KINDS[case["kind"]](case["data"], expected["measure"])
    assert value is not None
    assert value == pytest.approx(expected["value"], abs=expected["tolerance"])
    if expected["recomputed"] is not None:
        assert value == pytest.approx(expected["recomputed"], abs=5e-7 if case["data"] is None else 1e-9)


def of_matrix(data: list[list[Any]], measure: str) -> float | None:
    values = sorted({cell for row in data for cell in row if cell is not None}, key=str)
    counts = np.array([[sum(row[u] == value for row in data) for value in values] for u in range(len(data[0]))])
    if measure.startswith("fleiss_category_"):
        one = counts[:, [[str(value) for value in values].index(measure[len("fleiss_category_") :])]]
        return fleiss_kappa(np.hstack([one, counts.sum(axis=1, keepdims=True) - one])).value
    return of_counts(counts, measure)


def of_counts(counts: IntArray, measure: str) -> float | None:
    if measure == "alpha_nominal":
        package, own = alpha([counts]), alpha([counts], package_limit=0)
        assert own.value == pytest.approx(package.value, abs=1e-9)
        return own.value
    fleiss = fleiss_kappa(counts)
    return {
        "percent": fleiss.observed,
        "observed": fleiss.observed,
        "expected": fleiss.expected,
        "fleiss_kappa": fleiss.value,
    }[measure]


def of_table(data: dict[str, Any], measure: str) -> float | None:
    table = np.array(data["counts"])
    if measure == "kappa":
        return cohen_kappa(table).value
    if measure == "scott_pi":
        return scott_pi(table).value
    if measure == "ac1":
        of_two = gwet_ac1_of_table(table).value
        assert of_two == pytest.approx(gwet_ac1(counts_of_table(table)).value, abs=1e-12)
        return of_two
    return of_counts(counts_of_table(table), measure)


def of_units(length: int) -> Callable[[list[list[list[Any]]], str], float | None]:
    def measured(people: list[list[list[Any]]], measure: str) -> float | None:
        shift = 150 if length == 300 else 0
        kinds = sorted({kind for units in people for _, _, kind in units})
        parts: dict[str, UnitAlpha] = {}
        for kind in kinds:
            cut = [[(b - shift, b - shift + size) for b, size, k in units if k == kind] for units in people]
            parts[kind] = unit_alpha(length, cut)
        name, _, kind = measure.rpartition("_") if measure[-2] == "_" and measure != "alpha_u" else (measure, "", "")
        part = parts[kind] if kind else pooled(list(parts.values()))
        return {"alpha_u": part.value, "Do": part.observed, "De": part.expected}[name]

    return measured


def of_label_sets(data: list[list[list[str]]], measure: str) -> float | None:
    units: Counter[tuple[frozenset[str] | None, ...]] = Counter(
        tuple(frozenset(cell) for cell in pair) for pair in data
    )
    if measure == "alpha_masi":
        return set_alpha(units, masi_distance).value
    return set_alpha(units, lambda first, second: float(first != second)).value


def rows_of(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def of_novels(_data: None, measure: str) -> float | None:
    """Cohen's kappa over O, B and I. Of two tags of a word PERX goes first; a few are misspelt, as OB-PERX."""
    _, which, novel = measure.rsplit(", ", 2)
    wanted = ("-PERSON",) if which == "PERSON only" else ("-PERX", "-PERSON")
    columns = []
    for annotator in "12":
        rows = rows_of(DATA / "novels_doccano" / "gs" / f"{novel}_{annotator}.tsv")[1:]
        columns.append(np.array(["OBI".index(cut_of(row[1:], wanted)) for row in rows]))
    return cohen_kappa(table_of(columns[0], columns[1], 3)).value


def cut_of(tags: Sequence[str], wanted: Sequence[str]) -> str:
    found = [tag[0] for ending in wanted for tag in tags if tag.endswith(ending)]
    return found[0] if found and found[0] in "BI" else "B" if found and found[0] == "O" else "O"


def of_systems(_data: None, measure: str) -> float | None:
    """The F1 of a pair is the F1 against gold when one of the two is gold."""
    path = DATA / "wnut17_systems" / "test.tsv"
    sentences = [
        [line.split("\t") for line in block.split("\n") if line and not line.startswith("# token")]
        for block in path.read_text(encoding="utf-8").split("\n\n")
    ]
    column = path.read_text(encoding="utf-8").split("\n")[0].split("\t").index(measure.removeprefix("entity F1 "))
    spans: list[set[Any]] = [set(), set()]
    for number, rows in enumerate(sentences):
        tokens = [(at, at + 1) for at in range(number * 10_000, number * 10_000 + len(rows))]
        for side, tags in zip(spans, ([row[1] for row in rows], [row[column] for row in rows]), strict=True):
            side.update(bio_to_spans(tokens, tags))
    value = pair_counts(*spans).f1().value
    return None if value is None else round(100 * value, 2)


KINDS: dict[str, Callable[[Any, str], float | None]] = {
    "matrix": of_matrix,
    "table": of_table,
    "units (start, length, category) per coder; continuum 150..450": of_units(300),
    "units (start, length, category) per coder; continuum 0..28800": of_units(28_800),
    "units; continuum 0..10": of_units(10),
    "pairs of label sets": of_label_sets,
    "columns of wnut17_systems/test.tsv": of_systems,
    "files in novels_doccano/gs (columns: token, tag layer 1, tag layer 2; _1 and _2 are the annotators)": of_novels,
}


def test_what_is_not_offered_is_in_the_file() -> None:
    """A measure that is renamed there must not fall between the two lists."""
    if not REFERENCE.exists():
        pytest.skip(f"no {REFERENCE.name} beside the repository")
    cases = json.loads(REFERENCE.read_text())["cases"]
    assert NOT_OFFERED.keys() <= {expected["measure"] for case in cases for expected in case["expected"]}
