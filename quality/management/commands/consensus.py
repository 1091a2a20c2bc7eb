"""The consensus of several people's spans, from two files of judgements."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quality.domain.files import FileError, labels_of, read_items
from quality.domain.judgements import JudgedDocument
from quality.numeric.consensus import AUTO, METHODS, Consensus, Reliability, choose, consensus, overlapped

BAD_INPUT = 2
EVERY = "all"


class Command(BaseCommand):
    help = (
        "Find the spans that the annotators of documents together speak for, and how reliable each is. "
        "Gold is only compared with the result."
    )
    requires_system_checks = ()
    """Works on files alone."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("items", type=Path, metavar="ITEMS.jsonl")
        parser.add_argument("annotations", type=Path, metavar="ANNOTATIONS.jsonl")
        parser.add_argument(
            "--method",
            choices=[*METHODS, AUTO, EVERY],
            default=AUTO,
            help="auto: by the amount of overlap; all: the table of all three, the rest as with auto",
        )
        parser.add_argument("--json", type=Path, metavar="OUT", help="write the result to this file")

    def handle(self, *args: object, **options: Any) -> None:
        if options["json"] and not options["json"].absolute().parent.is_dir():
            raise CommandError(f"There is no folder for {options['json']}.", returncode=BAD_INPUT)
        try:
            documents = read_items(options["items"], options["annotations"])
        except FileError as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        chosen = choose(documents) if options["method"] in (AUTO, EVERY) else options["method"]
        labels = labels_of(documents)
        methods = METHODS if options["method"] == EVERY else (chosen,)
        results = {method: consensus(documents, labels, method) for method in methods}
        scores = {method: against_gold(documents, result) for method, result in results.items()}
        self.stdout.write(
            f"{len(documents)} documents, {overlapped(documents)} of them judged by two people or more. "
            f"Method: {chosen}."
        )
        self._methods(results, scores)
        self._people(results[chosen].reliability)
        if options["json"]:
            report = as_json(results[chosen], scores[chosen])
            if options["method"] == EVERY:
                report["methods"] = {method: score for method, score in scores.items() if score}
            options["json"].write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def _methods(self, results: dict[str, Consensus], scores: dict[str, dict[str, float] | None]) -> None:
        self.stdout.write(f"\n{'method':<8}{'spans':>8}{'precision':>11}{'recall':>9}{'F1':>8}   exact, against gold")
        for method, result in results.items():
            spans = sum(map(len, result.spans.values()))
            score = scores[method] or {}
            figures = [score.get(name) for name in ("precision", "recall", "f1")]
            cells = "".join(f"{_percent(figure):>{width}}" for figure, width in zip(figures, (11, 9, 8), strict=True))
            self.stdout.write(f"{method:<8}{spans:>8}{cells}")

    def _people(self, rows: Sequence[Reliability]) -> None:
        width = max([len("annotator"), *(len(row.annotator) for row in rows)])
        self.stdout.write(f"\n{'annotator':<{width}}{'documents':>11}{'spans':>7}{'F1':>7}   95 %   against all others")
        for row in rows:
            figures = (
                f"{_percent(row.f1):>7}   {_percent(row.low)} to {_percent(row.high)}"
                if row.enough
                else "   not enough data"
            )
            self.stdout.write(f"{row.annotator:<{width}}{row.documents:>11}{row.reference_spans:>7}{figures}")


def as_json(result: Consensus, score: dict[str, float] | None) -> dict[str, Any]:
    """Figures of people with too little data are there, too, marked by `enough`: false."""
    report: dict[str, Any] = {
        "method": result.method,
        "spans": {
            document: [
                {"start": span.start, "end": span.end, "label": span.label, "confidence": span.confidence}
                for span in spans
            ]
            for document, spans in result.spans.items()
        },
        "reliability": [
            {
                "annotator": row.annotator,
                "f1": row.f1,
                "low": row.low,
                "high": row.high,
                "documents": row.documents,
                "reference_spans": row.reference_spans,
                "enough": row.enough,
            }
            for row in result.reliability
        ],
    }
    if score is not None:
        report["against_gold"] = score
    return report


def against_gold(documents: Sequence[JudgedDocument], result: Consensus) -> dict[str, float] | None:
    """Exact precision, recall and F1 over the judged documents with gold; None where there are none."""
    right = found = wanted = 0
    checked = False
    for document in documents:
        if document.gold is None or not document.judgements:
            continue
        checked = True
        spans = {(span.start, span.end, span.label) for span in result.spans[document.id]}
        gold = {(span.start, span.end, span.label) for span in document.gold}
        right, found, wanted = right + len(spans & gold), found + len(spans), wanted + len(gold)
    if not checked:
        return None
    return {
        "precision": right / found if found else 0.0,
        "recall": right / wanted if wanted else 0.0,
        "f1": 2 * right / (found + wanted) if found + wanted else 0.0,
    }


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"
