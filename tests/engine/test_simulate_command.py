from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.domain.formats import ExportedDocument
from annotation.domain.formats.conll_print import print_document
from tests.engine.corpus import examples


def write(path: Path, count: int, seed: int) -> Path:
    made = examples(count, seed)
    documents = [ExportedDocument(e.document_id, e.text, e.tokens, "pool", gold=e.spans, with_gold=True) for e in made]
    path.write_text("".join(map(print_document, documents)), encoding="utf-8")
    return path


def simulate(*arguments: object) -> str:
    out = StringIO()
    call_command("simulate", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("corpus")
    return write(folder / "train.conll", 120, 0), write(folder / "test.conll", 40, 1)


@pytest.fixture(scope="module")
def measured(files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    out = tmp_path_factory.mktemp("out") / "figures.json"
    # From the same random documents on, the first round of both is the same one and is no contest.
    options = ["--strategy", "default", "--seeds", 1, "--first-words", 180, "--rounds", 2, "--cold-start", "random"]
    shown = simulate(*files, *options, "--jobs", 2, "--json", out)
    return json.loads(out.read_text()), shown


@pytest.mark.slow
def test_the_figures_have_the_names_that_others_read(measured: tuple[dict[str, Any], str]) -> None:
    figures, _ = measured
    assert figures["full"].keys() == {"f1", "tokens"}
    assert list(figures["strategies"]) == ["random", "default"]
    for of in figures["strategies"].values():
        assert [len(run) for run in of["curve"]] == [2]
        assert of["curve"][0][0].keys() >= {"tokens", "sentences", "entities", "f1", "seconds"}
        assert of["aulc"].keys() == {"mean", "sd"}
        assert of["tokens_to"].keys() == of["hours_to"].keys() == {"90", "95", "98", "99"}
        won, played = of["rounds_won"]
        assert 0 <= won <= played == 1
        assert of["never_worse"]["cells"] == played


@pytest.mark.slow
def test_the_last_round_stays_within_the_budget(measured: tuple[dict[str, Any], str]) -> None:
    figures, _ = measured
    for of in figures["strategies"].values():
        for run in of["curve"]:
            assert 0.3 * figures["full"]["tokens"] - 1 <= run[-1]["tokens"] < 0.3 * figures["full"]["tokens"] + 12


@pytest.mark.slow
def test_the_model_learns_and_the_table_shows_it(measured: tuple[dict[str, Any], str]) -> None:
    figures, shown = measured
    assert figures["full"]["f1"] > 0.9
    assert figures["strategies"]["random"]["curve"][0][-1]["f1"] > 0.7
    assert [line.split()[0] for line in shown.splitlines()[2:4]] == ["random", "default"]


@pytest.mark.slow
def test_one_process_and_two_find_the_same(
    files: tuple[Path, Path], measured: tuple[dict[str, Any], str], tmp_path: Path
) -> None:
    out = tmp_path / "figures.json"
    options = ["--strategy", "default", "--seeds", 1, "--first-words", 180, "--rounds", 2, "--cold-start", "random"]
    simulate(*files, *options, "--json", out)
    again = json.loads(out.read_text())["strategies"]["default"]["curve"][0]
    before = measured[0]["strategies"]["default"]["curve"][0]
    assert [(r["tokens"], r["f1"]) for r in again] == [(r["tokens"], r["f1"]) for r in before]


@pytest.mark.slow
def test_earlier_figures_are_shown_side_by_side(measured: tuple[dict[str, Any], str], tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(json.dumps(measured[0]))
    shown = simulate("--compare", tmp_path / "one.json", tmp_path / "two.json")
    assert [line.split()[0] for line in shown.splitlines() if line][-3:] == ["one", "two", "all"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "Name TRAIN.conll"),
        (["{train}"], "--split"),
        (["{train}", "{test}", "--split", "0.2"], "--split"),
        (["{train}", "missing.conll"], "missing.conll cannot be read"),
        (["{train}", "{test}", "--pool-also", "{train}"], "given twice"),
        (["{train}", "{test}", "--strategy", "guess"], "guess"),
        (["{train}", "{test}", "--budget", "0.001"], "leaves nothing to add"),
        (["{train}", "{test}", "--rounds", "2", "--first-words", "20"], "more than double"),
        (["{train}", "{test}", "--diversity", "2", "--first-words", "60"], "between 0 and 1"),
    ],
)
def test_what_cannot_be_done_is_said(files: tuple[Path, Path], arguments: list[str], complaint: str) -> None:
    train, test = files
    with pytest.raises(CommandError, match=complaint):
        simulate(*(argument.format(train=train, test=test) for argument in arguments))
