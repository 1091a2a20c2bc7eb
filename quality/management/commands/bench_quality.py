"""Seconds and memory of the consensus methods on a corpus made for the purpose."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from annotation.domain.spans import LabelledSpan
from quality.domain.judgements import JudgedDocument, Judgement
from quality.numeric.consensus import consensus

LABELS = ("LOC", "MISC", "ORG", "PER")
PEOPLE = 47
JUDGES = (4, 5, 5, 5, 5, 5, 5, 5, 5, 5)
SENTENCE = 14
SENTENCES = 15
BARS = {"ds": (20.0, 2048.0), "bsc": (90.0, 2048.0)}
"""Seconds and MiB for a million tokens."""


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()
    """Needs no database."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tokens", type=int, default=1_000_000, help="tokens of the corpus (%(default)s)")
        parser.add_argument("--method", choices=list(BARS), help="this one only, in this process")
        parser.add_argument("--json", type=Path, metavar="OUT")

    def handle(self, *args: object, **options: Any) -> None:
        if options["method"]:
            self.stdout.write(json.dumps(measure(options["method"], options["tokens"])))
            return
        rows = [_apart(method, options["tokens"]) for method in BARS]
        self.stdout.write(
            f"{'method':<8}{'tokens':>10}{'seconds':>9}{'CPU s':>8}{'peak MiB':>10}{'time/bar':>10}{'memory/bar':>12}"
        )
        for row in rows:
            self.stdout.write(
                f"{row['method']:<8}{row['tokens']:>10}{row['seconds']:>9.1f}{row['cpu_seconds']:>8.1f}"
                f"{row['peak_mib']:>10.0f}{row['time_ratio']:>10.2f}{row['memory_ratio']:>12.2f}"
            )
        if options["json"]:
            options["json"].write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _apart(method: str, tokens: int) -> dict[str, Any]:
    """In a process of its own, as peak memory only ever rises within one, and on one core, as a worker has it."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "manage.py", "bench_quality", "--method", method, "--tokens", str(tokens)]
    root = Path(__file__).resolve().parents[3]
    output = subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, text=True).stdout  # noqa: S603 -- our own command
    row: dict[str, Any] = json.loads(output.splitlines()[-1])
    return row


def measure(method: str, tokens: int) -> dict[str, Any]:
    """The figures of one run; making the corpus is off the clock, but its memory counts."""
    documents = corpus(tokens)
    count = sum(len(document.tokens) for document in documents)
    start, cpu = time.perf_counter(), time.process_time()
    consensus(documents, LABELS, method)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    bar_seconds, bar_memory = BARS[method]
    peak = peak_mib()
    return {
        "method": method,
        "tokens": count,
        "documents": len(documents),
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_mib": peak,
        "time_ratio": seconds / bar_seconds * 1_000_000 / count,
        "memory_ratio": peak / bar_memory,
    }


def peak_mib() -> float:
    """Peak resident memory of this process."""
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def corpus(tokens: int, seed: int = 0) -> list[JudgedDocument]:
    """Documents of made-up words, one token in eight begins a name; 4.9 people each, of any quality."""
    chance = random.Random(seed)  # noqa: S311 -- a corpus, not a secret
    skill = {f"a{number:02}": chance.betavariate(3, 2) for number in range(PEOPLE)}
    return [_document(f"d{number}", chance, skill) for number in range(max(1, tokens // (SENTENCE * SENTENCES)))]


def _document(identifier: str, chance: random.Random, skill: dict[str, float]) -> JudgedDocument:
    text, tokens, names = [], [], []
    at = 0
    for place in range(SENTENCE * SENTENCES):
        word = f"w{int(chance.paretovariate(0.7)) % 50_000}"
        if chance.random() < 1 / 8:
            word = word.upper()
            names.append(place)
        tokens.append((at, at + len(word)))
        text.append(word + ("\n" if place % SENTENCE == SENTENCE - 1 else " "))
        at += len(text[-1])
    gold = {place: (place + (place + 1 < len(tokens) and place + 1 not in names), LABELS[place % 4]) for place in names}
    people = chance.sample(sorted(skill), chance.choice(JUDGES))
    judgements = tuple(
        Judgement(
            person,
            tuple(
                LabelledSpan(
                    tokens[first][0], tokens[last][1], label if chance.random() < 0.9 else chance.choice(LABELS)
                )
                for first, (last, label) in gold.items()
                if chance.random() < skill[person]
            ),
        )
        for person in people
    )
    return JudgedDocument(identifier, "".join(text), tuple(tokens), judgements)
