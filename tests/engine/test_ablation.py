from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from activelearning.domain.selection import SelectionConfig, shuffled
from activelearning.engine import ablation, acquisition, fast
from activelearning.engine.ablation import VARIANTS, ablate, engine
from activelearning.engine.checkpoints import resolve
from activelearning.engine.pieces import SPECIAL, PieceStore
from activelearning.engine.simulation import Corpus, Plan, Results, Round
from activelearning.engine.types import PredictedSpan, ScoredDocument, TrainConfig
from tests.engine.corpus import example, examples

DOCUMENT = example("a", "Ada Lovelace liked Oslo .", ("Ada Lovelace", "PER"), ("Oslo", "LOC"))
CONFIG = TrainConfig(("LOC", "PER"), tier="fast")


@pytest.fixture(scope="module")
def store() -> PieceStore:
    return PieceStore(resolve(""))


def test_each_sub_word_of_an_entity_has_its_label(store: PieceStore) -> None:
    (view,) = store.views([DOCUMENT], sub_words=True, special=False)
    labelled = view.labelled(DOCUMENT)
    names = [DOCUMENT.words[owner] for owner in view.owners]
    assert len(names) > len(DOCUMENT.words)
    for span, whole in zip(labelled.spans, DOCUMENT.spans, strict=True):
        inside = {
            owner for (start, _), owner in zip(view.tokens, view.owners, strict=True) if span.start <= start < span.end
        }
        touched = {w for w, (start, end) in enumerate(DOCUMENT.tokens) if whole.start < end and start < whole.end}
        assert inside == touched
        assert sum(span.start <= start < span.end for start, _ in view.tokens) == sum(o in touched for o in view.owners)


def test_a_word_has_the_label_of_its_first_sub_word(store: PieceStore) -> None:
    (view,) = store.views([DOCUMENT], sub_words=True, special=False)
    labelled = view.labelled(DOCUMENT)
    found = [PredictedSpan(span.start, span.end, span.label, 1.0) for span in labelled.spans]
    back = [(span.start, span.end, span.label) for span in view.in_source(found)]
    assert back == [(span.start, span.end, span.label) for span in DOCUMENT.spans]
    name = labelled.spans[0]
    assert not list(view.in_source([PredictedSpan(name.end - 1, name.end, "PER", 1.0)]))


def test_words_have_the_same_features_alone_and_between_the_special_tokens(store: PieceStore) -> None:
    (bare,) = store.of(store.views([DOCUMENT], sub_words=False, special=False))
    views = store.views([DOCUMENT], sub_words=False, special=True)
    (framed,) = store.of(views)
    assert views[0].owners == (SPECIAL, *range(len(DOCUMENT.words)), SPECIAL)
    assert framed.states[1:-1].equal(bare.states)
    assert framed.codes[1:-1].equal(bare.codes)
    assert not framed.states[0].equal(framed.states[1])


def test_half_of_the_ranking_is_shuffled_the_same_way_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {f"d{number}": "" for number in range(400)}
    ranked = shuffled(texts, seed=1)
    monkeypatch.setattr(acquisition, "order", lambda *_: list(ranked))
    parts = engine(VARIANTS["shuffled"], None, CONFIG)
    found = parts.order([], texts, SelectionConfig())
    assert sorted(r.document_id for r in found) == sorted(texts)
    assert 170 < sum(a == b for a, b in zip(found, ranked, strict=True)) < 230
    assert found == parts.order([], texts, SelectionConfig())
    assert found != parts.order([], texts, SelectionConfig(labelled_documents=7))
    assert engine(VARIANTS["ours"], None, CONFIG).order([], texts, SelectionConfig()) == ranked


@pytest.mark.slow
def test_special_tokens_move_the_score_and_nothing_else() -> None:
    pool = examples(40)

    def read(name: str) -> dict[str, ScoredDocument]:
        parts = engine(VARIANTS[name], None, CONFIG)
        return {d.document_id: d for d in parts.score(parts.fit(pool[:20], CONFIG, None), pool[20:], vectors=True)}

    ours, special = read("ours"), read("special_tokens")
    for document_id, document in ours.items():
        assert special[document_id].spans == document.spans
        assert special[document_id].n_words == document.n_words
        assert np.array_equal(special[document_id].vector, document.vector)
        assert special[document_id].scores["mnlp"] < document.scores["mnlp"]


def test_a_variant_is_held_against_chance_with_the_same_model(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[tuple[int | None, bool], tuple[str, ...]]] = []

    def simulate(corpus: Corpus, plan: Plan, **_: object) -> Results:
        variant = plan.engine.args[0]  # type: ignore[attr-defined]
        asked.append((variant.model, plan.strategies))
        # Chance is worth 0.1 more per choice of the model; each strategy adds 0.2.
        start = 0.1 * ((variant.steps is not None) + variant.sub_words)
        runs = {name: start + 0.2 * (name != "random") for name in plan.strategies}
        return Results([], {name: [_flat(f1), _flat(f1 + 0.1)] for name, f1 in runs.items()})

    monkeypatch.setattr(ablation, "simulate", simulate)
    plan = Plan(CONFIG, (), seeds=(0, 1))
    figures = ablate(Corpus(tuple(examples(5)), ()), plan)
    assert list(figures) == list(VARIANTS)
    for of in figures.values():
        assert of["difference"]["mean"] == pytest.approx(0.2)
        assert of["difference"]["sd"] == pytest.approx(0.0)
    assert figures["all"]["random"]["mean"] == pytest.approx(0.25)
    by_model = [model for model, strategies in asked if "random" in strategies]
    assert by_model == [(None, False), (100, False), (None, True), (100, True), (10, True)]
    assert "undertrained" in ablation.table(figures)
    asked.clear()
    assert list(ablate(Corpus(tuple(examples(5)), ()), plan, ["shuffled", "ours"])) == ["shuffled", "ours"]
    assert asked == [((None, False), ("random", "default")), ((None, False), ("default",))]


def test_a_variant_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "some.conll"
    file.write_text("Ada B-PER\nsang O\n\nBo B-PER\n")
    with pytest.raises(CommandError, match="no variant 'shuffle'; there are ours, special_tokens"):
        call_command("ablation", str(file), str(file), "--variant", "shuffle")


def test_a_variant_takes_the_steps_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(fast, "learn", lambda head, data, steps, *_: taken.append(steps))
    for name in ("undertrained", "benchmark"):
        engine(VARIANTS[name], None, CONFIG).fit(examples(5), CONFIG, None)
    assert taken == [100, 10]


def _flat(f1: float) -> list[Round]:
    made = Round(100, 10, 5, f1, 1.0, 1.0, np.zeros((1, 3), dtype=np.int64))
    return [made, replace(made, tokens=200)]
