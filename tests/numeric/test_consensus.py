"""What every consensus method keeps to, the rules of the vote, and reliability with a known truth."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from annotation.domain.spans import LabelledSpan, SpanOverlap
from annotation.domain.text import tokenize
from quality.domain.judgements import JudgedDocument, Judgement
from quality.numeric.consensus import METHODS, Consensus, choose, consensus
from quality.numeric.consensus.evidence import LONGEST_PIECE, cuts, gather
from quality.numeric.consensus.habits import habits
from quality.numeric.consensus.reading import read
from tests.numeric.corpora import LABELS, as_spans, crowd

EVERY = pytest.mark.parametrize("method", METHODS)
PEOPLE = {f"p{number}": 0.35 + 0.06 * number for number in range(11)}


def document(
    text: str, layers: Mapping[str, Sequence[tuple[str, str]]], identifier: str = "d", **asked: str
) -> JudgedDocument:
    """`layers`: annotator → (text of the span, label); `asked`: annotator → the labels they saw."""
    judgements = [
        Judgement(
            name,
            tuple(LabelledSpan(text.index(part), text.index(part) + len(part), label) for part, label in spans),
            frozenset(asked[name].split()) if name in asked else None,
        )
        for name, spans in layers.items()
    ]
    return JudgedDocument(identifier, text, tuple(tokenize(text)), tuple(judgements))


def found(result: Consensus, identifier: str = "d") -> set[tuple[int, int, str]]:
    return {(span.start, span.end, span.label) for span in result.spans[identifier]}


def f1(result: Consensus, documents: Sequence[JudgedDocument]) -> float:
    right = sum(len(found(result, each.id) & as_spans(each)) for each in documents)
    return 2 * right / sum(len(result.spans[each.id]) + len(as_spans(each)) for each in documents)


@EVERY
def test_gold_is_never_read(method: str) -> None:
    documents = crowd(12, PEOPLE)
    poisoned = [replace(each, gold=(LabelledSpan(0, 1, "no label at all"),)) for each in documents]
    assert consensus(documents, LABELS, method) == consensus(poisoned, LABELS, method)


@EVERY
def test_names_and_order_do_not_matter(method: str) -> None:
    documents = crowd(15, PEOPLE)
    plain = consensus(documents, LABELS, method)
    chance = random.Random(1)
    renamed = [
        replace(
            each, judgements=tuple(replace(one, annotator=f"z{99 - int(one.annotator[1:])}") for one in each.judgements)
        )
        for each in documents
    ]
    shuffled = chance.sample(renamed, len(renamed))
    other = consensus(shuffled, LABELS[::-1], method)
    for each in documents:
        assert found(other, each.id) == found(plain, each.id)
        assert other.uncertainty[each.id] == pytest.approx(plain.uncertainty[each.id], abs=1e-6)
    expected = {row.annotator: row.f1 for row in plain.reliability}
    assert {f"p{99 - int(row.annotator[1:])}": row.f1 for row in other.reliability} == pytest.approx(expected)


@EVERY
def test_spans_are_somebodys_do_not_overlap_and_name_both_sides(method: str) -> None:
    documents = crowd(15, PEOPLE)
    result = consensus(documents, LABELS, method)
    assert sum(map(len, result.spans.values())) > 50
    for each in documents:
        people = {one.annotator for one in each.judgements}
        spans = result.spans[each.id]
        assert all(left.end <= right.start for left, right in pairwise(spans))
        for span in spans:
            marked = {
                one.annotator for one in each.judgements if LabelledSpan(span.start, span.end, span.label) in one.spans
            }
            assert set(span.supporters) == marked
            assert marked
            assert set(span.against) == people - marked
            assert 0 <= span.confidence <= 1


@EVERY
def test_documents_without_tokens_judgements_or_a_second_opinion(method: str) -> None:
    blank = JudgedDocument("blank", " ", (), (Judgement("p0", ()), Judgement("p1", ())))
    nobody = JudgedDocument("nobody", "Ada said", ((0, 3), (4, 8)), ())
    alone = document("Ada1 said", {"p0": [("Ada1", "PER")]}, "alone")
    documents = [blank, *crowd(15, PEOPLE), nobody, alone]
    result = consensus(documents, [*LABELS, "NEVER"], method)
    assert result.spans["blank"] == result.spans["nobody"] == ()
    assert result.uncertainty["blank"] == result.uncertainty["nobody"] == 0
    assert found(result, "alone") <= {(0, 4, "PER")}
    assert consensus([], LABELS, method).spans == {}
    assert consensus([blank, nobody], LABELS, method).spans == {"blank": (), "nobody": ()}
    by_name = {row.annotator: row for row in result.reliability}
    assert by_name["p0"].documents == 1 + sum(
        "p0" in {one.annotator for one in each.judgements} for each in documents[1:-2]
    )
    assert by_name["p0"].per_label["NEVER"].f1 is None


@EVERY
def test_a_label_nobody_asked_about_is_missing_and_not_denied(method: str) -> None:
    """Three are asked about persons only; their silence on places must not outvote the one asked."""
    layers = {"a": [("Paris", "LOC")], "b": [("Ada", "PER")], "c": [("Ada", "PER")], "d": [("Ada", "PER")]}
    documents = [
        document("Ada went to Paris", layers, f"d{number}", a="LOC", b="PER", c="PER", d="PER") for number in range(12)
    ]
    result = consensus(documents, ["LOC", "PER"], method)
    for each in documents:
        assert found(result, each.id) == {(0, 3, "PER"), (12, 17, "LOC")}
        place = next(span for span in result.spans[each.id] if span.label == "LOC")
        assert (place.supporters, place.against) == (("a",), ())
    assert {row.annotator: row.documents for row in result.reliability} == {"a": 0, "b": 12, "c": 12, "d": 12}


@EVERY
def test_text_without_spaces(method: str) -> None:
    text = "王小明在北京工作"
    documents = [
        document(text, {name: [("王小明", "PER"), ("北京", "LOC")] for name in "abc"}, f"d{number}")
        for number in range(5)
    ]
    result = consensus(documents, ["LOC", "PER"], method)
    assert found(result, "d0") == {(0, 3, "PER"), (4, 6, "LOC")}


@EVERY
def test_part_of_a_word_counts_as_the_word_unless_most_agree_on_it(method: str) -> None:
    slips = document("Ada said", {"a": [("Ada", "PER")], "b": [("Ad", "PER")], "c": [("Ada", "PER")]}, "slips")
    agreed = document("Adas said", {name: [("Ada", "PER")] for name in "abc"}, "agreed")
    result = consensus([slips, agreed], ["PER"], method)
    assert found(result, "slips") == found(result, "agreed") == {(0, 3, "PER")}
    assert result.spans["slips"][0].supporters == ("a", "b", "c")


def test_the_vote_needs_three_in_ten_of_those_asked() -> None:
    def vote(supporters: int, people: int) -> bool:
        layers = {f"p{n:02}": [("Ada", "PER")] if n < supporters else [] for n in range(people)}
        return bool(found(consensus([document("Ada said", layers)], ["PER"], "vote")))

    assert vote(3, 10)
    assert not vote(2, 7)
    assert vote(1, 3)
    assert not vote(1, 4)
    assert vote(1, 2)


def test_the_vote_takes_more_support_first_then_the_longer() -> None:
    many = {"a": [("Ada", "PER")], "b": [("Ada", "PER")], "c": [("Ada Bo", "PER")]}
    even = {"a": [("Ada", "PER")], "b": [("Ada Bo", "ORG")]}
    assert found(consensus([document("Ada Bo said", many)], LABELS, "vote")) == {(0, 3, "PER")}
    assert found(consensus([document("Ada Bo said", even)], LABELS, "vote")) == {(0, 6, "ORG")}


def test_the_vote_is_less_sure_of_one_opinion_than_of_three_and_surest_where_nobody_marked() -> None:
    one = document("Ada said", {"a": [("Ada", "PER")]}, "one")
    three = document("Ada said", {name: [("Ada", "PER")] for name in "abc"}, "three")
    split = document("Ada said", {"a": [("Ada", "PER")], "b": [], "c": []}, "split")
    empty = document("Ada said", {"a": [], "b": []}, "empty")
    doubts = consensus([one, three, split, empty], ["PER"], "vote").uncertainty
    assert 0 == doubts["empty"] < doubts["three"] < doubts["one"] < doubts["split"]


def test_models_learn_whom_to_believe() -> None:
    """One who knows against four who guess: the vote cannot tell them apart, the tables can."""
    people = {"good": 0.97, "bad1": 0.3, "bad2": 0.3, "bad3": 0.3, "bad4": 0.3}
    documents = crowd(60, people)
    vote, ds, bsc = (f1(consensus(documents, LABELS, method), documents) for method in METHODS)
    assert vote + 0.02 < ds
    assert ds - 0.01 < bsc


def careless(texts: Sequence[str], name: str, **nobody: str) -> list[JudgedDocument]:
    """Three people who each overlook half of what stands first; `nobody`: texts nobody marked."""
    chance = random.Random(2)
    documents = [
        document(
            text,
            {judge: [(name, "PER")] if name in text and chance.random() < 0.5 else [] for judge in "abc"},
            f"d{place}",
        )
        for place, text in enumerate(texts)
    ]
    return [
        *documents,
        *(document(text, {judge: [] for judge in "abc"}, identifier) for identifier, text in nobody.items()),
    ]


def test_what_all_overlooked_is_found_by_the_same_words_elsewhere_and_not_by_others_like_them() -> None:
    texts = [*["Ada went home"] * 60, *["so they went home"] * 60]
    documents = careless(texts, "Ada", same="Ada went home", other="Eve went home")
    result = consensus(documents, ["PER"], "bsc")
    assert [(span.start, span.end, span.supporters) for span in result.spans["same"]] == [(0, 3, ())]
    assert set(result.spans["same"][0].against) == {"a", "b", "c"}
    assert result.spans["other"] == ()


def test_ones_own_marks_elsewhere_are_no_words_of_others() -> None:
    """Only `a` ever marked Eve: without `a` there is none, wherever Eve stands."""
    documents = careless(["Ada went home"] * 60, "Ada")
    documents += [
        document("Eve went home", {"a": [("Eve", "PER")] if n else [], "b": [], "c": []}, f"e{n}") for n in range(9)
    ]
    rows = {row.annotator: row for row in consensus(documents, ["PER"], "bsc").reliability}
    assert rows["b"].reference_spans > 60
    assert rows["a"].reference_spans <= 60


def test_the_tables_of_answers_are_probabilities() -> None:
    readings = [read(each, sorted(LABELS)) for each in crowd(40, PEOPLE)]
    evidence = gather(readings, sorted(LABELS))
    assert evidence is not None
    for sequence, faith in ((False, 0.0), (True, 0.0), (True, 1.0)):
        tables = habits(evidence, base=1.0, trust=10.0, weight=30.0, sequence=sequence, faith=faith)
        rows, totals = tables.counts(evidence, np.ones((len(evidence.asked), evidence.tags)))
        sums = tables.own.totals(rows / totals)
        assert (sums < 1 + 1e-9).all()
        assert sums.max() == pytest.approx(1)


@EVERY
def test_reliability_recovers_the_order_of_planted_quality(method: str) -> None:
    documents = crowd(80, PEOPLE)
    rows = {row.annotator: row for row in consensus(documents, LABELS, method).reliability}
    planted = np.argsort(np.argsort([PEOPLE[name] for name in sorted(rows)]))
    measured = np.argsort(np.argsort([rows[name].f1 or 0.0 for name in sorted(rows)]))
    assert np.corrcoef(planted, measured)[0, 1] > 0.9
    for row in rows.values():
        assert None not in (row.low, row.f1, row.high)
        assert row.low <= row.f1 <= row.high  # type: ignore[operator]
        assert row.enough
        assert sum(label.n for label in row.per_label.values()) == row.reference_spans


@EVERY
def test_ones_own_answers_do_not_speak_for_oneself(method: str) -> None:
    """Alone with every span: the consensus without oneself has none of them."""
    documents = [document("Ada said", {"a": [("Ada", "PER")], "b": []}, f"d{number}") for number in range(10)]
    rows = {row.annotator: row for row in consensus(documents, ["PER"], method).reliability}
    assert (rows["a"].f1, rows["a"].reference_spans) == (0, 0)


def test_too_little_evidence_is_said_so() -> None:
    few_documents = {
        row.annotator: row for row in consensus(crowd(7, {f"p{n}": 0.9 for n in range(5)}), LABELS, "vote").reliability
    }
    assert all(row.documents == 7 and row.reference_spans >= 100 and not row.enough for row in few_documents.values())
    few_spans = consensus(
        [document("Ada said", {"a": [("Ada", "PER")], "b": []}, f"d{n}") for n in range(9)], ["PER"], "vote"
    )
    assert all(row.documents == 9 and not row.enough for row in few_spans.reliability)


def test_auto_goes_by_the_amount_of_overlap() -> None:
    people = {f"p{n}": 0.9 for n in range(5)}
    assert choose(crowd(49, people, judges=3)) == "vote"
    assert choose(crowd(50, people, judges=3)) == "bsc"
    assert choose(crowd(200, people, judges=2)) == "vote"
    assert choose(crowd(200, people, judges=1)) == "vote"
    apart = [document("Ada said", {"a": [], "b": [], "c": []}, f"d{n}", a="LOC", b="PER", c="ORG") for n in range(60)]
    assert choose(apart) == "vote"
    assert consensus(crowd(50, people, judges=3), LABELS).method == "bsc"


def test_wrong_input_is_refused() -> None:
    one = document("Ada said", {"a": [("Ada", "PER")]})
    with pytest.raises(ValueError, match="unknown method"):
        consensus([one], ["PER"], "best")
    with pytest.raises(ValueError, match="unknown label 'PER'"):
        consensus([one], ["LOC"], "vote")
    with pytest.raises(ValueError, match="two judgements of 'a'"):
        consensus([replace(one, judgements=one.judgements * 2)], ["PER"], "vote")
    with pytest.raises(ValueError, match="same id"):
        consensus([one, one], ["PER"], "vote")


def test_texts_are_cut_at_line_breaks_but_never_inside_a_mark() -> None:
    text = "Ada Bo\nCy said\nso"
    apart = document(text, {"a": [("Ada", "PER")]})
    across = document(text, {"a": [("Bo\nCy", "PER")]})
    assert cuts(read(apart, ["PER"])) == [0, 2, 4]
    assert cuts(read(across, ["PER"])) == [0, 4]
    long = document("x " * (LONGEST_PIECE + 10), {"a": []})
    assert cuts(read(long, ["PER"])) == [0, LONGEST_PIECE]


def test_where_spans_may_lie_in_spans_the_vote_keeps_both_and_is_what_auto_takes() -> None:
    said = [("Bank of York", "LOC"), ("York", "PER")]
    crowd = dict.fromkeys("abc", said)
    several = [document("Bank of York opened", crowd, str(number)) for number in range(60)]
    result = consensus(several, LABELS, allowed=SpanOverlap.NESTED)
    assert result.method == "vote"
    assert found(result, "0") == {(0, 12, "LOC"), (8, 12, "PER")}
    assert consensus(several, LABELS).method == "bsc"
    assert found(consensus(several, LABELS, "vote"), "0") == {(0, 12, "LOC")}
