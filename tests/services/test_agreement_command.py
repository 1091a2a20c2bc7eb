"""`manage.py agreement`: the file it writes, the tables it prints, what it says to bad input."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from quality.numeric.measures import REASONS
from tests.domain.test_agreement_files import ADA, BOB, DATA, ITEM, row, written


def agreement(tmp_path: Path, rows: list[Any], *options: str) -> tuple[dict[str, Any], str]:
    out = StringIO()
    paths = written(tmp_path, [ITEM, {**ITEM, "id": "2"}], rows)
    call_command("agreement", *map(str, paths), "--json", str(tmp_path / "out.json"), *options, stdout=out)
    return json.loads((tmp_path / "out.json").read_text()), out.getvalue()


def test_the_file_has_what_was_promised(tmp_path: Path) -> None:
    wrong = {**BOB, "label": "PER"}
    report, printed = agreement(tmp_path, [row("p", [ADA, BOB]), row("q", [ADA, wrong]), row("r", [ADA])])
    assert (report["documents"], report["annotators"], report["labels"]) == (1, 3, ["ORG", "PER"])
    for name in ("bio", "type", "detect", "label"):
        assert report["alpha"][name].keys() >= {"value", "low", "high", "n"}
    assert report["alpha"]["detect"]["n"] == 4
    assert report["alpha"]["per_label"].keys() == {"ORG", "PER"}
    # Pairs by hand: pq 2·1 of 4, pr 2·1 of 3, qr 2·1 of 3.
    exact = report["span_f1"]["exact"]
    assert exact["micro"] == pytest.approx(6 / 10)
    assert exact["mean"] == pytest.approx((1 / 2 + 2 / 3 + 2 / 3) / 3)
    assert exact["pairs"] == 3
    assert exact["sd"] == pytest.approx(0.0785674, abs=1e-6)
    counts = {"missing": 0, "label": 1, "boundary": 0, "boundary_label": 0, "split_merge": 0, "nested": 0}
    assert report["conflicts"] == counts
    assert report["counts"]["agreed"] == 1
    assert report["by_document"]["1"]["per_1000"] == 250
    assert "export" not in report
    assert "0.600" in printed
    assert "1 of 2 documents have two annotators or more: 3 people" in printed


def test_more_on_request(tmp_path: Path) -> None:
    rows = [{**row(name, [ADA] if name != "q" or item == "2" else []), "item": item} for item in "12" for name in "pq"]
    report, printed = agreement(tmp_path, rows, "--export", "--coverage", "6")
    assert report["export"]["token"]["type"]["n"] == 8
    assert report["coverage"]["exact"]["width"] > 0
    assert "intervals that held the figure of all" in printed
    assert "Fleiss' kappa" in printed
    assert "u-alpha of PER" in printed


def test_coverage_is_tried_of_what_there_is_where_people_were_asked_about_one_label(tmp_path: Path) -> None:
    rows = [
        {**row(name, [ADA] if name == "p" or name + item == "q2" else []), "item": item, "asked": label}
        for item in "12"
        for name, label in zip("pqrs", ("PER", "PER", "ORG", "ORG"), strict=True)
    ]
    report, printed = agreement(tmp_path, rows, "--coverage", "6")
    assert report["alpha"]["bio"]["value"] is None
    assert {name for name, found in report["coverage"].items() if found} == {"=PER", "exact"}
    assert "=PER" in printed


def test_reasons_are_said_in_words(tmp_path: Path) -> None:
    report, printed = agreement(tmp_path, [row("p"), row("q")])
    assert report["alpha"]["bio"]["reason"] == "no_variation"
    assert f"bio: {REASONS['no_variation']}." in printed
    assert f"exact: {REASONS['no_spans']}." in printed
    _, printed = agreement(tmp_path, [row("p", asked="PER"), row("p", asked="ORG"), row("q", [ADA], asked="PER")])
    assert f"bio: {REASONS['not_whole']}." in printed
    assert "1 judgement is about some labels only" in printed


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([row(), "nonsense"], (), "annotations.jsonl, row 2: not JSON"),
        ([row()], ("--coverage", "0"), "--coverage must be 1 or more"),
        ([row()], ("--groups", "64"), "--groups must be 1 or more and needs --coverage"),
        ([row()], ("--json", "/no/such/folder/out.json"), "There is no folder for"),
    ],
)
def test_bad_input_ends_with_two(tmp_path: Path, rows: list[Any], options: tuple[str, ...], message: str) -> None:
    with pytest.raises(CommandError) as error:
        agreement(tmp_path, rows, *options)
    assert str(error.value).startswith(message)
    assert error.value.returncode == 2


def test_real_novels(tmp_path: Path) -> None:
    """The figures of tests/services/test_quality_novels.py, where other code computes them."""
    folder = DATA / "novels_doccano"
    if not folder.exists():
        pytest.skip("no novels_doccano beside the repository")
    paths = [str(folder / name) for name in ("items.jsonl", "annotations.jsonl")]
    call_command("agreement", *paths, "--json", str(tmp_path / "out.json"), stdout=StringIO())
    report = json.loads((tmp_path / "out.json").read_text())
    assert (report["documents"], report["annotators"]) == (124, 2)
    assert report["span_f1"]["exact"]["micro"] == pytest.approx(0.7985, abs=5e-5)
    assert report["alpha"]["bio"]["low"] < report["alpha"]["bio"]["value"] < report["alpha"]["bio"]["high"]
