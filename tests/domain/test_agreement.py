"""Pairwise span agreement: definitions, reference figures, and what is undefined."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.domain.spans import LabelledSpan
from quality.domain.span_agreement import (
    NO_OVERLAP,
    NO_SPANS,
    PairCounts,
    pair_counts,
    span_agreement,
)

# The ancestor's example, in tokens: neither annotator is right.
USER_1 = [
    LabelledSpan(0, 3, "PERSON"),
    LabelledSpan(5, 6, "CARDINAL"),
    LabelledSpan(6, 8, "DATE"),
    LabelledSpan(11, 12, "NORP"),
]
USER_2 = [LabelledSpan(5, 8, "DATE"), LabelledSpan(11, 12, "NORP")]
GOLD = [LabelledSpan(0, 3, "PERSON"), LabelledSpan(5, 8, "DATE"), LabelledSpan(11, 12, "NORP")]


def parse(rows: str) -> list[LabelledSpan]:
    return [LabelledSpan(int(s), int(e), label) for label, s, e in map(str.split, rows.split(";"))]


# Offsets and labels of bratiaa's test data "agree-2" (two annotators, two documents).
AGREE_2 = [
    {
        "ann1": parse(
            "PER 4 17;LOC 18 24;ORG 34 37;PER 361 397;PER 563 567;PER 720 724;PER 1074 1078;"
            "PER 1081 1096;MISC 2376 2387;LOC 2498 2504"
        ),
        "ann2": parse(
            "PER 4 17;ORG 34 37;PER 361 397;PER 563 567;PER 720 724;PER 1081 1096;MISC 2376 2387;LOC 2498 2504"
        ),
    },
    {
        "ann1": parse("LOC 0 8;ORG 18 21;ORG 192 195;PER 327 344;PER 454 465;ORG 650 653"),
        "ann2": parse(
            "LOC 0 8;ORG 18 21;LOC 42 54;ORG 161 190;PER 327 344;ORG 408 426;PER 454 465;ORG 516 523;ORG 650 653"
        ),
    },
]


def test_the_running_example_has_the_published_figures() -> None:
    assert pair_counts(USER_1, USER_2).f1().value == pytest.approx(1 / 3)
    assert pair_counts(USER_1, GOLD).f1().value == pytest.approx(0.571, abs=5e-4)
    assert pair_counts(USER_2, GOLD).f1().value == pytest.approx(0.800)


def test_the_running_example_by_hand_for_the_other_measures() -> None:
    counts = pair_counts(USER_1, USER_2)
    # DATE[6,8) and DATE[5,8) overlap, NORP is the same; four of six spans have a partner.
    assert counts.f1("overlap").value == pytest.approx(4 / 6)
    assert counts.f1("boundary").value == pytest.approx(2 / 6)


def test_boundaries_count_where_only_the_label_differs() -> None:
    counts = pair_counts([LabelledSpan(0, 4, "PER")], [LabelledSpan(0, 4, "LOC")])
    assert counts.f1("exact").value == 0
    assert counts.f1("overlap").value == 0
    assert counts.f1("boundary").value == 1


def test_bratiaa_agree_2_gives_the_published_f1() -> None:
    agreement = span_agreement(AGREE_2, ["LOC", "ORG"])
    assert agreement.summary().mean.value == pytest.approx(0.787879, abs=5e-7)
    # ORG by hand: 1+3 against 1+5, three in common; LOC: 3 against 3, two in common.
    assert agreement.summary(label="ORG").micro.value == pytest.approx(6 / 10)
    assert agreement.summary(label="LOC").micro.value == pytest.approx(4 / 6)


def test_the_mean_is_over_pairs_and_the_micro_value_over_spans() -> None:
    a, b = LabelledSpan(0, 1, "X"), LabelledSpan(2, 3, "X")
    agreement = span_agreement([{"p": [a], "q": [a]}, {"p": [a, b], "r": []}])
    summary = agreement.summary()
    assert summary.mean.value == pytest.approx(0.5)
    assert summary.mean.n == 2
    assert summary.sd == pytest.approx(0.5)
    assert summary.micro.value == pytest.approx(2 / 4)


def test_who_did_not_submit_is_not_somebody_who_marked_nothing() -> None:
    span = LabelledSpan(0, 1, "X")
    silent = span_agreement([{"p": [span], "q": []}])
    assert silent.summary().micro.value == 0
    absent = span_agreement([{"p": [span]}])
    assert absent.summary().micro.value is None
    assert absent.summary().micro.reason == NO_OVERLAP
    assert absent.documents == ()


def test_two_empty_documents_have_no_f1_and_are_counted_apart() -> None:
    agreement = span_agreement([{"p": [], "q": []}])
    assert agreement.total() == PairCounts(documents=1, both_empty=1)
    assert agreement.summary().micro.reason == NO_SPANS
    assert agreement.summary().mean.value is None
    assert agreement.summary().sd is None


def test_a_label_nobody_of_a_pair_used_is_undefined_and_not_zero() -> None:
    agreement = span_agreement([{"p": USER_1, "q": USER_2}], ["GPE", "PERSON"])
    assert agreement.summary(label="GPE").micro.reason == NO_SPANS
    assert agreement.summary(label="PERSON").micro.value == 0


spans = st.sets(
    st.builds(
        lambda start, length, label: LabelledSpan(start, start + length, label),
        st.integers(0, 30),
        st.integers(1, 6),
        st.sampled_from("XY"),
    ),
    max_size=8,
)


@given(spans, spans)
def test_agreement_is_symmetric_and_overlap_is_never_below_exact(a: set[LabelledSpan], b: set[LabelledSpan]) -> None:
    counts = pair_counts(a, b)
    assert counts == pair_counts(b, a)
    assert counts.exact <= min(counts.overlap, counts.boundary)
    assert max(counts.overlap, counts.boundary) <= counts.spans
    assert pair_counts(a, a).exact == 2 * len(a)


@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=4))
def test_counts_add_up_over_documents(documents: list[tuple[set[LabelledSpan], set[LabelledSpan]]]) -> None:
    layers = [{"p": sorted(a), "q": sorted(b)} for a, b in documents]
    agreement = span_agreement(layers)
    assert agreement.total() == sum(agreement.documents, PairCounts())
    assert agreement.total() == sum((pair_counts(a, b) for a, b in documents), PairCounts())
