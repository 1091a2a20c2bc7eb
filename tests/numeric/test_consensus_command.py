"""`manage.py consensus`: its JSON, its table, and what it says about bad files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from quality.management.commands.bench_quality import measure

ITEMS: list[dict[str, Any]] = [
    {"id": "one", "text": "Ada said", "gold": [{"start": 0, "end": 3, "label": "PER"}]},
    {"id": "two", "text": "Bo said", "gold": []},
    {"id": "three", "text": "Cy said", "gold": [{"start": 0, "end": 2, "label": "PER"}]},
]
ANSWERS: list[dict[str, Any]] = [
    {"item": "one", "annotator": "a", "spans": [{"start": 0, "end": 3, "label": "PER"}]},
    {"item": "one", "annotator": "b", "spans": []},
    {"item": "two", "annotator": "a", "spans": [{"start": 0, "end": 2, "label": "PER"}]},
    {"item": "two", "annotator": "b", "spans": []},
]


def write(folder: Path, items: list[dict[str, Any]], answers: list[dict[str, Any]]) -> list[str]:
    paths = []
    for name, rows in (("items", items), ("annotations", answers)):
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        paths.append(str(path))
    return paths


def test_the_json_of_a_small_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    call_command("consensus", *write(tmp_path, ITEMS, ANSWERS), method="vote", json=out)
    report = json.loads(out.read_text())
    assert set(report) == {"method", "spans", "reliability", "against_gold"}
    assert report["method"] == "vote"
    assert report["spans"] == {
        "one": [{"start": 0, "end": 3, "label": "PER", "confidence": 0.5}],
        "two": [{"start": 0, "end": 2, "label": "PER", "confidence": 0.5}],
        "three": [],
    }
    assert [row["annotator"] for row in report["reliability"]] == ["a", "b"]
    assert {"annotator", "f1", "low", "high", "documents"} <= set(report["reliability"][0])
    assert report["against_gold"] == {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3)}
    printed = capsys.readouterr().out
    assert "Method: vote." in printed
    assert printed.count("not enough data") == 2


def test_without_gold_there_is_no_comparison(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    items = [{**item, "gold": None} for item in ITEMS]
    call_command("consensus", *write(tmp_path, items, ANSWERS), json=out)
    assert "against_gold" not in json.loads(out.read_text())


def test_all_methods_in_one_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    call_command("consensus", *write(tmp_path, ITEMS, ANSWERS), method="all", json=out)
    assert set(json.loads(out.read_text())["methods"]) == {"vote", "ds", "bsc"}
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines if line} >= {"vote", "ds", "bsc"}


def test_bad_rows_are_named(tmp_path: Path) -> None:
    paths = write(tmp_path, ITEMS, [*ANSWERS, {"item": "four", "annotator": "a", "spans": []}])
    with pytest.raises(CommandError, match=r"annotations.jsonl, row 5: there is no item 'four'") as caught:
        call_command("consensus", *paths)
    assert caught.value.returncode == 2


def test_the_benchmark_counts_what_it_ran() -> None:
    row = measure("ds", 2_000)
    assert 1_500 < row["tokens"] <= 2_000
    assert row["peak_mib"] > 10
    assert row["time_ratio"] > 0
