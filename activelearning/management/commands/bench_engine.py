"""What a round of active learning costs here, against the seed's recipe and the processor's limit."""

from __future__ import annotations

import importlib.util
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from activelearning.engine import bench
from activelearning.engine.corpora import read_conll
from activelearning.engine.job import write_json
from activelearning.engine.types import EngineError

MEBIBYTE = 2**20
BAR_WORDS = 14.5
"""In a sentence of the corpus on which the bars were set."""
SIDE = ("CPU s", "wall s", "F1", "load", "train", "score", "order")
NEEDS_ACCELERATE = (
    "The seed's recipe trains with Hugging Face's Trainer, which needs the package accelerate. "
    'Install it with: pip install "accelerate>=1.15,<2"'
)


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure with what it must and what it should reach; from `must` to `aim` is better."""

    name: str
    must: float
    aim: float | None
    read: Callable[[dict[str, Any]], float]

    def line(self, report: dict[str, Any]) -> str:
        value, rising = self.read(report), self.aim is None or self.aim > self.must
        met = value >= self.must if rising else value <= self.must
        sign, aim = ("≥" if rising else "≤"), "" if self.aim is None else f"{self.aim:g}"
        return f"{self.name:56}{value:>10.2f}   {sign} {self.must:<7g}{aim:<8}{'met' if met else 'MISSED'}"


BARS = [
    Bar("warm retrain, CPU seconds", 2, 1, lambda r: r["warm_retrain_cpu_s"]),
    Bar("cold retrain, CPU seconds", 6, 4, lambda r: r["cold_retrain_cpu_s"]),
    Bar(
        "rescoring on cached features, sentences per CPU second",
        4000,
        8000,
        lambda r: r["scoring"]["sentences_per_cpu_s"],
    ),
    Bar("feature pass, sentences per CPU second", 260, 400, lambda r: r["scoring"]["feature_pass_sentences_per_cpu_s"]),
    Bar("warm round, times cheaper than the seed's recipe", 60, 130, lambda r: r["round"]["cpu_ratio"]),
    Bar(
        "F1 of the warm round minus the seed recipe's, points",
        0,
        None,
        lambda r: 100 * (r["round"]["ours"]["f1"] - r["round"]["seed_recipe"]["f1"]),
    ),
]
FULL_BARS = [
    Bar("full tier, CPU seconds", 35, 25, lambda r: r["full_tier"]["cpu_s"]),
    Bar("full tier, peak memory, GiB", 3, 2, lambda r: r["full_tier"]["peak_memory_bytes"] / 2**30),
    Bar(
        "F1 of the full tier minus full fine-tuning's, points",
        0,
        None,
        lambda r: 100 * (r["full_tier"]["f1"] - r["full_fine_tuning"]["f1"]),
    ),
]


class Command(BaseCommand):
    help = "Measure a round of the learning engine on labelled files: processor time, memory, F1."
    requires_system_checks = ()
    """Works on files alone."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("train", type=Path, metavar="TRAIN.conll")
        parser.add_argument("test", type=Path, metavar="TEST.conll")
        parser.add_argument("--json", type=Path, metavar="OUT", help="write all figures to this file")
        parser.add_argument("--labelled", type=int, default=500, help="labelled documents (default %(default)s)")
        parser.add_argument(
            "--new", type=int, default=20, help="of which the last version has not seen (default %(default)s)"
        )
        parser.add_argument(
            "--seed-steps", type=int, default=100, help="steps of the seed's recipe (default %(default)s)"
        )
        parser.add_argument(
            "--checkpoint", default="", help="as in a project's settings (default: the bundled encoder)"
        )
        parser.add_argument(
            "--seed", type=int, default=13, help="of the draw and of both trainings (default %(default)s)"
        )
        parser.add_argument("--full", action="store_true", help="measure the full tier and full fine-tuning, too")
        parser.add_argument("--full-only", action="store_true", help="measure nothing but these two")
        parser.add_argument(
            "--full-seeds", type=int, default=3, help="trainings of each of the two, averaged (default %(default)s)"
        )

    def handle(self, *args: object, **options: Any) -> None:
        if importlib.util.find_spec("accelerate") is None:
            raise CommandError(NEEDS_ACCELERATE)
        if options["full_seeds"] < 1:
            raise CommandError("--full-seeds must be 1 or more.")
        if options["json"] and not options["json"].absolute().parent.is_dir():
            raise CommandError(f"There is no folder for {options['json']}.")
        try:
            with tempfile.TemporaryDirectory() as folder:
                plan = bench.plan(
                    read_conll(options["train"]),
                    read_conll(options["test"]),
                    Path(folder),
                    labelled=options["labelled"],
                    new=options["new"],
                    seed=options["seed"],
                    seed_steps=options["seed_steps"],
                    checkpoint=options["checkpoint"],
                    full_seeds=options["full_seeds"],
                )
                if options["full_only"]:
                    report = bench.measure_full(plan, tell=self.stdout.write)
                else:
                    report = bench.measure(plan, full=options["full"], tell=self.stdout.write)
        except EngineError as error:
            raise CommandError(str(error)) from error
        self._print_bars(report)
        if "round" in report:
            self._print_round(report)
            self._print_limits(report)
        if options["json"]:
            write_json(options["json"], report)

    def _print_bars(self, report: dict[str, Any]) -> None:
        write, corpus, machine = self.stdout.write, report["corpus"], report["machine"]
        write(
            f"\n{corpus['labelled']} labelled, a pool of {corpus['pool']} sentences of "
            f"{corpus['pool_words_per_sentence']:.1f} words, {corpus['test']} to test; "
            f"{machine['processor']}, one thread, {machine['precision']}, torch {machine['torch']}.\n"
        )
        write(f"{'':56}{'measured':>10}   {'must':<9}{'aim':<8}")
        for bar in [*(BARS if "round" in report else []), *(FULL_BARS if "full_tier" in report else [])]:
            write(bar.line(report))

    def _print_round(self, report: dict[str, Any]) -> None:
        write = self.stdout.write
        write("\n" + "".join(f"{name:>12}" for name in ("", *SIDE)))
        for name, side in report["round"].items():
            if name != "cpu_ratio":
                stages = {stage: side["cpu_s_of"][stage] for stage in ("load", "train", "score", "order")}
                figures = [side["cpu_s"], side["wall_s"], 100 * side["f1"], *stages.values()]
                write(f"{name:>12}" + "".join(f"{figure:>12.2f}" for figure in figures))

    def _print_limits(self, report: dict[str, Any]) -> None:
        write, scoring, memory = self.stdout.write, report["scoring"], report["memory"]
        write(
            f"\nRescoring reads {scoring['words_per_cpu_s']:,.0f} words per CPU second, "
            f"{scoring['share_of_head_bound']:.0%} of what the head's matrix products alone allow; in sentences of "
            f"{BAR_WORDS} words, for which the bars were set, {scoring['words_per_cpu_s'] / BAR_WORDS:,.0f}, and "
            f"{scoring['feature_pass_words_per_cpu_s'] / BAR_WORDS:,.0f} for the feature pass.\n"
            f"The whole encoder could read at most {scoring['encoder_bound_sentences_per_cpu_s']:,.0f} sentences per "
            f"CPU second ({scoring['bound']['gflop_per_cpu_s']:.0f} GFLOP per second); the feature pass reaches "
            f"{scoring['feature_pass_share_of_encoder_bound']:.0%} of that, and "
            f"{scoring['feature_pass_share_of_its_layers_bound']:.0%} of what the layers it runs allow.\n"
            f"100,000 documents like these take {memory['cache_bytes_per_100000_documents'] / 2**30:.2f} GiB of disk.\n"
            "Peak memory in MiB: "
            + ", ".join(
                f"{name.replace('_', ' ')} {size / MEBIBYTE:.0f}" for name, size in memory["peak_bytes"].items()
            )
        )
