"""What training gains from consensus, weights and second looks, on documents whose gold is known."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from activelearning.engine.checkpoints import resolve
from activelearning.engine.features import FeatureStore
from activelearning.engine.job import write_json
from activelearning.engine.types import EngineError
from daner_site.experiments import crowds
from daner_site.experiments.noise import LOOKED_AT, OVERLAPPED, SEVERAL, measure
from quality.domain.files import FileError, read_items

BAD_INPUT = 2
ANNOTATORS = 8
WAYS = {"today": "as voted", "consensus": "consensus", "product": "as the product decides", "weighed": "and weighed"}
LOOKS = {
    "once": "one person",
    "second_chance": "second person, by chance",
    "second_doubted": "second person, doubted",
    "settled_chance": "reviewed, by chance",
    "settled_doubted": "reviewed, doubted",
}


class Command(BaseCommand):
    help = (
        "Measure what the fast tier learns from several people's labels by vote, by consensus and weighed, how well "
        "doubt finds wrong single labels, and what a second look at doubted ones is worth beside one at random ones."
    )
    requires_system_checks = ()
    """Works on files alone."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True)
        judged = kinds.add_parser("judged", help="people's judgements; a random share of the documents is measured on")
        judged.add_argument("items", type=Path, metavar="ITEMS.jsonl")
        judged.add_argument("annotations", type=Path, metavar="ANNOTATIONS.jsonl")
        judged.add_argument("--only", default="", metavar="PREFIX", help="documents whose ids begin so")
        columns = kinds.add_parser("columns", help="token, gold, one column of tags for each annotator")
        columns.add_argument("file", type=Path, metavar="FILE.tsv")
        planted = kinds.add_parser("planted", help="gold with made-up people's errors, at the rates of real people")
        planted.add_argument("train", type=Path, metavar="TRAIN.conll")
        planted.add_argument("conll_test", type=Path, metavar="TEST.conll")
        planted.add_argument(
            "--like",
            nargs=2,
            type=Path,
            action="append",
            required=True,
            metavar=("ITEMS", "ANNOTATIONS"),
            help="judgements of real people; may be given again",
        )
        planted.add_argument("--documents", type=int, default=800, help="to learn from (default %(default)s)")
        for kind in (judged, columns):
            kind.add_argument("--test", type=float, default=0.3, help="share to measure on (default %(default)s)")
        for kind in (judged, columns, planted):
            kind.add_argument(
                "--seeds", type=int, default=3, help="plays, each with its own draws (default %(default)s)"
            )
            kind.add_argument("--checkpoint", default="", help="as in a project's settings (default: the bundled one)")
            kind.add_argument("--json", type=Path, metavar="OUT", help="write all figures to this file")

    def handle(self, *args: object, **options: Any) -> None:
        if options["seeds"] < 1:
            raise CommandError("--seeds must be 1 or more.", returncode=BAD_INPUT)
        if not 0 < options.get("test", 0.3) < 1:
            raise CommandError("--test must lie between 0 and 1.", returncode=BAD_INPUT)
        if options["json"] and not options["json"].absolute().parent.is_dir():
            raise CommandError(f"There is no folder for {options['json']}.", returncode=BAD_INPUT)
        try:
            draw = getattr(self, f"_{options['kind']}")(options)
            features = FeatureStore(resolve(options["checkpoint"]))
            found = measure(draw, features, options["seeds"], self.stdout.write)
        except (FileError, EngineError) as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        self._print(found)
        if options["json"]:
            write_json(options["json"], found)

    def _judged(self, options: dict[str, Any]) -> Callable[[int], crowds.Corpus]:
        rows = read_items(options["items"], options["annotations"])
        name = options["items"].absolute().parent.name + (f" {options['only']}" if options["only"] else "")
        return _drawn(name, [row for row in rows if row.id.startswith(options["only"])], options["test"])

    def _columns(self, options: dict[str, Any]) -> Callable[[int], crowds.Corpus]:
        return _drawn(options["file"].absolute().parent.name, crowds.read_columns(options["file"]), options["test"])

    def _planted(self, options: dict[str, Any]) -> Callable[[int], crowds.Corpus]:
        people = [
            habit
            for items, annotations in options["like"]
            for habit in crowds.habits(crowds.with_gold(read_items(items, annotations))[0])
        ]
        if not people:
            raise FileError(f"Nobody in --like was asked about {crowds.LEAST_GOLD} gold spans.")
        return lambda seed: crowds.planted(
            options["train"],
            options["conll_test"],
            people,
            documents=options["documents"],
            annotators=ANNOTATORS,
            judges=SEVERAL,
            seed=seed,
        )

    def _print(self, found: Sequence[dict[str, Any]]) -> None:
        write, first = self.stdout.write, found[0]
        write(
            f"\n{first['corpus']}: {first['documents']} documents to learn from, {first['test']} to measure on, "
            f"{len(found)} seeds. F1 in per cent; behind it the mean difference from the first line and its standard error."
        )
        for part, words in (("some", f"{OVERLAPPED:.0%} of the documents"), ("all", "all documents")):
            used = sum(row[part]["used"] for row in found)
            write(
                f"\nseveral people on {words}; method {first[part]['method']}, consensus used in {used} of {len(found)}"
            )
            self._lines([row[part] for row in found], WAYS)
        singles = [row["single"] for row in found]
        cells = {
            name: fmean(row[name] for row in singles if row[name] is not None)
            for name in singles[0]
            if name in PRECISION
        }
        write(
            "\none person on each document: " + ", ".join(f"{PRECISION[name]} {cells[name]:.2f}" for name in PRECISION)
        )
        write(f"a second look at {LOOKED_AT:.0%} of them:")
        self._lines(singles, LOOKS)

    def _lines(self, rows: Sequence[dict[str, Any]], names: dict[str, str]) -> None:
        base = next(iter(names))
        for name, words in names.items():
            gains = [100 * (row[name] - row[base]) for row in rows]
            error = f" ± {stdev(gains) / len(gains) ** 0.5:.1f}" if len(gains) > 1 and name != base else ""
            gain = f"{fmean(gains):+7.1f}{error}" if name != base else ""
            self.stdout.write(f"  {words:<28}{100 * fmean(row[name] for row in rows):>7.1f}{gain}")


PRECISION = {
    "base": "wrong",
    "auc": "AUC",
    "top_5": "wrong among the 5 % most doubted",
    "top_10": "10 %",
    "top_20": "20 %",
}


def _drawn(name: str, rows: Sequence[Any], share: float) -> Callable[[int], crowds.Corpus]:
    documents, labels = crowds.with_gold(rows)
    if len(documents) < 20 or not labels:
        raise FileError(f"{name}: fewer than 20 documents have gold and judgements.")
    return lambda seed: crowds.split(name, documents, labels, seed, share)
