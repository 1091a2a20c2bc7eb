"""How much active learning saves on labelled files: `simulate TRAIN.conll TEST.conll --json OUT`.

Files are CoNLL, a word and its tag a line. Progress goes to standard error.
"""

from __future__ import annotations

import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from activelearning.domain.selection import RANDOM, STRATEGIES, SelectionConfig
from activelearning.engine.job import read_json, write_json
from activelearning.engine.types import EngineError, Tier, TrainConfig


def tell(line: str) -> None:
    """Progress, from whichever process has made some."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def add_file_arguments(parser: ArgumentParser) -> None:
    """The files to learn from and to test on; `read_corpus` reads them."""
    parser.add_argument("train", metavar="TRAIN.conll", type=Path, nargs="?", help="the pool to label")
    parser.add_argument("test", metavar="TEST.conll", type=Path, nargs="?", help="what F1 is measured on")
    parser.add_argument("--pool-also", metavar="FILE", type=Path, action="append", default=[], help="more of the pool")
    parser.add_argument("--split", type=float, metavar="SHARE", help="test on this share of the pool's documents")
    parser.add_argument("--split-seed", type=int, default=0)
    parser.add_argument("--json", metavar="OUT", type=Path, help="write the figures to this file")
    parser.add_argument("--jobs", type=int, default=1, help="processes at work")


def read_corpus(options: dict[str, Any]) -> Any:
    """The corpus of the files. CommandError where they are missing or cannot be read."""
    from activelearning.engine.corpora import read_conll, split_off
    from activelearning.engine.simulation import Corpus

    if options["train"] is None or (options["test"] is None) == (options["split"] is None):
        raise CommandError("Name TRAIN.conll and either TEST.conll or --split.")
    try:
        pool = read_conll(options["train"], *options["pool_also"])
        if options["test"] is None:
            pool, test = split_off(pool, options["split"], options["split_seed"])
        else:
            test = read_conll(options["test"])
    except EngineError as error:
        raise CommandError(str(error)) from error
    return Corpus(tuple(pool), tuple(test))


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_file_arguments(parser)
        parser.add_argument("--strategy", action="append", choices=list(STRATEGIES), help="repeat for several")
        parser.add_argument("--seeds", type=int, default=5)
        parser.add_argument("--budget", type=float, default=0.3, help="share of the pool's words in the last round")
        parser.add_argument("--first-words", type=int, default=400, help="words labelled before the first model")
        parser.add_argument("--rounds", type=int, help="default: as few as let no round grow by more than half")
        parser.add_argument("--tier", choices=[str(tier) for tier in Tier], default=str(Tier.FAST))
        parser.add_argument(
            "--checkpoint", default="", help="a folder or a Hugging Face name; default: the bundled one"
        )
        parser.add_argument("--cold-start", choices=["own", "random", "diverse"], default="own")
        parser.add_argument("--diversity", type=float, help="0 to 1; default: what each strategy does best")
        parser.add_argument("--random-share", type=float, default=0.0, help="share of places that chance fills")
        parser.add_argument("--warm", action="store_true", help="go on from the last model where the product does")
        parser.add_argument("--probe", type=int, default=0, metavar="DOCUMENTS", help="set aside to estimate quality")
        parser.add_argument("--full-seeds", type=int, default=1, help="models that learn from the whole pool")
        parser.add_argument("--features", type=Path, help="where word features are kept; default: nowhere")
        parser.add_argument(
            "--compare", type=Path, nargs="+", metavar="JSON", help="print figures of earlier runs instead"
        )

    def handle(self, **options: Any) -> None:
        from activelearning.engine.summary import comparison

        if options["compare"]:
            self.stdout.write(comparison({path.stem: read_json(path) for path in options["compare"]}))
            return
        corpus = read_corpus(options)
        with tempfile.TemporaryDirectory() as folder:
            try:
                figures = self._figures(corpus, options, options["features"] or Path(folder))
            except (EngineError, ValueError) as error:
                raise CommandError(str(error)) from error
        if options["json"]:
            write_json(options["json"], figures)

    def _figures(self, corpus: Any, options: dict[str, Any], features: Path) -> dict[str, Any]:
        from activelearning.engine.simulation import Plan, simulate
        from activelearning.engine.summary import summary, table

        plan = Plan(
            config=TrainConfig(labels=corpus.labels, checkpoint=options["checkpoint"], tier=options["tier"]),
            # All others are held against chance, asked for or not.
            strategies=tuple(dict.fromkeys([RANDOM, *(options["strategy"] or ["mnlp", "default"])])),
            seeds=tuple(range(options["seeds"])),
            budget=options["budget"],
            first_words=options["first_words"],
            rounds=options["rounds"],
            selection=SelectionConfig(diversity=options["diversity"], random_share=options["random_share"]),
            cold_start=options["cold_start"],
            warm=options["warm"],
            probe=options["probe"],
            reference_seeds=options["full_seeds"],
            features=features,
        )
        results = simulate(corpus, plan, jobs=options["jobs"], tell=tell)
        figures = summary(corpus, plan, results)
        self.stdout.write(table(figures))
        return figures
