"""The stages of a job: each leaves its file, and an interrupted one goes on where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from activelearning.domain.selection import SelectionConfig
from activelearning.engine import acquisition, simulation
from activelearning.engine import job as files
from activelearning.engine import stages as module
from activelearning.engine.stages import Stages
from activelearning.engine.types import Text, Tier, TrainConfig
from tests.engine.corpus import examples


class Killed(BaseException):
    """What a signal does."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Word features for all tests here."""
    return tmp_path_factory.mktemp("features")


def write(folder, kept, tier=Tier.FAST, *, labels=("PER", "LOC"), max_steps=20, test=6, **options):
    pool = [Text(e.document_id, e.text, e.tokens) for e in examples(20, seed=3)]
    config = TrainConfig(labels, tier=tier, max_steps=max_steps)
    selection = SelectionConfig(strategy="default", batch=4)
    job = files.Job(config, features=str(kept), selection=selection, **options)
    files.write_job(folder, job, train=examples(12), test=examples(test, seed=2), pool=pool)
    return job


def run(folder, on_progress=lambda progress: None):
    stages = Stages(folder, files.read_job(folder), on_progress)
    stages.run()
    return stages.seconds


def outputs(folder):
    return (folder / files.SCORES).read_text(), (folder / files.RANKING).read_text()


@pytest.mark.parametrize("tier", [Tier.FAST, Tier.FULL])
def test_a_run_killed_while_it_scores_goes_on_to_the_very_same_scores(tier, kept, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SCORED_TOGETHER", 6)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        write(folder, kept, tier)
    run(whole)

    def kill(progress):
        if progress.stage == "score" and progress.done > 13:
            raise Killed

    with pytest.raises(Killed):
        run(killed, kill)
    assert not (killed / files.SCORES).exists()
    told = []
    seconds = run(killed, told.append)
    assert "fit" not in seconds
    assert min(progress.done for progress in told if progress.stage == "score") > 12
    assert outputs(killed) == outputs(whole)
    assert not (killed / files.PARTS).exists()


def test_every_document_is_scored_and_ranked_once(kept, tmp_path):
    write(tmp_path, kept)
    run(tmp_path)
    pool = {document.document_id for document in examples(20, seed=3)}
    assert sorted(d.document_id for d in files.read_scores(tmp_path / files.SCORES)) == sorted(pool)
    ranking = list(files.read_ranking(tmp_path / files.RANKING))
    assert sorted(ranked.document_id for ranked in ranking) == sorted(pool)
    assert {ranked.strategy for ranked in ranking} == {"default"}


def test_a_finished_job_does_nothing_more(kept, tmp_path):
    write(tmp_path, kept)
    run(tmp_path)
    before = outputs(tmp_path)
    assert run(tmp_path) == {}
    assert outputs(tmp_path) == before


def test_the_next_version_goes_on_from_the_last_and_says_how_far_they_agree(kept, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    write(first, kept)
    run(first)
    model = str(first / files.MODEL)
    write(second, kept, warm_start=model, previous=model)
    told = []
    run(second, told.append)
    losses = [progress.loss for progress in told if progress.stage == "fit"]
    assert losses[0] < 1.5
    stability = files.read_json(second / files.METRICS)["stability"]
    assert stability["documents"] == 20
    assert 0 <= stability["f1"] <= 1
    assert "stability" not in files.read_json(first / files.METRICS)


def test_a_version_that_is_gone_neither_starts_nor_stops_the_next(kept, tmp_path):
    gone = str(tmp_path / "gone")
    write(tmp_path / "job", kept, warm_start=gone, previous=gone)
    run(tmp_path / "job")
    assert files.read_json(tmp_path / "job" / files.METRICS)["stability"] is None


@pytest.fixture(scope="module")
def fast_model(tmp_path_factory, kept):
    """Folder of a fast model that finds most of the entities in the test texts."""
    folder = tmp_path_factory.mktemp("fast")
    write(folder, kept, max_steps=80, test=40)
    run(folder)
    assert files.read_json(folder / files.METRICS)["overall"]["f1"] > 0.5
    return str(folder / files.MODEL)


def test_a_full_version_much_worse_than_the_fast_one_before_says_so_and_orders_nothing(kept, tmp_path, fast_model):
    write(tmp_path, kept, Tier.FULL, max_steps=1, test=40, previous=fast_model)
    told = []
    seconds = run(tmp_path, told.append)
    metrics = files.read_json(tmp_path / files.METRICS)
    found = metrics["against"]
    assert (found["better"], found["documents"], found["labels"]) == ("former", 40, ["PER", "LOC"])
    assert found["own"] == metrics["overall"]["f1"]
    before = files.read_json(Path(fast_model).parent / files.METRICS)
    assert found["former"] == pytest.approx(before["overall"]["f1"])
    assert 0 <= metrics["stability"]["f1"] <= 1
    assert "score" not in seconds
    assert not (tmp_path / files.SCORES).exists()
    assert not (tmp_path / files.RANKING).exists()
    assert run(tmp_path) == {}, "started over it does no more"


def test_a_full_version_that_a_few_texts_cannot_tell_apart_orders_the_pool(kept, tmp_path, fast_model):
    write(tmp_path, kept, Tier.FULL, max_steps=1, test=4, previous=fast_model)
    run(tmp_path)
    assert files.read_json(tmp_path / files.METRICS)["against"]["better"] == ""
    assert (tmp_path / files.RANKING).exists()


def test_only_the_labels_that_both_know_are_compared(kept, tmp_path, fast_model):
    write(tmp_path, kept, Tier.FULL, max_steps=1, test=40, labels=("THING", "LOC"), previous=fast_model)
    run(tmp_path)
    found = files.read_json(tmp_path / files.METRICS)["against"]
    assert found["labels"] == ["LOC"]
    counts = files.read_json(Path(fast_model) / files.COUNTS)
    gold, predicted, correct = (sum(row.get("LOC", (0, 0, 0))[k] for row in counts.values()) for k in range(3))
    assert found["former"] == pytest.approx(2 * correct / (gold + predicted))


@pytest.mark.parametrize("case", ["fast", "first", "gone", "no entities", "full before"])
def test_nothing_is_compared_where_it_decides_nothing(case, kept, tmp_path, fast_model):
    tier = Tier.FAST if case == "fast" else Tier.FULL
    previous = {"first": "", "gone": str(tmp_path / "gone"), "full before": str(tmp_path / "full" / files.MODEL)}
    if case == "full before":
        write(tmp_path / "full", kept, Tier.FULL, max_steps=1)
        run(tmp_path / "full")
    number = 0 if case == "no entities" else 6
    write(tmp_path / "job", kept, tier, max_steps=1, test=number, previous=previous.get(case, fast_model))
    run(tmp_path / "job")
    assert "against" not in files.read_json(tmp_path / "job" / files.METRICS)
    assert (tmp_path / "job" / files.RANKING).exists()


def test_without_a_model_the_pool_gets_the_order_of_a_cold_start_and_its_features(kept, tmp_path):
    write(tmp_path, kept, model="", fit=False)
    seconds = run(tmp_path)
    assert seconds.keys() == {"select"}
    ranking = list(files.read_ranking(tmp_path / files.RANKING))
    assert sorted(r.document_id for r in ranking) == sorted(e.document_id for e in examples(20, seed=3))
    assert not (tmp_path / files.METRICS).exists()


def test_a_simulation_begins_with_the_cold_order_of_the_product(kept, tmp_path):
    job = write(tmp_path, kept, model="", fit=False)
    run(tmp_path)
    pool = files.read_texts(tmp_path / files.POOL)
    vectors = simulation.product(kept, job.config).vectors(pool)
    assert list(files.read_ranking(tmp_path / files.RANKING)) == acquisition.cold_order(pool, vectors, job.selection)


def test_the_counts_of_each_test_document_lie_beside_the_model(kept, tmp_path):
    write(tmp_path, kept)
    run(tmp_path)
    counts = files.read_json(tmp_path / files.MODEL / files.COUNTS)
    assert counts.keys() == {example.document_id for example in examples(6, seed=2)}
    total = files.read_json(tmp_path / files.METRICS)["overall"]
    assert sum(row[0] for labels in counts.values() for row in labels.values()) == total["gold"]


def test_labels_are_judged_only_where_the_job_asks_for_it(kept, tmp_path):
    asked, plain = tmp_path / "asked", tmp_path / "plain"
    for folder, judged in ((asked, [f"doc-{number}" for number in range(52)]), (plain, [])):
        job = files.Job(TrainConfig(("PER", "LOC"), tier=Tier.FAST, max_steps=20), features=str(kept))
        files.write_job(folder, job, train=examples(55), test=examples(6, seed=2), pool=[], judged=judged)
    told = []
    assert "suspect" in run(asked, told.append)
    assert [progress.done for progress in told if progress.stage == "suspect"] == [1, 2, 3, 4, 5]
    doubts = list(files.read_doubts(asked / files.DOUBTS))
    assert {doubt.document_id for doubt in doubts} == {f"doc-{number}" for number in range(52)}
    assert [doubt.wrong_words for doubt in doubts] == sorted((d.wrong_words for d in doubts), reverse=True)
    assert "suspect" not in run(asked), "an interrupted job does not judge again"
    assert "suspect" not in run(plain)
    assert not (plain / files.DOUBTS).exists()
