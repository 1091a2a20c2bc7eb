"""`manage.py bench_noise`: what it draws, what it plants, what it says about bad files."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotation.domain.spans import LabelledSpan
from daner_site.experiments import crowds, noise
from daner_site.experiments.crowds import Habit, habits, planted, read_columns, with_gold
from daner_site.experiments.noise import asked
from quality.domain.files import FileError
from quality.domain.judgements import JudgedDocument, Judgement
from tests.numeric.corpora import DATA, crowd, judged, systems

PER, LOC = LabelledSpan(0, 3, "PER"), LabelledSpan(4, 7, "LOC")
EVERYTHING_RIGHT = Habit(dict.fromkeys((*crowds.KINDS, "extra"), 0.0))


def document(*judgements: Judgement, gold: tuple[LabelledSpan, ...] = (PER, LOC)) -> JudgedDocument:
    return JudgedDocument("d", "Ada Rom said", ((0, 3), (4, 7), (8, 12)), judgements, gold)


def test_as_many_people_are_asked_as_there_are_to_be() -> None:
    everybody = document(*(Judgement(name, (PER, LOC)) for name in "abcd"))
    for people in (1, 2, 3, 9):
        found = asked(everybody, ("LOC", "PER"), people, random.Random(1))
        assert len(found.judgements) == min(people, 4), "who is asked at all is asked about everything"
        assert all(judgement.spans == (PER, LOC) for judgement in found.judgements)


def test_who_was_asked_about_one_label_answers_for_that_one() -> None:
    rows = [Judgement(f"p{n}", (PER,), frozenset({"PER"})) for n in range(3)]
    rows += [Judgement(f"l{n}", (LOC,), frozenset({"LOC"})) for n in range(3)]
    found = asked(document(*rows), ("LOC", "PER"), 1, random.Random(1))
    assert sorted(judgement.annotator[0] for judgement in found.judgements) == ["l", "p"]


def test_the_second_person_is_another_one_and_the_first_stays() -> None:
    everybody = document(*(Judgement(name, (PER,)) for name in "abcd"))
    for seed in range(8):
        one = asked(everybody, ("LOC", "PER"), 1, random.Random(seed))
        two = asked(everybody, ("LOC", "PER"), 2, random.Random(seed + 50), keep=one.judgements)
        assert len(two.judgements) == 2
        assert one.judgements[0].annotator in {judgement.annotator for judgement in two.judgements}


def test_error_rates_are_counted_from_what_people_were_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "LEAST_GOLD", 2)
    wrong = (LabelledSpan(0, 3, "LOC"), LabelledSpan(4, 12, "LOC"))
    found = habits([document(Judgement("a", wrong)), document(Judgement("a", (LabelledSpan(8, 12, "PER"),)))])
    assert [habit.rates for habit in found] == [
        {"miss": 0.5, "label": 0.25, "bounds": 0.25, "both": 0.0, "extra": 0.25}
    ]


def test_people_of_whom_little_is_known_are_no_model() -> None:
    assert habits([document(Judgement("a", ()))]) == []


def corpus_files(folder: Path) -> tuple[Path, Path]:
    rows = [f"Ada\tB-PER\nmet\tO\nBo{n}\tB-PER\nin\tO\nOslo\tB-LOC\n" for n in range(40)]
    paths = folder / "train.conll", folder / "test.conll"
    paths[0].write_text("\n".join(rows))
    paths[1].write_text("\n".join(rows[:5]))
    return paths


@pytest.mark.parametrize(("kind", "share"), [("miss", 0.0), ("label", 1.0), ("bounds", 1.0)])
def test_what_is_planted_is_what_people_do(tmp_path: Path, kind: str, share: float) -> None:
    train, test = corpus_files(tmp_path)
    habit = Habit(EVERYTHING_RIGHT.rates | {kind: 1.0})
    found = planted(train, test, [habit], documents=30, annotators=4, judges=2, seed=0)
    made = [span for item in found.documents for judgement in item.judgements for span in judgement.spans]
    gold = {span for item in found.documents for span in item.gold or ()}
    assert bool(made) == bool(share)
    assert not gold & set(made) or kind == "bounds"
    right = planted(train, test, [EVERYTHING_RIGHT], documents=30, annotators=4, judges=2, seed=0)
    assert all(set(j.spans) == set(item.gold or ()) for item in right.documents for j in item.judgements)


def test_extra_spans_are_planted_where_no_gold_is_counted(tmp_path: Path) -> None:
    train, test = corpus_files(tmp_path)
    found = planted(
        train,
        test,
        [Habit(EVERYTHING_RIGHT.rates | {"miss": 1.0, "extra": 1.0})],
        documents=30,
        annotators=2,
        judges=1,
        seed=0,
    )
    made = sum(len(judgement.spans) for item in found.documents for judgement in item.judgements)
    assert 30 < made <= 90, "three a document, less what overlaps"


def test_columns_are_read_as_the_tests_read_them() -> None:
    expected = systems()
    found = read_columns(DATA / "wnut17_systems" / "test.tsv")
    assert [(d.gold, [j.spans for j in d.judgements]) for d in found] == [
        (d.gold, [j.spans for j in d.judgements]) for d in expected
    ]


def test_a_row_that_is_too_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("token\tgold\ta\nAda\tB-PER\tO\nmet\tO\n")
    with pytest.raises(FileError, match=r"x\.tsv, row 3: 2 columns, the heading has 3"):
        read_columns(path)


def test_labels_without_gold_are_left_out() -> None:
    documents, labels = with_gold(judged("btc_crowd_ae", "e-"))
    assert labels == ("LOC", "ORG", "PER")
    assert all(item.asked is None or item.asked <= {"LOC", "ORG", "PER"} for d in documents for item in d.judgements)


def test_doubt_that_puts_wrong_ones_first_has_the_whole_area() -> None:
    def area(*ranks: bool) -> float | None:
        found = [noise.Suspicion(str(number), -float(number), ()) for number in range(len(ranks))]
        value: float | None = noise._precision(found, {str(n): wrong for n, wrong in enumerate(ranks)})["auc"]
        return value

    assert area(True, True, False, False) == 1.0
    assert area(False, False, True) == 0.0
    assert area(True, False, True, False) == 0.75
    assert area(True, True) is None


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings of a few steps."""
    build = noise.TrainConfig
    monkeypatch.setattr(noise, "TrainConfig", lambda *args, **fields: build(*args, **fields, max_steps=12))


def write(folder: Path, documents: list[JudgedDocument]) -> list[str]:
    def rows(spans: tuple[LabelledSpan, ...]) -> list[dict[str, object]]:
        return [{"start": s.start, "end": s.end, "label": s.label} for s in spans]

    items = [
        {"id": d.id, "text": d.text, "tokens": [list(t) for t in d.tokens], "gold": rows(d.gold or ())}
        for d in documents
    ]
    answers = [
        {"item": d.id, "annotator": j.annotator, "spans": rows(j.spans)} for d in documents for j in d.judgements
    ]
    for name, found in (("items", items), ("annotations", answers)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in found))
    return [str(folder / "items.jsonl"), str(folder / "annotations.jsonl")]


def test_the_command_plays_prints_and_writes(small: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6}
    paths = write(tmp_path, crowd(90, people, judges=4))
    call_command("bench_noise", "judged", *paths, "--seeds", "1", "--json", str(tmp_path / "out.json"))
    printed = capsys.readouterr().out
    (found,) = json.loads((tmp_path / "out.json").read_text())
    assert (found["documents"], found["test"]) == (63, 27)
    assert found["all"]["several"] == 63
    assert found["all"]["method"] == "bsc"
    assert found["some"]["several"] < 63
    assert found["all"]["product"] == found["all"]["consensus" if found["all"]["used"] else "today"]
    assert {"auc", "base", "top_5", "once", "second_doubted", "settled_chance"} <= found["single"].keys()
    assert "63 documents to learn from, 27 to measure on, 1 seeds" in printed
    assert "wrong among the 5 % most doubted" in printed


def test_bad_input_ends_with_code_2(tmp_path: Path) -> None:
    paths = write(tmp_path, crowd(5, {"a": 0.9, "b": 0.8}, judges=2))
    for arguments, words in (
        (["judged", *paths], "fewer than 20"),
        (["judged", *paths, "--seeds", "0"], "1 or more"),
        (["judged", *paths, "--test", "1"], "between 0 and 1"),
        (["columns", str(tmp_path / "none.tsv")], "cannot be read"),
    ):
        with pytest.raises(CommandError, match=words) as raised:
            call_command("bench_noise", *arguments)
        assert raised.value.returncode == 2
