from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from activelearning.domain.selection import CostModel, Ranked, SelectionConfig, shuffled
from activelearning.engine.corpora import read_conll, split_off
from activelearning.engine.simulation import (
    Corpus,
    Engine,
    Estimate,
    Plan,
    Results,
    Round,
    budgets,
    next_order,
    simulate,
)
from activelearning.engine.summary import comparison, summary, table
from activelearning.engine.types import EngineError, Example, PredictedSpan, ScoredDocument, Text, TrainConfig
from tests.engine.corpus import example, examples

LABELS = ("LOC", "PER")


# --- an engine without a network: it finds the surfaces it was shown --------------------------


def remember(examples: Sequence[Example], config: TrainConfig, before: Any) -> Any:
    known = {e.text[span.start : span.end]: span.label for e in examples for span in e.spans}
    return SimpleNamespace(known=known, config=config, before=before, examples=list(examples))


def recall(model: Any, texts: Sequence[Text], *, vectors: bool = False) -> Iterator[ScoredDocument]:
    """Backwards, as a scorer may; a text is the less sure the fewer known surfaces it has."""
    for text in reversed(texts):
        spans = tuple(
            PredictedSpan(text.text.index(surface), text.text.index(surface) + len(surface), label, 1.0)
            for surface, label in sorted(model.known.items())
            if surface in text.text
        )
        yield ScoredDocument(text.document_id, len(text.tokens), {"mnlp": float(len(spans))}, spans)


def least_known(scored: Sequence[ScoredDocument], texts: Mapping[str, str], config: SelectionConfig) -> list[Ranked]:
    if config.strategy == "random":
        return shuffled(texts, seed=config.seed)
    return [
        Ranked(s.document_id, s.scores["mnlp"]) for s in sorted(scored, key=lambda s: (s.scores["mnlp"], s.document_id))
    ]


def memory(features: Path | None, config: TrainConfig) -> Engine:
    return Engine(remember, recall, least_known)


CORPUS = Corpus(tuple(examples(300)), tuple(replace(e, document_id=f"t{e.document_id}") for e in examples(80, seed=1)))
PLAN = Plan(TrainConfig(LABELS, tier="full"), ("random", "mnlp"), (0, 1), first_words=12, budget=0.1, engine=memory)


# --- files -------------------------------------------------------------------------------------


def test_ids_do_not_depend_on_where_the_folder_lies(tmp_path: Path) -> None:
    ids = []
    for place in ("a", "b"):
        file = tmp_path / place / "wnut" / "train.conll"
        file.parent.mkdir(parents=True)
        file.write_text("Oslo\tB-LOC\n\nno\tO\n")
        ids.append([e.document_id for e in read_conll(file)])
    assert ids[0] == ids[1] == ["wnut/train.conll:1", "wnut/train.conll:3"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("Oslo\tB-LOC\n\nOslo\tB-LOC\textra\nno\tO\n", "row 4: 2 columns where 3 are expected"),
        ("Oslo\tB-LOC\n\nOslo\tPLACE\n", "row 3: 'PLACE' is not a tag"),
        ("Oslo\n", "row 1: there are no tokens with tags"),
        ("no\tO\n", "there is no entity in it"),
    ],
)
def test_a_bad_file_is_named_with_its_row(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "bad.conll"
    file.write_text(content)
    with pytest.raises(EngineError) as error:
        read_conll(file)
    assert "bad.conll" in str(error.value)
    assert complaint in str(error.value)


def test_a_split_is_random_seeded_and_leaves_nothing_out() -> None:
    made = examples(40)
    rest, taken = split_off(made, 0.25, seed=0)
    assert len(taken) == 10
    assert sorted(e.document_id for e in rest + taken) == sorted(e.document_id for e in made)
    assert taken == split_off(made, 0.25, seed=0)[1] != split_off(made, 0.25, seed=1)[1]
    assert taken != made[:10]


# --- the loop ----------------------------------------------------------------------------------


def test_budgets_grow_by_one_factor_and_not_by_more_than_the_policy_allows() -> None:
    found = budgets(400, 18_000, None)
    ratios = [after / before for before, after in pairwise(found)]
    assert (found[0], found[-1]) == (400, 18_000)
    assert max(ratios) <= 1.51
    assert min(ratios) > 1.4
    assert len(budgets(400, 18_000, 20)) == 20


@pytest.mark.parametrize(("first", "last", "rounds"), [(400, 18_000, 6), (400, 400, None), (400, 500, 1)])
def test_budgets_that_jump_or_stand_still_are_refused(first: int, last: int, rounds: int | None) -> None:
    with pytest.raises(EngineError):
        budgets(first, last, rounds)


@pytest.fixture(scope="module")
def results() -> Results:
    return simulate(CORPUS, PLAN)


def test_every_strategy_of_a_seed_begins_alike_and_is_compared_at_equal_words(results: Results) -> None:
    stages = budgets(12, int(0.1 * CORPUS.words), None)
    longest = max(len(e.tokens) for e in CORPUS.pool)
    for seed in (0, 1):
        by_chance, chosen = results.rounds["random"][seed], results.rounds["mnlp"][seed]
        assert (by_chance[0].tokens, by_chance[0].f1) == (chosen[0].tokens, chosen[0].f1)
        for rounds in (by_chance, chosen):
            assert all(0 <= r.tokens - stage < longest for r, stage in zip(rounds, stages, strict=True))
    assert results.rounds["random"][0][0].tokens > 0
    assert [r.f1 for r in results.rounds["random"][0]] != [r.f1 for r in results.rounds["random"][1]]


def test_a_round_takes_the_head_of_the_order_until_its_words_are_reached() -> None:
    taken: list[list[Example]] = []
    orders: list[list[str]] = []
    states: list[SelectionConfig] = []

    def fit(examples: Sequence[Example], config: TrainConfig, before: Any) -> Any:
        taken.append(list(examples))
        return remember(examples, config, before)

    def order(scored: Sequence[ScoredDocument], texts: Mapping[str, str], config: SelectionConfig) -> list[Ranked]:
        found = least_known(scored, texts, config)
        orders.append([ranked.document_id for ranked in found])
        states.append(config)
        return found

    plan = replace(
        PLAN,
        strategies=("mnlp",),
        seeds=(3,),
        reference_seeds=0,
        engine=lambda *_: Engine(fit, recall, order),
    )
    simulate(CORPUS, plan)
    stages = budgets(12, int(0.1 * CORPUS.words), None)
    assert len(taken) == len(stages) == len(orders) + 1
    for before, after, head, state, stage in zip(taken, taken[1:], orders, states, stages[1:], strict=False):
        new = [e.document_id for e in after[len(before) :]]
        assert after[: len(before)] == before
        assert new == head[: len(new)]
        assert sum(len(e.tokens) for e in after[:-1]) < stage <= sum(len(e.tokens) for e in after)
        assert len(head) == len(CORPUS.pool) - len(before)
        assert (state.strategy, state.seed, state.labelled_documents) == ("mnlp", 3, len(before))
        assert state.labelled_words == sum(len(e.tokens) for e in before)
        assert abs(state.batch - len(new)) <= 0.5 * len(new) + 1


def test_a_round_says_what_its_labels_would_have_cost(results: Results) -> None:
    plan = replace(PLAN, selection=SelectionConfig(cost=CostModel(1.0, 0.5, 2.0)), seeds=(0,))
    last = simulate(CORPUS, plan).rounds["random"][0][-1]
    assert last.seconds == pytest.approx(last.sentences + 0.5 * last.tokens + 2 * last.entities)
    assert results.rounds["random"][0][-1].seconds == pytest.approx(
        3 * last.sentences + 0.25 * last.tokens + 3 * last.entities
    )


def test_the_reference_learns_from_the_whole_pool_as_long_as_is_best() -> None:
    seen: list[tuple[int, int | None]] = []

    def watch(examples: Sequence[Example], config: TrainConfig, before: Any) -> Any:
        seen.append((len(examples), config.max_steps))
        return remember(examples, config, before)

    plan = replace(PLAN, strategies=(), engine=lambda *_: Engine(watch, recall, least_known))
    assert simulate(CORPUS, plan).reference == [1.0]
    assert seen == [(len(CORPUS.pool), None), (len(CORPUS.pool), 800), (len(CORPUS.pool), 5000)]


def test_nothing_is_trained_before_there_is_an_entity() -> None:
    blank = [example(f"a{number}", "Nothing happened on Tuesday .") for number in range(50)]
    named = [example(f"b{number}", f"Oslo {number} .", ("Oslo", "LOC")) for number in range(2)]
    corpus = Corpus((*blank, *named), tuple(examples(5)))

    def fit(examples: Sequence[Example], config: TrainConfig, before: Any) -> Any:
        assert any(e.spans for e in examples)
        return remember(examples, config, before)

    plan = replace(PLAN, seeds=(0,), budget=0.5, engine=lambda *_: Engine(fit, recall, least_known))
    for (rounds,) in simulate(corpus, plan).rounds.values():
        assert rounds[0].entities == 0
        assert rounds[0].f1 == 0.0


def test_warm_rounds_go_on_from_the_last_model_until_the_labels_have_grown_by_half() -> None:
    models: list[Any] = []

    def fit(examples: Sequence[Example], config: TrainConfig, before: Any) -> Any:
        models.append(remember(examples, config, before))
        return models[-1]

    plan = replace(
        PLAN,
        strategies=("mnlp",),
        seeds=(0,),
        rounds=12,
        warm=True,
        reference_seeds=0,
        engine=lambda *_: Engine(fit, recall, least_known),
    )
    simulate(CORPUS, plan)
    words = [sum(len(e.tokens) for e in model.examples) for model in models]
    cold = [size for size, model in zip(words, models, strict=True) if model.before is None]
    assert 1 < len(cold) < len(models)
    for size, model in zip(words, models, strict=True):
        last = max(start for start in cold if start <= size)
        assert model.before is None or size < 1.5 * last
    assert all(after >= 1.5 * before for before, after in pairwise(cold))
    for before, after in pairwise(models):
        assert after.before in (None, before)


def test_the_probe_is_set_aside_and_its_interval_is_held_against_the_rest_of_the_pool() -> None:
    seen: set[str] = set()
    read: list[set[str]] = []

    def fit(examples: Sequence[Example], config: TrainConfig, before: Any) -> Any:
        seen.update(e.document_id for e in examples)
        return remember(examples, config, before)

    def score(model: Any, texts: Sequence[Text], *, vectors: bool = False) -> Iterator[ScoredDocument]:
        read.append({text.document_id for text in texts})
        return recall(model, texts)

    plan = replace(
        PLAN,
        strategies=("random",),
        seeds=(0,),
        probe=30,
        reference_seeds=0,
        engine=lambda *_: Engine(fit, score, least_known),
    )
    rounds = simulate(CORPUS, plan).rounds["random"][0]
    probe = next(ids for ids in read if len(ids) == 30)
    assert not probe & seen
    pool = {e.document_id for e in CORPUS.pool}
    assert read[1] == pool - probe - {e for e in seen if e not in read[1]}
    for done in rounds:
        assert done.probe is not None
        assert 0 <= done.probe.low <= done.probe.high <= 1
        assert 0 <= done.probe.truth <= 1
        assert 0 < done.probe.redrawn <= 1


@pytest.mark.parametrize("strategy", ["random", "mnlp"])
def test_the_probe_loses_what_the_strategy_would_have_labelled(strategy: str) -> None:
    read: list[set[str]] = []

    def score(model: Any, texts: Sequence[Text], *, vectors: bool = False) -> Iterator[ScoredDocument]:
        read.append({text.document_id for text in texts})
        return recall(model, texts)

    plan = replace(
        PLAN,
        strategies=(strategy,),
        seeds=(0,),
        probe=30,
        reference_seeds=0,
        cold_start="random",
        engine=lambda *_: Engine(remember, score, least_known),
    )
    simulate(CORPUS, plan)
    drawn = next(ids for ids in read if len(ids) == 30)
    probes = [ids for ids in read if ids <= drawn]
    assert all(after <= before for before, after in pairwise(probes))
    assert (probes[-1] < drawn) == (strategy != "random")


def test_chance_takes_the_same_documents_whether_the_pool_is_read_or_not() -> None:
    """The random arm is not scored, as its order cannot depend on it; with a probe it is."""
    taken: list[list[str]] = []

    def fit(examples: Sequence[Example], config: TrainConfig, before: Any) -> Any:
        taken.append([e.document_id for e in examples])
        return remember(examples, config, before)

    plan = replace(PLAN, strategies=("random",), seeds=(0,), reference_seeds=0, engine=lambda *_: Engine(fit, recall))
    simulate(CORPUS, plan)
    unread, taken[:] = list(taken), []
    simulate(CORPUS, replace(plan, probe=30))
    kept = set(taken[-1])
    for before, after in zip(unread, taken, strict=True):
        common = [document_id for document_id in before if document_id in kept]
        assert common == [document_id for document_id in after if document_id in common]


def test_the_live_order_is_made_from_what_the_scorer_found() -> None:
    model = remember(CORPUS.pool[:3], PLAN.config, None)
    shown: list[str] = []
    found = next_order(
        model,
        CORPUS.pool[3:],
        SelectionConfig("mnlp"),
        engine=memory(None, PLAN.config),
        observe=lambda document: shown.append(document.document_id),
    )
    assert [r.score for r in found] == sorted(r.score for r in found if r.score is not None)
    assert sorted(shown) == sorted(r.document_id for r in found) == sorted(e.document_id for e in CORPUS.pool[3:])


def test_a_simulation_gives_the_same_figures_twice(results: Results) -> None:
    again = simulate(CORPUS, PLAN)
    for name, runs in results.rounds.items():
        for one, other in zip(runs, again.rounds[name], strict=True):
            assert [(r.tokens, r.f1) for r in one] == [(r.tokens, r.f1) for r in other]


# --- figures -----------------------------------------------------------------------------------


def made(tokens: int, f1: float, right: int = 0, probe: Estimate | None = None) -> Round:
    counts = np.array([[1, 1, int(place < right)] for place in range(100)])
    return Round(tokens, tokens // 10, tokens // 20, f1, 36.0 * tokens, 0.1, counts, probe)


def figures(ours: list[list[Round]], chance: list[list[Round]], **plan: Any) -> dict[str, Any]:
    corpus = Corpus((example("a", "x " * 1000),), ())
    plans = replace(PLAN, strategies=("random", "mnlp"), **plan)
    return summary(corpus, plans, Results([0.8, 0.9], {"random": chance, "mnlp": ours}))


def test_the_figures_of_a_strategy() -> None:
    chance = [[made(100, 0.5, 50), made(200, 0.6, 60)], [made(100, 0.5, 50), made(200, 0.7, 70)]]
    ours = [[made(100, 0.5, 50), made(200, 0.85, 85)], [made(100, 0.6, 60), made(200, 0.8, 40)]]
    found = figures(ours, chance)
    assert found["full"] == {"f1": pytest.approx(0.85), "tokens": 1000}
    mnlp = found["strategies"]["mnlp"]
    assert mnlp["curve"][0][1] == {
        "tokens": 200,
        "sentences": 20,
        "entities": 10,
        "f1": 0.85,
        "seconds": 7200.0,
        "cpu_s": 0.1,
    }
    assert mnlp["aulc"]["mean"] == pytest.approx((0.675 + 0.7) / 2)
    assert mnlp["aulc"]["sd"] == pytest.approx(0.025 / math.sqrt(2))
    goal = 0.9 * 0.85
    reached = [100 + 100 * (goal - 0.5) / 0.35, 100 + 100 * (goal - 0.6) / 0.2]
    assert mnlp["tokens_to"]["90"] == pytest.approx(sum(reached) / 2 / 1000)
    assert mnlp["hours_to"]["90"] == pytest.approx(sum(reached) / 2 / 100)
    assert mnlp["tokens_to"]["99"] is None
    assert mnlp["seeds_reached"] == {"90": 2, "95": 1, "98": 1, "99": 1}
    assert mnlp["rounds_won"] == [2, 2]


def test_a_round_is_worse_when_its_whole_interval_lies_below_random() -> None:
    chance = [[made(100, 0.5, 50), made(200, 0.7, 70), made(300, 0.7, 70)]]
    ours = [[made(100, 0.1, 10), made(200, 0.69, 69), made(300, 0.5, 50)]]
    found = figures(ours, chance)["strategies"]["mnlp"]["never_worse"]
    assert found["cells"] == 2
    assert [(cell["seed"], cell["round"], cell["tokens"]) for cell in found["worse_cells"]] == [(0, 2, 300)]


def test_the_first_round_counts_where_strategies_start_apart() -> None:
    runs = [[made(100, 0.5, 50), made(200, 0.7, 70)]]
    better = [[made(100, 0.6, 60), made(200, 0.7, 70)]]
    assert figures(better, runs)["strategies"]["mnlp"]["rounds_won"] == [0, 1]
    assert figures(better, runs, cold_start="diverse")["strategies"]["mnlp"]["rounds_won"] == [1, 2]


def test_the_probe_is_counted_where_it_was_read() -> None:
    read = [Estimate(0.6, 0.8, 0.7, 0.95), Estimate(0.6, 0.8, 0.9, 0.9)]
    runs = [[made(100, 0.5), made(200, 0.7, probe=read[0]), made(300, 0.7, probe=read[1])]]
    found = figures(runs, [[made(100, 0.5), made(200, 0.7), made(300, 0.7)]], probe=30)
    assert found["strategies"]["mnlp"]["probe"] == {"rounds": 2, "covered": 1, "redrawn": pytest.approx(0.925)}
    assert found["strategies"]["random"]["probe"] == {"rounds": 0, "covered": 0, "redrawn": None}
    assert found["probe"] == {"rounds": 2, "covered": 1, "redrawn": pytest.approx(0.925)}


def test_forecasts_along_the_curve_are_held_against_what_followed() -> None:
    tokens = [400, 600, 900, 1350, 2000, 3000]
    steady = [made(words, 0.9 - 3 * words**-0.5) for words in tokens]
    broken = [*steady[:-1], made(tokens[-1], 0.1)]
    found = figures([broken], [steady])
    expected, missed = (found["strategies"][name]["forecast"] for name in ("random", "mnlp"))
    assert expected["made"] == expected["held"] == missed["made"] > 0
    assert missed["held"] == missed["made"] - 1
    assert f"{2 * missed['made'] - 1}/{2 * missed['made']} times" in table(found)
    assert f"{2 * missed['made'] - 1}/{2 * missed['made']} times" in comparison({"corpus": found})


def test_forecasts_follow_words_where_the_strategy_takes_short_texts_first() -> None:
    sizes = [13, 89, 109, 130, 149, 175, 205, 255, 344, 477, 668, 908]
    law = [made(round(400 * 1.48**step), 0.9 - 9 * (400 * 1.48**step) ** -0.5) for step in range(len(sizes))]
    short_first = [replace(done, sentences=size) for done, size in zip(law, sizes, strict=True)]
    found = figures([short_first], [short_first])["strategies"]["mnlp"]["forecast"]
    assert found == {"made": 2, "held": 2}, "of a curve over documents one of the two is far too low"


def test_tables_say_when_chance_fell_short_of_the_goal() -> None:
    chance = [[made(100, 0.5, 50), made(200, 0.6, 60)]]
    ours = [[made(100, 0.5, 50), made(200, 0.9, 90)]]
    found = figures(ours, chance)
    share = (100 + 100 * (0.95 * 0.85 - 0.5) / 0.4) / 200
    shown = comparison({"corpus": found})
    assert f"<{share:.2f}" in shown
    assert "1/1" in shown
    assert "mnlp" in table(found)
