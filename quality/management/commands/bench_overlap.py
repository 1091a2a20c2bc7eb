"""What one more person at a time, where people disagree, brings against the same labels spread evenly.

Replays files in which several people labelled the documents: chance draws who comes when, the rule
of the product says who gets one more, and the consensus of the answers asked for is held against gold.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from statistics import mean
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quality.domain.files import FileError, labels_of, read_items
from quality.numeric.consensus import AUTO, METHODS
from quality.numeric.overlap_replay import Outcome, Replay, people_for

BAD_INPUT = 2
Row = dict[str, Any]


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()
    """Works on files alone."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("items", type=Path, metavar="ITEMS.jsonl")
        parser.add_argument("annotations", type=Path, metavar="ANNOTATIONS.jsonl")
        parser.add_argument("--only", default="", metavar="PREFIX", help="documents whose ids begin so")
        parser.add_argument("--cap", type=int, default=5, help="people for one document at most (%(default)s)")
        parser.add_argument(
            "--agreement",
            type=float,
            nargs="+",
            default=[0.3, 0.6, 0.8],
            metavar="F1",
            help="two people agree from this F1 on; several are tried one after the other",
        )
        parser.add_argument("--method", choices=[AUTO, *METHODS], default=AUTO, help="of the consensus (%(default)s)")
        parser.add_argument("--seeds", type=int, default=5, help="draws of who comes when (%(default)s)")
        parser.add_argument("--json", type=Path, metavar="OUT")

    def handle(self, *args: object, **options: Any) -> None:
        if options["cap"] < 2 or options["seeds"] < 1 or not all(0 <= value <= 1 for value in options["agreement"]):
            raise CommandError(
                "--cap is 2 or more, --seeds 1 or more, --agreement between 0 and 1.", returncode=BAD_INPUT
            )
        try:
            documents = read_items(options["items"], options["annotations"])
        except FileError as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        documents = [item for item in documents if item.id.startswith(options["only"]) and item.judgements]
        if not any(item.gold is not None for item in documents):
            raise CommandError("None of these documents is labelled and has gold.", returncode=BAD_INPUT)
        labels = labels_of(documents)
        replays = [Replay.drawn(documents, labels, seed, options["method"]) for seed in range(options["seeds"])]
        report = {
            "documents": len(documents),
            "method": options["method"],
            "seeds": options["seeds"],
            **compared(replays, options["cap"], options["agreement"]),
        }
        self._print(report)
        if options["json"]:
            options["json"].write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")

    def _print(self, report: Row) -> None:
        self.stdout.write(
            f"{report['documents']} documents, consensus by {report['method']}, mean of {report['seeds']} draws.\n\n"
            f"{'everybody gets':<34}{'people':>7}{'F1':>7}"
        )
        for row in report["uniform"]:
            self.stdout.write(f"{row['cap']:<34}{row['people']:>7.2f}{100 * row['f1']:>7.1f}")
        self.stdout.write(
            f"\n{'one more while':<34}{'people':>7}{'F1':>7}{'evenly':>8}{'better in':>11}{'evenly for that F1':>20}"
        )
        for row in report["targeted"]:
            needed = "more than there are" if row["evenly_for_this"] is None else f"{row['evenly_for_this']:.2f} people"
            self.stdout.write(
                f"{row['rule']:<34}{row['people']:>7.2f}{100 * row['f1']:>7.1f}{100 * row['evenly']:>8.1f}"
                f"{row['better']:>6} of {report['seeds']:<2}{needed:>20}"
            )


def compared(replays: list[Replay], cap: int, agreements: list[float]) -> Row:
    """`uniform`: per number of people; `targeted`: per rule, with `evenly`, the F1 of as many labels spread evenly."""
    uniform = [[replay.outcome(replay.uniform(people)) for replay in replays] for people in range(1, cap + 1)]
    means = [_mean(found) for found in uniform]
    rules = [(f"no two agree to {value:g}", value, False) for value in agreements]
    return {
        "uniform": [{"cap": people, "people": found.people, "f1": found.f1} for people, found in enumerate(means, 1)],
        "targeted": [
            _targeted(replays, name, means, cap=cap, agreement=value, unsure=unsure)
            for name, value, unsure in [*rules, ("the consensus expects an error", 0.0, True)]
        ],
    }


def _targeted(replays: list[Replay], rule: str, uniform: list[Outcome], **how: Any) -> Row:
    found = [replay.outcome(replay.targeted(**how)) for replay in replays]
    evenly = [replay.outcome(replay.uniform(each.people)) for replay, each in zip(replays, found, strict=True)]
    outcome = _mean(found)
    return {
        "rule": rule,
        "people": outcome.people,
        "f1": outcome.f1,
        "evenly": _mean(evenly).f1,
        "better": sum(each.f1 > other.f1 for each, other in zip(found, evenly, strict=True)),
        "evenly_for_this": people_for(outcome.f1, uniform),
    }


def _mean(found: list[Outcome]) -> Outcome:
    return Outcome(mean(each.people for each in found), mean(each.f1 for each in found))
