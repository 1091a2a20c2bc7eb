"""Bringing texts and labels into a project: check (dry run), confirm, run.

The job row is the truth. A run writes chunk by chunk, and each chunk moves the row's `done` in
its own transaction, so a run that is killed goes on where it stopped and counts nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from itertools import islice

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext, ngettext

from annotation.domain.formats import (
    FORMATS,
    ImportOptions,
    ParsedDocument,
    Row,
    Unreadable,
    clean,
    decode,
    detect,
    parse,
    prepare,
    survey,
)
from annotation.domain.spans import SpanOverlap
from annotation.models import ImportJob, Project, Split
from annotation.services.import_rows import ImportRefused, LabelsOf, check_gold, check_overlaps, rows_write
from annotation.services.projects import label_add
from annotation.services.queue import queue_extend
from annotation.signals import project_changed
from daner_site.accounts.audit import audit
from daner_site.accounts.models import User
from daner_site.core.clock import now
from daner_site.core.events import send_on_commit
from daner_site.core.jobs import enqueue_on_commit
from daner_site.core.live import nudge_on_commit, project_group

log = logging.getLogger(__name__)

CHUNK = 500
LEASE = timedelta(seconds=60)
MAX_CLAIMS = 5
MAX_LABELS = 200
FORGOTTEN_AFTER = timedelta(days=1)

__all__ = ["ImportOptions", "ImportRefused", "import_check", "import_run", "import_start", "imports_sweep"]


def import_check(
    *,
    project: Project,
    author: User,
    content: bytes | str,
    filename: str = "",
    format: str = "",
    split: str = Split.POOL,
) -> ImportJob:
    """Read the whole upload, write nothing but the job with what was found.

    Args:
        content: the file's bytes, or pasted text.
        format: a key of `FORMATS`; empty to let it be recognised.

    Raises: ImportRefused when it is too large, not text, or empty.
    """
    text = _as_text(content)
    name = format or detect(filename, text)
    if name not in FORMATS:
        raise ImportRefused(gettext("Unknown format: {name}.").format(name=name))
    found = survey(parse(name, text), set(project.documents.values_list("sha256", flat=True)))
    if not found.rows:
        raise ImportRefused(gettext("There is no text in it."))
    if len(found.labels) > MAX_LABELS:
        raise ImportRefused(
            gettext("There are {labels} different labels in it; {max_labels} are the limit.").format(
                labels=len(found.labels), max_labels=MAX_LABELS
            )
        )
    return ImportJob.objects.create(
        organization_id=project.organization_id,
        project=project,
        created_by=author,
        format=name,
        split=split,
        filename=filename[-255:],
        content=text,
        preview=found.as_json(),
        total=found.rows,
    )


@transaction.atomic
def import_start(*, job: ImportJob, author: User, options: ImportOptions | None = None) -> ImportJob:
    """Confirm a checked job; the worker does the rest.

    Raises: ImportRefused when it was confirmed before, when rows are bad and `skip_errors` is not
    set, when a label is neither in the project nor to be created, when spans share words in a way
    that the project does not allow, or when a layer is to be gold whose author was asked about some
    labels only. Nothing is changed then.
    """
    options = options or ImportOptions()
    project = job.project
    errors = job.preview["error_count"]
    if errors and not options.skip_errors:
        raise ImportRefused(
            ngettext(
                "{count} row cannot be read. Nothing was imported.",
                "{count} rows cannot be read. Nothing was imported.",
                errors,
            ).format(count=errors)
        )
    if options.with_labels:
        _check_overlaps(project, job, options)
        _provide_labels(project, job, options)
        _check_gold(project, job, options)
    waiting = ImportJob.objects.filter(pk=job.pk, status=ImportJob.Status.CHECKED)
    if not waiting.update(status=ImportJob.Status.QUEUED, options=asdict(options), lease_until=now() + LEASE):
        raise ImportRefused(gettext("This import was started already."))
    audit(
        organization=project.organization,
        actor=author,
        verb="import.start",
        project_uuid=project.uuid,
        target_uuid=job.uuid,
        payload={"documents": job.preview["documents"], "format": job.format},
    )
    enqueue_on_commit("run_import", job_id=job.pk)
    job.refresh_from_db()
    return job


def import_run(*, job_id: int) -> None:
    """Write what is left of a queued job; safe to call twice, at once or after a kill."""
    job = _claim(job_id)
    if job is None:
        return
    try:
        options, labels = ImportOptions(**job.options), LabelsOf(job.project)
        rows = islice(parse(job.format, job.content), job.done, None)
        while chunk := list(islice(rows, CHUNK)):
            if not _chunk_write(job, chunk, options, labels):
                return
        _finish(job)
    except ImportRefused as error:
        _fail(job, str(error))
    except Exception:
        # The retry takes it up again; after MAX_CLAIMS without a chunk written it is given up.
        ImportJob.objects.filter(pk=job.pk, status=ImportJob.Status.RUNNING).update(status=ImportJob.Status.QUEUED)
        raise


def imports_sweep() -> int:
    """Send again what a lost message or a dead worker left; drop checks nobody confirmed."""
    ImportJob.objects.filter(status=ImportJob.Status.CHECKED, created_at__lt=now() - FORGOTTEN_AFTER).delete()
    lapsed = ImportJob.objects.filter(
        status__in=[ImportJob.Status.QUEUED, ImportJob.Status.RUNNING], lease_until__lt=now()
    )
    ids = list(lapsed.values_list("pk", flat=True))
    for job_id in ids:
        _requeue(job_id)
    return len(ids)


@transaction.atomic
def _requeue(job_id: int) -> None:
    # A slow worker that still has it finds the status changed and stops, or its chunk was in time.
    lapsed = ImportJob.objects.filter(pk=job_id, lease_until__lt=now())
    if lapsed.update(status=ImportJob.Status.QUEUED, lease_until=now() + LEASE):
        enqueue_on_commit("run_import", job_id=job_id)


def _as_text(content: bytes | str) -> str:
    size = len(content) if isinstance(content, bytes) else len(content.encode(errors="surrogatepass"))
    if size > settings.DANER_IMPORT_MAX_BYTES:
        raise ImportRefused(
            gettext("It is larger than {daner_import_max_bytes} MB.").format(
                daner_import_max_bytes=settings.DANER_IMPORT_MAX_BYTES // 1024 // 1024
            )
        )
    try:
        return decode(content) if isinstance(content, bytes) else clean(content)
    except Unreadable as error:
        raise ImportRefused(str(error)) from error


def _check_overlaps(project: Project, job: ImportJob, options: ImportOptions) -> None:
    """The rows are read again only where the dry run met spans that share words."""
    allowed = SpanOverlap(project.span_overlap)
    if allowed is SpanOverlap.ANY or options.longest or not job.preview["overlaps"]:
        return
    for row in parse(job.format, job.content):
        if isinstance(row, ParsedDocument):
            check_overlaps(prepare(row, options, job.split), allowed)


def _check_gold(project: Project, job: ImportJob, options: ImportOptions) -> None:
    """The rows are read again only where somebody's layer is to be gold."""
    if "gold" not in options.layer_map.values():
        return
    labels = LabelsOf(project).active
    for row in parse(job.format, job.content):
        if isinstance(row, ParsedDocument):
            check_gold(prepare(row, options, job.split), labels)


def _provide_labels(project: Project, job: ImportJob, options: ImportOptions) -> None:
    known = dict(project.labels.values_list("name", "retired_at"))
    rows = job.preview.get("label_rows", {})
    wanted = {options.label_map.get(name, name): rows.get(name, "?") for name in job.preview["labels"]}
    for name, row in wanted.items():
        if not name or (name in known and known[name] is None):
            continue
        if name in known:
            raise ImportRefused(
                gettext("The label “{name}” is retired: restore it first, or choose another.").format(name=name)
            )
        if not options.create_labels:
            raise ImportRefused(
                gettext("The label “{name}” is not in the project; it is in row {row} first.").format(
                    name=name, row=row
                )
            )
        try:
            label_add(project=project, name=name)
        except ValidationError as error:
            raise ImportRefused(
                gettext("“{name}” cannot be a label: {messages}").format(name=name, messages=" ".join(error.messages))
            ) from error


@transaction.atomic
def _claim(job_id: int) -> ImportJob | None:
    """Take the queued job, or None when it is done or in other hands."""
    # The update locks the row: a worker taken for dead cannot report a chunk between the read and the write.
    queued = ImportJob.objects.filter(pk=job_id, status=ImportJob.Status.QUEUED)
    if not queued.update(status=ImportJob.Status.RUNNING, lease_until=now() + LEASE):
        return None
    job = ImportJob.objects.select_related("project__organization", "created_by").get(pk=job_id)
    job.report["claims"] = job.report.get("claims", 0) + 1
    if job.report["claims"] > MAX_CLAIMS:
        _fail(
            job,
            gettext(
                "It stopped {max_claims} times at the same place. What was imported stays; upload the file again for the rest."
            ).format(max_claims=MAX_CLAIMS),
        )
        return None
    job.save(update_fields=["report"])
    return job


def _chunk_write(job: ImportJob, chunk: Sequence[Row], options: ImportOptions, labels: LabelsOf) -> bool:
    """Write one chunk and move `done`, both or neither; False when another worker has the job."""
    with transaction.atomic():
        mine = ImportJob.objects.filter(pk=job.pk, status=ImportJob.Status.RUNNING, done=job.done)
        if not mine.update(done=F("done") + len(chunk), lease_until=now() + LEASE):
            return False
        # One import at a time numbers its documents.
        project = Project.objects.select_for_update(no_key=True).get(pk=job.project_id)
        allowed = SpanOverlap(project.span_overlap)
        good = [prepare(row, options, job.split, allowed) for row in chunk if isinstance(row, ParsedDocument)]
        for row in good:
            check_overlaps(row, allowed)
            check_gold(row, labels.active)
        counts = rows_write(job=job, rows=good, labels=labels)
        counts["errors"] = len(chunk) - len(good)
        report = job.report | {name: job.report.get(name, 0) + count for name, count in counts.items()}
        report["claims"] = 0  # it moves, so it may be claimed as often again
        ImportJob.objects.filter(pk=job.pk).update(report=report)
        nudge_on_commit(project_group(job.project.uuid), "import")
    job.done, job.report = job.done + len(chunk), report
    return True


@transaction.atomic
def _finish(job: ImportJob) -> None:
    running = ImportJob.objects.filter(pk=job.pk, status=ImportJob.Status.RUNNING)
    if not running.update(status=ImportJob.Status.DONE, content="", finished_at=now(), lease_until=None):
        return
    queue_extend(project=job.project)
    send_on_commit(project_changed, project_id=job.project_id, kind="documents")
    for kind in ("import", "progress", "quality"):
        nudge_on_commit(project_group(job.project.uuid), kind)
    log.info("import done job=%s documents=%s", job.pk, job.report.get("documents", 0))


@transaction.atomic
def _fail(job: ImportJob, message: str) -> None:
    """Give up; documents that are in stay in and are served."""
    job.report["failure"] = message
    ImportJob.objects.filter(pk=job.pk).update(
        status=ImportJob.Status.FAILED, content="", finished_at=now(), lease_until=None, report=job.report
    )
    if job.report.get("documents"):
        queue_extend(project=job.project)
    nudge_on_commit(project_group(job.project.uuid), "import")
