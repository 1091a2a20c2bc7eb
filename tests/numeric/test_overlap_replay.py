"""The replay of targeted overlap: what it counts, and that it finds the saving that is there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.domain.spans import LabelledSpan
from quality.domain.judgements import JudgedDocument, Judgement
from quality.numeric.overlap_replay import Outcome, Replay, people_for
from tests.numeric.corpora import LABELS, crowd, judged

QUALITY = {f"p{number}": 0.75 for number in range(6)}
ADA, OSLO = LabelledSpan(0, 3, "PER"), LabelledSpan(8, 12, "LOC")


def document(name: str, *layers: tuple[str, tuple[LabelledSpan, ...], frozenset[str] | None]) -> JudgedDocument:
    return JudgedDocument(
        name,
        "Ada and Oslo",
        ((0, 3), (4, 7), (8, 12)),
        tuple(Judgement(person, spans, asked) for person, spans, asked in layers),
        (ADA, OSLO),
    )


def test_people_agreeing_cost_two_and_people_disagreeing_the_cap() -> None:
    alike = document("alike", *((name, (ADA, OSLO), None) for name in "abcde"))
    apart = document("apart", ("a", (ADA,), None), ("b", (OSLO,), None), ("c", (), None), ("d", (), None))
    for seed in range(6):
        replay = Replay.drawn([alike, apart], ["LOC", "PER"], seed)
        plan = replay.targeted(agreement=0.6, cap=4, unsure=False)
        assert plan["alike"] == 2
        # c and d agree on nothing there; every other pair does not agree.
        first = [turn[0].annotator for turn in replay.turns["apart"]]
        assert plan["apart"] == next((n for n in (2, 3, 4) if {"c", "d"} <= set(first[:n])), 4)
        assert replay.targeted(agreement=1.0, cap=3, unsure=False)["apart"] <= 3


def test_an_even_number_is_met_on_average_and_never_beyond_who_is_there() -> None:
    replay = Replay.drawn(crowd(40, QUALITY, judges=4), LABELS, 1)
    assert sum(replay.uniform(2.5).values()) == 100
    assert set(replay.uniform(2.5).values()) == {2, 3}
    assert set(replay.uniform(9).values()) == {4}
    assert replay.outcome(replay.uniform(3)).people == 3


def test_a_turn_is_an_answer_to_each_question() -> None:
    per, loc = frozenset({"PER"}), frozenset({"LOC"})
    asked = document("q", ("a", (ADA,), per), ("b", (), per), ("a", (OSLO,), loc), ("c", (), loc))
    replay = Replay.drawn([asked], ["LOC", "PER"], 0)
    assert [len(turn) for turn in replay.turns["q"]] == [2, 2]
    assert {answer.asked for answer in replay.turns["q"][0]} == {per, loc}
    # Both turns together: a has answered both questions, and is one person again.
    assert replay.outcome({"q": 2}) == Outcome(2.0, 1.0)


def test_the_same_seed_replays_the_same() -> None:
    documents = crowd(30, QUALITY)
    first, again, other = (Replay.drawn(documents, LABELS, seed) for seed in (3, 3, 4))
    assert first.turns == again.turns
    assert first.turns != other.turns


def test_asking_on_where_people_disagree_beats_the_same_labels_spread_evenly() -> None:
    """Half of the documents are easy for everybody and half hard, which is what makes the rule worth it."""
    for seed in range(5):
        easy = crowd(60, dict.fromkeys(QUALITY, 0.99), judges=6, seed=seed)
        hard = crowd(60, dict.fromkeys(QUALITY, 0.6), judges=6, seed=seed + 100)
        documents = [*easy, *(replace(item, id=f"hard {item.id}") for item in hard)]
        replay = Replay.drawn(documents, LABELS, seed, "vote")
        plan = replay.targeted(agreement=0.8, cap=6, unsure=False)
        assert sum(plan[item.id] for item in easy) < 2.2 * 60
        outcome = replay.outcome(plan)
        assert outcome.f1 > replay.outcome(replay.uniform(outcome.people)).f1


def test_people_for_an_f1_are_read_off_the_line() -> None:
    line = [Outcome(1.0, 0.4), Outcome(2.0, 0.6), Outcome(3.0, 0.7)]
    assert people_for(0.65, line) == pytest.approx(2.5)
    assert people_for(0.3, line) == 1.0
    assert people_for(0.71, line) is None


def test_the_command_prints_what_it_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged("btc_crowd_ae")  # skips where there are no files
    folder = Path(__file__).parents[3] / "shared" / "data" / "btc_crowd_ae"
    files = [folder / "items.jsonl", folder / "annotations.jsonl"]
    out = tmp_path / "out.json"
    call_command("bench_overlap", *files, "--only", "e-000", "--method", "vote", "--seeds", "1", "--json", out)
    report: dict[str, Any] = json.loads(out.read_text())
    assert report["documents"] == 10
    assert [row["cap"] for row in report["uniform"]] == [1, 2, 3, 4, 5]
    assert [row["people"] for row in report["uniform"]] == [1, 2, 3, 4, 5]
    printed = capsys.readouterr().out
    for row in report["targeted"]:
        assert f"{row['people']:.2f}{100 * row['f1']:>7.1f}{100 * row['evenly']:>8.1f}" in printed


@pytest.mark.parametrize("words", [["--cap", "1"], ["--agreement", "1.5"], ["--only", "nothing"], ["--seeds", "0"]])
def test_bad_input_is_told(words: list[str], tmp_path: Path) -> None:
    items, annotations = tmp_path / "items.jsonl", tmp_path / "annotations.jsonl"
    items.write_text('{"id": "a", "text": "Ada", "gold": []}\n')
    annotations.write_text('{"item": "a", "annotator": "x", "spans": []}\n')
    with pytest.raises(CommandError) as told:
        call_command("bench_overlap", items, annotations, *words)
    assert told.value.returncode == 2


def test_a_bad_row_is_named(tmp_path: Path) -> None:
    items, annotations = tmp_path / "items.jsonl", tmp_path / "annotations.jsonl"
    items.write_text('{"id": "a", "text": "Ada", "gold": []}\n')
    annotations.write_text('{"item": "b", "annotator": "x", "spans": []}\n')
    with pytest.raises(CommandError, match="row 1") as told:
        call_command("bench_overlap", items, annotations)
    assert told.value.returncode == 2
