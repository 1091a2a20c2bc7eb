"""Our scores on real corpora against conlleval's rules, written down here a second time.

conlleval walks over the tags and decides at each whether a chunk ends before it and whether one
starts with it; we make spans and compare sets. What we write ourselves is always valid IOB2, but
gold files and other systems' outputs are not, so broken sequences are compared as well.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from activelearning.domain.metrics import evaluate
from annotation.domain.tags import bio_to_spans

DATA = Path(__file__).parents[3] / "shared" / "data"
Sentence = tuple[list[str], list[str]]
"""Gold tags, predicted tags."""

CORPORA = [
    "wnut17/test.conll",
    "ncbi_disease/test.conll",
    "wikigold/all.conll",
    "ler_german/dev.conll",
    "uner_zh/test.conll",
    "crossner_politics/test.conll",
]


def split(tag: str) -> tuple[str, str]:
    prefix, _, label = tag.partition("-")
    return prefix, label


def ends(before: str, tag: str) -> bool:
    """conlleval's endOfChunk, for the prefixes O, B and I."""
    (prefix_before, label_before), (prefix, label) = split(before), split(tag)
    if prefix_before in "BI" and prefix in "BO":
        return True
    return prefix_before != "O" and label_before != label


def starts(before: str, tag: str) -> bool:
    """conlleval's startOfChunk."""
    (prefix_before, label_before), (prefix, label) = split(before), split(tag)
    if prefix == "B" or (prefix_before == "O" and prefix == "I"):
        return True
    return prefix != "O" and label_before != label


def conlleval(sentences: list[Sentence]) -> dict[str, tuple[int, int, int]]:
    """Label → (gold, found, correct); "" is all of them."""
    gold, found, correct = Counter(), Counter(), Counter()
    for truth, guess in sentences:
        before_truth = before_guess = "O"
        inside = ""
        for now_truth, now_guess in [*zip(truth, guess, strict=True), ("O", "O")]:
            truth_ends, guess_ends = ends(before_truth, now_truth), ends(before_guess, now_guess)
            if inside and truth_ends and guess_ends:
                correct[inside] += 1
            if truth_ends or guess_ends or split(now_truth)[1] != split(now_guess)[1]:
                inside = ""
            if starts(before_truth, now_truth):
                gold[split(now_truth)[1]] += 1
            if starts(before_guess, now_guess):
                found[split(now_guess)[1]] += 1
            both_start = starts(before_truth, now_truth) and starts(before_guess, now_guess)
            if both_start and split(now_truth)[1] == split(now_guess)[1]:
                inside = split(now_truth)[1]
            before_truth, before_guess = now_truth, now_guess
    result = {name: (gold[name], found[name], correct[name]) for name in gold | found}
    return result | {"": (gold.total(), found.total(), correct.total())}


def ours(sentences: list[Sentence]) -> dict[str, tuple[int, int, int]]:
    def spans(tags: list[str]) -> list:
        return bio_to_spans([(at, at + 1) for at in range(len(tags))], tags)

    result = evaluate((spans(truth), spans(guess)) for truth, guess in sentences)
    found = {name: (q.gold, q.predicted, q.correct) for name, q in result.labels.items()}
    return found | {"": (result.overall.gold, result.overall.predicted, result.overall.correct)}


def columns(name: str) -> Iterator[list[list[str]]]:
    """Sentence by sentence, the rows of a file of columns."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no {name} beside the repository")
    rows: list[list[str]] = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip() and not line.startswith("# "):
            rows.append(line.split("\t"))
        elif rows:
            yield rows
            rows = []


def noisy(tags: list[str], labels: list[str], chance: random.Random) -> list[str]:
    """A prediction with one tag in eight changed to any other, so that most sequences are broken somewhere."""
    any_tag = ["O", *(f"{prefix}-{label}" for prefix in "BI" for label in labels)]
    return [chance.choice(any_tag) if chance.random() < 1 / 8 else tag for tag in tags]


def is_broken(tags: list[str]) -> bool:
    return any(
        now.startswith("I-") and split(now)[1] != split(before)[1]
        for before, now in zip(["O", *tags], tags, strict=False)
    )


@pytest.mark.parametrize("name", CORPORA)
def test_noisy_predictions_are_counted_as_conlleval_counts_them(name: str) -> None:
    gold = [[row[-1] for row in sentence] for sentence in columns(name)]
    labels = sorted({split(tag)[1] for tags in gold for tag in tags} - {""})
    chance = random.Random(name)
    sentences = [(tags, noisy(tags, labels, chance)) for tags in gold]
    assert sum(is_broken(guess) for _, guess in sentences) > len(sentences) / 20
    assert ours(sentences) == conlleval(sentences)


@pytest.mark.parametrize("column", range(2, 9))
def test_seven_systems_are_scored_as_conlleval_scores_them(column: int) -> None:
    sentences = [
        ([row[1] for row in sentence], [row[column] for row in sentence])
        for sentence in columns("wnut17_systems/test.tsv")
    ]
    assert ours(sentences) == conlleval(sentences)


@pytest.mark.parametrize(("column", "published"), [(8, 41.86), (7, 40.78)])
def test_two_systems_get_the_figures_that_were_published(column: int, published: float) -> None:
    """Aguilar et al. 2017 and von Däniken and Cieliebak 2017, both entity F1 on this test set."""
    sentences = [([r[1] for r in s], [r[column] for r in s]) for s in columns("wnut17_systems/test.tsv")]
    gold, found, correct = ours(sentences)[""]
    assert round(100 * 2 * correct / (gold + found), 2) == published
