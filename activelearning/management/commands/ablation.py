"""What the ancestor's choices cost active learning: `ablation TRAIN.conll TEST.conll --json OUT`.

Each is put back into our recipe alone, then all of them together; progress goes to standard error.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from activelearning.engine.job import write_json
from activelearning.engine.types import EngineError, Tier, TrainConfig
from activelearning.management.commands.simulate import add_file_arguments, read_corpus, tell


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_file_arguments(parser)
        parser.add_argument("--variant", action="append", help="repeat for several; default: all, ours first")
        parser.add_argument("--seeds", type=int, default=3)
        parser.add_argument("--budget", type=float, default=0.15, help="share of the pool's words in the last round")
        parser.add_argument("--first-words", type=int, default=400, help="words labelled before the first model")
        parser.add_argument("--rounds", type=int, help="default: as few as let no round grow by more than half")

    def handle(self, **options: Any) -> None:
        from activelearning.engine.ablation import VARIANTS, ablate, table
        from activelearning.engine.simulation import Plan

        variants = options["variant"] or list(VARIANTS)
        unknown = [name for name in variants if name not in VARIANTS]
        if unknown:
            raise CommandError(f"There is no variant {unknown[0]!r}; there are {', '.join(VARIANTS)}.")
        corpus = read_corpus(options)
        plan = Plan(
            config=TrainConfig(labels=corpus.labels, tier=Tier.FAST),
            strategies=(),
            seeds=tuple(range(options["seeds"])),
            budget=options["budget"],
            first_words=options["first_words"],
            rounds=options["rounds"],
        )
        try:
            figures = ablate(corpus, plan, variants, jobs=options["jobs"], tell=tell)
        except EngineError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(table(figures))
        if options["json"]:
            write_json(options["json"], figures)
