"""How long the agreement page takes with very many documents, and one submission's share of the work.

Everything happens in one transaction that is rolled back, in which PostgreSQL cannot clear away old
versions of rows and reads them all; with --commit it can, as in real use, but what was made stays. Use
a database of its own. Some
documents are labelled at random and measured as the product does it; their rows are then copied
until there are as many as asked for, spread over days and buckets, and added up as the product does
it. The last copy is left waiting, as the newest work of a project is.
"""

from __future__ import annotations

import random
import resource
import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, models, transaction

from annotation.domain.spans import LabelledSpan
from annotation.domain.text import text_hash, tokenize
from annotation.models import Annotation, Document, Label, Project, Span
from daner_site.accounts.models import Organization, User
from quality.models import AgreementReport, Confusion, DocumentAgreement, LabelAgreement, PairAgreement
from quality.models.agreement import Sliced
from quality.numeric.measures import VERSION
from quality.selectors.agreement import kept_apart, measures
from quality.selectors.agreement_page import agreement_page
from quality.selectors.slices import WHOLE, slice_of
from quality.services.agreement_rows import document_measure, documents_measure
from quality.services.agreement_totals import totals_differing, totals_update
from quality.services.submitted import document_refresh

LABELS = ("PER", "LOC", "ORG", "MISC")
ORIGINALS = 400
WORDS, LONG = 60, 500
DAYS = 280
REASONS = ("random", "random", "random", "start", "targeted")
PARTS: tuple[type[models.Model], ...] = (LabelAgreement, PairAgreement, Confusion)
TABLES: tuple[type[models.Model], ...] = (DocumentAgreement, *PARTS)


class Command(BaseCommand):
    help = "Measure the agreement page at scale; meant for an empty database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--documents", type=int, default=100_000)
        parser.add_argument("--people", type=int, default=3, help="for each document")
        parser.add_argument("--pool", type=int, default=12, help="people in the project")
        parser.add_argument("--commit", action="store_true", help="leave it all in the database; for PostgreSQL")

    def handle(self, *args: Any, documents: int, people: int, pool: int, commit: bool, **options: Any) -> None:
        if commit:
            self._run(documents, people, pool)
            return
        with transaction.atomic():
            self._run(documents, people, pool)
            transaction.set_rollback(True)

    def _run(self, documents: int, people: int, pool: int) -> None:
        maker = _Maker(pool)
        project = maker.project
        warm, long, other = (maker.document(LONG, judges := min(5, pool)) for _ in range(3))
        document_refresh(document_id=warm.pk)  # a process's first imports and connects; a worker's many do not
        what = f"of a document of {LONG} words by {judges} people"
        self._time(f"rows {what}", lambda: document_measure(document_id=long.pk))
        self._time(f"rows, case and all else after a submission {what}", lambda: document_refresh(document_id=other.pk))
        originals = [maker.document(WORDS, people) for _ in range(min(ORIGINALS, documents))]
        documents_measure(project=project, document_ids=[document.pk for document in originals])
        started = time.perf_counter()
        copier, copies = _Copier(), documents // len(originals)
        for copy in range(1, copies - 1):
            copier.copy(copy)
        self._analyze()
        counts = {model._meta.model_name: model._default_manager.count() for model in TABLES}
        self.stdout.write(f"rows {counts}, copied in {time.perf_counter() - started:.0f} s, {connection.vendor}")
        self._time("adding all up, in the background", lambda: totals_update(project=project))
        if copies > 1:
            copier.copy(copies - 1)
        self._analyze()
        self._time("checking what was added up, at night", lambda: self._check(project))
        report = self._time("figures of the report", lambda: measures(project))
        apart = self._time("kinds of work kept apart", lambda: kept_apart(project))
        AgreementReport.objects.create(
            organization=project.organization,
            project=project,
            measures=report | {"apart": apart, "version": VERSION},
            data_sha="",
            watermark=0,
            seconds=0,
        )
        self._time("page, whole", lambda: agreement_page(project, WHOLE))
        first, second = maker.people[0].username, maker.people[1].username
        for query in (
            {"overlap": "all"},
            {"overlap": "random"},
            {"suggestions": "without"},
            {"guideline": "2"},
            {"label": "ORG"},
            {"pair": f"{first},{second}"},
            {"since": "2026-09-01"},
            {"since": "2026-06-03", "until": "2026-10-06"},
            {"overlap": "random", "label": "ORG", "since": "2026-09-01"},
            {"pair": f"{first},{second}", "since": "2026-09-01"},
        ):
            self._time(f"page, {query}", partial(agreement_page, project, slice_of(project, query)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        self.stdout.write(f"most memory this process held: {peak} MiB")

    def _analyze(self) -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE" if connection.in_atomic_block else "VACUUM ANALYZE")

    def _check(self, project: Project) -> None:
        if differing := totals_differing(project):
            raise CommandError(f"Sums differ from the rows: {differing[:3]}")

    def _time(self, what: str, work: Callable[[], Any]) -> Any:
        started, worked = time.perf_counter(), time.process_time()
        result = work()
        own = time.process_time() - worked
        self.stdout.write(f"{time.perf_counter() - started:8.3f} s ({own:.3f} s of this process)  {what}")
        return result


class _Maker:
    """A project whose people label at random, mostly alike."""

    def __init__(self, pool: int) -> None:
        self._chance = random.Random(0)  # noqa: S311
        self._number = 0
        self.people = [User.objects.create(username=f"bench-{number}", is_active=False) for number in range(pool)]
        organization = Organization.objects.create(name="Benchmark", slug="benchmark-of-agreement")
        self.project = Project.objects.create(
            organization=organization, name="Benchmark", created_by=self.people[0], random_share=0
        )
        self._labels = {
            name: Label.objects.create(organization=organization, project=self.project, name=name, color="#777777").pk
            for name in LABELS
        }

    def document(self, words: int, people: int) -> Document:
        self._number += 1
        text = " ".join([f"text{self._number}", *(f"word{n}" for n in range(1, words))])
        document = Document.objects.create(
            organization=self.project.organization,
            project=self.project,
            text=text,
            sha256=text_hash(text),
            tokens=[list(token) for token in tokenize(text)],
            position=self._number,
            overlap_reason=self._chance.choice(REASONS),
        )
        common = self._spans(document)
        version = self._chance.choice((1, 2, 2))
        suggestions = {"model": "v1"} if self._chance.random() < 0.3 else {}
        for person in self._chance.sample(self.people, people):
            self._annotate(document, person, common, version, suggestions)
        return document

    def _annotate(
        self, document: Document, person: User, common: list[LabelledSpan], version: int, suggestions: dict[str, str]
    ) -> None:
        organization = self.project.organization
        annotation = Annotation.objects.create(
            organization=organization,
            project=self.project,
            document=document,
            author=person,
            kind=Annotation.Kind.HUMAN,
            guideline_version=version,
            suggestions=suggestions,
        )
        Span.objects.bulk_create(
            Span(
                organization=organization,
                annotation=annotation,
                label_id=self._labels[span.label if self._chance.random() < 0.9 else self._chance.choice(LABELS)],
                start=span.start,
                end=span.end,
            )
            for span in common
            if self._chance.random() < 0.85
        )

    def _spans(self, document: Document) -> list[LabelledSpan]:
        starts = [n for n in range(0, len(document.tokens) - 2, 3) if self._chance.random() < 0.25]
        return [
            LabelledSpan(
                document.tokens[n][0], document.tokens[n + self._chance.randint(0, 1)][1], self._chance.choice(LABELS)
            )
            for n in starts
        ]


class _Copier:
    """Adds all documents with their rows once more, as if labelled on another day."""

    def __init__(self) -> None:
        tables: tuple[type[models.Model], ...] = (Document, *TABLES)
        self._last = {model: model._default_manager.latest("pk").pk for model in tables}
        self._day = DocumentAgreement.objects.earliest("day").day

    def copy(self, copy: int) -> None:
        uuid = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
        sliced = {
            "day": f"'{self._day - timedelta(days=copy % DAYS)}'",
            "bucket": f"(bucket + {copy}) %% {Sliced.BUCKETS}",
        }
        document = f"+ {copy * self._last[Document]}"
        entry = f"+ {copy * self._last[DocumentAgreement]}"
        again = {"totalled": "false", **sliced}
        fresh = {"uuid": uuid, "sha256": f"'{copy}-' || id", "position": f"position {document}"}
        self._insert(Document, copy, fresh)
        self._insert(DocumentAgreement, copy, {"document_id": f"document_id {document}", **again})
        for model in PARTS:
            self._insert(model, copy, {"entry_id": f"entry_id {entry}", **sliced})

    def _insert(self, model: type[models.Model], copy: int, changes: dict[str, str]) -> None:
        """The rows there were at first, with columns replaced by expressions of our own making."""
        last = self._last[model]
        changes = {"id": f"id + {copy * last}", **changes}
        columns = [field.column or "" for field in model._meta.concrete_fields]
        names = ", ".join(f'"{column}"' for column in columns)
        values = ", ".join(changes.get(column, f'"{column}"') for column in columns)
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE id <= %s", [last])  # noqa: S608
