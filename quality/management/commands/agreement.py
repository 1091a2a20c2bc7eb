"""How far several people agree, from two files of judgements."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.domain.spans import SpanOverlap
from quality.domain.agreement_counting import measured
from quality.domain.conflicts import CONFLICT_KINDS
from quality.domain.files import FileError, labels_of, read_items
from quality.numeric.exports import exports
from quality.numeric.measures import MEASURES, REASONS, coverages, document_figures, document_row, measure

BAD_INPUT = 2
ALPHAS = {
    "bio": "same tags, word by word",
    "type": "same label, whatever the cut",
    "detect": "entity or not",
    "label": "which label, where both saw one",
}
F1S = {"exact": "same bounds and label", "overlap": "same label, overlapping", "boundary": "same bounds, any label"}
FEW = "few"


class Command(BaseCommand):
    help = "Measure how far the annotators of documents agree: alpha of words, F1 of spans, conflicts."
    requires_system_checks = ()
    """Works on files alone."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("items", type=Path, metavar="ITEMS.jsonl")
        parser.add_argument("annotations", type=Path, metavar="ANNOTATIONS.jsonl")
        parser.add_argument("--json", type=Path, metavar="OUT", help="write all figures to this file")
        parser.add_argument("--export", action="store_true", help="add kappa, pi, AC1, u-alpha and alpha of label sets")
        parser.add_argument(
            "--overlap",
            choices=[item.value for item in SpanOverlap],
            default=SpanOverlap.NONE.value,
            help="which spans of one person may share characters, for the kinds of conflict (%(default)s)",
        )
        parser.add_argument("--rows", type=int, default=10, help="longest table of pairs and documents (%(default)s)")
        parser.add_argument(
            "--coverage",
            type=int,
            metavar="DOCUMENTS",
            help="also try the intervals: how often one from so many of the documents holds the figure of all",
        )
        parser.add_argument(
            "--groups",
            type=int,
            help="with --coverage: put the documents into so many groups first, as the product does",
        )

    def handle(self, *args: object, **options: Any) -> None:
        if options["json"] and not options["json"].absolute().parent.is_dir():
            raise CommandError(f"There is no folder for {options['json']}.", returncode=BAD_INPUT)
        if options["coverage"] is not None and options["coverage"] < 1:
            raise CommandError("--coverage must be 1 or more.", returncode=BAD_INPUT)
        if options["groups"] is not None and (options["groups"] < 1 or options["coverage"] is None):
            raise CommandError("--groups must be 1 or more and needs --coverage.", returncode=BAD_INPUT)
        try:
            items = read_items(options["items"], options["annotations"])
        except FileError as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        allowed = SpanOverlap(options["overlap"])
        labels, documents = labels_of(items), [measured(item, allowed) for item in items]
        figures = measure(documents, labels)
        rows = {item.id: document_row(document, labels) for item, document in zip(items, documents, strict=True)}
        report = {
            "documents": figures["counts"]["documents"],
            "annotators": figures["counts"]["annotators"],
            "labels": labels,
            **figures,
            "by_document": {item: document_figures(row) for item, row in rows.items() if row.documents},
        }
        if options["export"]:
            report["export"] = exports(documents, labels)
        if options["coverage"]:
            found = coverages(rows.values(), options["coverage"], groups=options["groups"])
            report["coverage"] = {
                name: each and {"share": each.share, "width": each.width} for name, each in found.items()
            }
        # First the file: printing ends where a reader closes the pipe.
        if options["json"]:
            options["json"].write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        self._print(report, len(items), options["rows"])

    def _print(self, report: dict[str, Any], items: int, longest: int) -> None:
        counts = report["counts"]
        self._line(
            f"{counts['documents']} of {items} documents have two annotators or more: {counts['annotators']} people, "
            f"{counts['tokens']} words, {counts['spans']} spans. Intervals are 95 %, over documents."
        )
        if left_out := counts["left_out"]:
            self._line(
                f"{left_out} {'judgement is' if left_out == 1 else 'judgements are'} about some labels only, or with "
                "spans inside others: counted per label and in the figures of spans, not in the four alphas of words."
            )
        self._alphas(report["alpha"])
        self._spans(report["span_f1"])
        self._labels(report)
        self._conflicts(report)
        self._confusion(report["confusion"], report["labels"])
        self._pairs(report["pairs"], longest)
        self._worst(report["by_document"], longest)
        self._extras(report)

    def _alphas(self, alpha: dict[str, Any]) -> None:
        self._table(
            ("Krippendorff's alpha", "", "alpha", "interval", "words"),
            [
                (name, words, _number(alpha[name]["value"]), _interval(alpha[name]), alpha[name]["n"])
                for name, words in ALPHAS.items()
            ],
        )
        self._reasons(alpha[name] | {"name": name} for name in ALPHAS)

    def _spans(self, spans: dict[str, Any]) -> None:
        self._table(
            ("F1 of spans", "", "pooled", "interval", "mean", "sd", "pairs", "spans"),
            [
                (
                    name,
                    F1S[name],
                    _number(figure["micro"]),
                    _interval(figure),
                    *map(_number, (figure["mean"], figure["sd"])),
                    figure["pairs"],
                    figure["n"],
                )
                for name in MEASURES
                for figure in [spans[name]]
            ],
        )
        self._reasons(spans[name] | {"name": name} for name in MEASURES)

    def _labels(self, report: dict[str, Any]) -> None:
        alphas, f1s = report["alpha"]["per_label"], report["span_f1"]["per_label"]
        self._table(
            ("label", "alpha", "interval", "exact", "interval", "overlap", "spans"),
            [
                (
                    label,
                    _number(alphas[label]["value"]),
                    _interval(alphas[label]),
                    _number(f1s[label]["exact"]["micro"]),
                    _interval(f1s[label]["exact"]),
                    _number(f1s[label]["overlap"]["micro"]),
                    f1s[label]["exact"]["n"],
                )
                for label in report["labels"]
            ],
        )

    def _conflicts(self, report: dict[str, Any]) -> None:
        conflicts = report["conflicts"]
        total = sum(conflicts.values())
        self._table(
            ("places in conflict", "count", "share"),
            [
                (kind.words, n, f"{n / total:.0%}" if total else "")
                for kind in CONFLICT_KINDS
                for n in [conflicts[kind.value]]
            ]
            + [("all", total, ""), ("places all marked alike", report["counts"]["agreed"], "")],
        )

    def _confusion(self, confusion: Sequence[Sequence[Any]], labels: Sequence[str]) -> None:
        cells = {(label, other): count for label, other, count in confusion}
        self._table(
            ("what the other has", *labels, "nothing"),
            [(label, *(cells.get((label, other), 0) for other in (*labels, ""))) for label in labels],
        )

    def _pairs(self, pairs: Sequence[dict[str, Any]], longest: int) -> None:
        shown = sorted(pairs, key=lambda pair: (-pair["documents"], pair["a"], pair["b"]))[:longest]
        self._table(
            (f"pairs ({len(shown)} of {len(pairs)})", "", "documents", "alpha", "exact", "interval", "overlap", ""),
            [
                (
                    pair["a"],
                    pair["b"],
                    pair["documents"],
                    *map(_number, (pair["alpha"], pair["exact"])),
                    _interval(pair),
                    _number(pair["overlap"]),
                    "" if pair["enough"] else FEW,
                )
                for pair in shown
            ],
        )

    def _worst(self, documents: dict[str, Any], longest: int) -> None:
        worst = sorted(documents.items(), key=lambda item: (-(item[1]["per_1000"] or 0), item[0]))
        self._table(
            ("most conflicts per 1,000 words", "per 1,000", "conflicts", "words", "people", "exact"),
            [
                (
                    item,
                    f"{row['per_1000']:.0f}",
                    row["conflicts"],
                    row["tokens"],
                    row["annotators"],
                    _number(row["exact"]),
                )
                for item, row in worst[:longest]
                if row["conflicts"] and row["tokens"]
            ],
        )

    def _extras(self, report: dict[str, Any]) -> None:
        if export := report.get("export"):
            token, units = export["token"], export["u_alpha"]
            self._table(
                ("for comparison", "observed", "Fleiss' kappa", "Gwet's AC1"),
                [
                    (f"{name} of words", *map(_number, (row["observed"], row["fleiss_kappa"], row["gwet_ac1"])))
                    for name, row in token.items()
                ],
            )
            self._table(
                ("for comparison", "value"),
                [
                    ("alpha of label sets", _number(export["label_sets"]["value"])),
                    ("u-alpha, mean of pairs", _number(units["pooled"]["mean"])),
                ]
                + [(f"u-alpha of {label}", _number(row["mean"])) for label, row in units["per_label"].items()],
            )
        if found := report.get("coverage"):
            self._table(
                ("intervals that held the figure of all", "share", "mean width"),
                [(name, f"{each['share']:.3f}", f"{each['width']:.3f}") for name, each in found.items() if each],
            )

    def _reasons(self, figures: Iterable[dict[str, Any]]) -> None:
        for figure in figures:
            if figure["reason"]:
                self._line(f"  {figure['name']}: {REASONS[figure['reason']]}.")

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Text to the left, numbers to the right; a table without rows is not printed."""
        if not rows:
            return
        lines = [tuple(map(str, row)) for row in (head, *rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        left = [isinstance(cell, str) and not cell[:1].isdigit() and cell[:1] not in "-–" for cell in rows[0]]
        self._line("")
        for line in lines:
            cells = (
                f"{cell:<{width}}" if text else f"{cell:>{width}}"
                for cell, width, text in zip(line, widths, left, strict=True)
            )
            self._line("  ".join(cells).rstrip())

    def _line(self, text: str) -> None:
        self.stdout.write(text)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _interval(figure: dict[str, Any]) -> str:
    return "–" if figure["low"] is None else f"{figure['low']:.3f}–{figure['high']:.3f}"
