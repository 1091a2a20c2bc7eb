"""The command that measures a round against the seed's recipe."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import torch
from django.core.management import CommandError, call_command

from activelearning.domain.metrics import evaluate
from activelearning.engine import bench, bound, full
from activelearning.engine.checkpoints import resolve
from activelearning.engine.types import EngineError
from activelearning.management.commands import bench_engine
from annotation.domain.tags import spans_to_bio
from tests.engine.corpus import examples


def write_conll(path: Path, documents) -> Path:
    blocks = [
        "\n".join(f"{word}\t{tag}" for word, tag in zip(e.words, spans_to_bio(e.tokens, e.spans), strict=True))
        for e in documents
    ]
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def train_file(tmp_path_factory):
    return write_conll(tmp_path_factory.mktemp("corpus") / "train.conll", examples(40))


@pytest.fixture(scope="module")
def test_file(tmp_path_factory):
    return write_conll(tmp_path_factory.mktemp("corpus") / "test.conll", examples(12, seed=4))


def make_plan(folder: Path, labelled: int = 16, new: int = 4, seed: int = 13) -> bench.Plan:
    return bench.plan(examples(40), examples(12, seed=4), folder, labelled=labelled, new=new, seed=seed, seed_steps=2)


@pytest.mark.slow
def test_it_measures_both_sides_and_says_so_in_a_file_and_a_table(train_file, test_file, tmp_path, capsys):
    out = tmp_path / "out.json"
    call_command(
        "bench_engine", str(train_file), str(test_file), json=out, labelled=20, new=5, seed_steps=2, checkpoint=""
    )
    report = json.loads(out.read_text())
    assert {"round", "warm_retrain_cpu_s", "cold_retrain_cpu_s", "scoring"} <= report.keys()
    assert report["round"].keys() == {"ours", "seed_recipe", "cpu_ratio"}
    ours, seed = report["round"]["ours"], report["round"]["seed_recipe"]
    for side in (ours, seed):
        assert {"cpu_s", "wall_s", "f1"} <= side.keys()
        assert side["cpu_s"] > 0
        assert side["cpu_s"] == pytest.approx(sum(side["cpu_s_of"].values()))
    assert report["round"]["cpu_ratio"] == pytest.approx(seed["cpu_s"] / ours["cpu_s"])
    assert ours["f1"] > seed["f1"], "two steps teach the seed's recipe nothing"
    assert report["warm_retrain_cpu_s"] < ours["cpu_s"]
    names = ("sentences_per_cpu_s", "feature_pass_sentences_per_cpu_s", "encoder_bound_sentences_per_cpu_s")
    assert all(report["scoring"][name] > 0 for name in names)
    assert report["corpus"]["pool"] == 20
    printed = capsys.readouterr().out
    assert all(bar.name in printed for bar in bench_engine.BARS)


def test_the_full_tier_and_full_fine_tuning_can_be_measured_alone(train_file, test_file, tmp_path, capsys, monkeypatch):
    def repeated(stage, plan):
        better = stage is bench.full_tier
        return {"cpu_s": 20.0 if better else 50.0, "f1": 0.71 if better else 0.7, "peak_memory_bytes": 2**30}

    monkeypatch.setattr(bench, "_repeated", repeated)
    monkeypatch.setattr(bench, "in_fresh_process", None)
    out = tmp_path / "out.json"
    call_command("bench_engine", str(train_file), str(test_file), json=out, labelled=20, new=5, full_only=True)
    report = json.loads(out.read_text())
    assert report.keys() == {"full_tier", "full_fine_tuning", "corpus", "machine"}
    printed = capsys.readouterr().out
    assert all(bar.name in printed for bar in bench_engine.FULL_BARS)
    assert not any(bar.name in printed for bar in bench_engine.BARS)
    assert "MISSED" not in printed


@pytest.mark.parametrize("whole", [False, True])
def test_full_fine_tuning_changes_every_layer_and_the_full_tier_those_in_the_middle(tmp_path, monkeypatch, whole):
    monkeypatch.setattr(full, "LEAST_STEPS", 1)
    seen = []
    monkeypatch.setattr(bench, "_f1", lambda model, plan: seen.append(model) or 0.5)
    stage = bench.full_fine_tuning if whole else bench.full_tier
    stage(make_plan(tmp_path))
    learned = {name.split(".")[3] for name in seen[0].tagger.learned() if name.startswith("encoder.encoder.layer.")}
    assert learned == set("012345" if whole else "234")
    assert ("encoder.embeddings.word_embeddings.weight" in seen[0].tagger.learned()) == whole
    assert (seen[0].beside is None) == whole


def test_the_pool_is_what_was_not_drawn_and_the_draw_repeats(tmp_path):
    plan, again, other = make_plan(tmp_path), make_plan(tmp_path), make_plan(tmp_path, seed=5)
    labelled, pool = ({text.document_id for text in texts} for texts in (plan.labelled, plan.pool))
    assert (len(labelled), len(pool)) == (16, 24)
    assert not labelled & pool
    assert plan == again
    assert plan.labelled != other.labelled
    assert plan.labels == ("LOC", "PER")


@pytest.mark.parametrize(("labelled", "new"), [(40, 4), (16, 16), (16, 0)])
def test_a_plan_that_leaves_nothing_to_measure_is_refused(tmp_path, labelled, new):
    with pytest.raises(EngineError, match="too few"):
        make_plan(tmp_path, labelled, new)


def spend(plan: bench.Plan) -> bench.Result:
    laps = bench.Laps()
    with laps("asleep"):
        time.sleep(0.3)
    with laps("busy"):
        until = time.process_time() + 0.3
        while time.process_time() < until:
            pass
    return laps.result(threads=torch.get_num_threads())


def fail(plan: bench.Plan) -> bench.Result:
    raise EngineError("no luck")


def test_processor_time_is_not_wall_time_and_a_stage_has_one_thread(tmp_path):
    result = bench.in_fresh_process(spend, make_plan(tmp_path))
    assert result["cpu_s_of"]["asleep"] < 0.1
    assert result["cpu_s_of"]["busy"] >= 0.3
    assert result["wall_s"] >= 0.6
    assert result["threads"] == 1
    assert result["peak_memory_bytes"] > 2**25


def test_what_goes_wrong_in_a_stage_is_said_by_the_command(train_file, test_file, monkeypatch):
    monkeypatch.setattr(bench, "feature_pass", fail)
    with pytest.raises(CommandError, match="no luck"):
        call_command("bench_engine", str(train_file), str(test_file), labelled=20, new=5)


def test_a_missing_file_and_a_broken_row_are_named(train_file, tmp_path):
    with pytest.raises(CommandError, match=r"nowhere\.conll"):
        call_command("bench_engine", str(train_file), str(tmp_path / "nowhere.conll"))
    broken = tmp_path / "broken.conll"
    broken.write_text("Ada\tB-PER\nLovelace\n\nOslo\tB-LOC\n", encoding="utf-8")
    with pytest.raises(CommandError, match=r"broken\.conll, row 2: 1 columns where 2 are expected"):
        call_command("bench_engine", str(train_file), str(broken))


def test_a_file_for_the_figures_without_a_folder_is_refused_before_anything_is_measured(
    train_file, test_file, tmp_path
):
    with pytest.raises(CommandError, match="no folder"):
        call_command("bench_engine", str(train_file), str(test_file), json=tmp_path / "no" / "out.json")


def test_what_is_missing_for_the_seed_s_recipe_is_said_before_anything_is_measured(train_file, test_file, monkeypatch):
    monkeypatch.setattr(bench_engine.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CommandError, match="pip install"):
        call_command("bench_engine", str(train_file), str(test_file))


@pytest.mark.parametrize(("value", "said"), [(59.9, "MISSED"), (60.0, "met")])
def test_a_bar_to_exceed_is_met_from_its_value_on(value, said):
    assert bench_engine.Bar("times cheaper", 60, 130, lambda report: value).line({}).endswith(said)


@pytest.mark.parametrize(("value", "said"), [(2.0, "met"), (2.1, "MISSED")])
def test_a_bar_to_stay_under_is_met_up_to_its_value(value, said):
    assert bench_engine.Bar("seconds", 2, 1, lambda report: value).line({}).endswith(said)


def test_the_bound_counts_each_layer_s_products():
    torch.set_num_threads(1)
    layers = [torch.nn.Linear(64, 128), torch.nn.Linear(64, 128), torch.nn.Linear(128, 32)]
    found = bound.bound(layers, torch.float32)
    assert found.operations == 2 * (2 * 64 * 128 + 128 * 32)
    assert 0 < found.seconds < 1e-3


def test_the_seed_s_recipe_reads_each_word_at_its_first_sub_word(tmp_path):
    from activelearning.engine import seed_recipe

    torch.set_num_threads(1)
    tagger = seed_recipe.load(resolve(""), ("LOC", "PER"))
    documents = examples(12)
    tagger.train(documents, steps=1, seed=1)
    assert len(tagger.scores(documents)) == 12
    assert all(score < 0 for score in tagger.scores(documents))
    assert len(list(tagger.spans(documents))) == 12
    assert list(seed_recipe._first_pieces([None, 0, 0, 1, 3, 3, None])) == [(1, 0), (3, 1), (4, 3)]


@pytest.mark.slow
def test_the_seed_s_recipe_learns_an_easy_corpus_at_a_higher_rate(monkeypatch):
    """What it lacks on real text is the recipe's doing, not a mistake in how it is measured."""
    from activelearning.engine import seed_recipe

    torch.set_num_threads(1)
    monkeypatch.setattr(seed_recipe, "LEARNING_RATE", 3e-4)
    tagger = seed_recipe.load(resolve(""), ("LOC", "PER"))
    tagger.train(examples(64), steps=40, seed=1)
    test = examples(40, seed=9)
    assert evaluate(zip((e.spans for e in test), tagger.spans(test), strict=True)).overall.f1 > 0.9


def test_the_full_tier_is_the_mean_over_seeds_of_training(tmp_path, monkeypatch):
    def in_fresh_process(stage, plan):
        return {"cpu_s": plan.seed, "wall_s": 2.0, "f1": plan.seed / 100, "peak_memory_bytes": 30 - plan.seed}

    monkeypatch.setattr(bench, "in_fresh_process", in_fresh_process)
    assert bench._repeated(bench.full_tier, make_plan(tmp_path, seed=13)) == {
        "cpu_s": 14.0,
        "wall_s": 2.0,
        "f1": pytest.approx(0.14),
        "f1_of_seeds": [0.13, 0.14, 0.15],
        "peak_memory_bytes": 17,
    }
