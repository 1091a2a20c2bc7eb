"""Prepared rows → documents with their annotations, in bulk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from django.contrib.auth.hashers import make_password
from django.db.models import Max
from django.utils.translation import gettext

from annotation.domain.formats import PreparedDocument
from annotation.domain.formats.base import Labels
from annotation.domain.spans import LabelledSpan, SpanError, SpanOverlap, validate_overlap
from annotation.models import Annotation, Assignment, Document, ImportJob, Project, Span, Split, Strategy
from annotation.services.queue import draw_overlap, reason_of
from daner_site.accounts.models import User
from daner_site.core.clock import now
from daner_site.core.language import translated

Spans = tuple[LabelledSpan, ...]


class ImportRefused(ValueError):
    """The import cannot be done like this; the message is for the person who asked."""


class LabelsOf:
    """Label names of a project → primary keys, read once for a run."""

    def __init__(self, project: Project) -> None:
        self._ids = dict(project.labels.values_list("name", "pk"))
        self.active = frozenset(project.labels.filter(retired_at__isnull=True).values_list("name", flat=True))

    def __getitem__(self, name: str) -> int:
        try:
            return self._ids[name]
        except KeyError:
            raise ImportRefused(gettext("The label “{name}” is no longer in the project.").format(name=name)) from None


def rows_write(*, job: ImportJob, rows: Sequence[PreparedDocument], labels: LabelsOf) -> Counter[str]:
    """Store the rows whose text is new to the project; call it inside a transaction.

    Returns counts: documents, open (of them, to be labelled), duplicates, gold, layers, spans,
    label_losses (duplicates with labels, which are not merged into the text that is there).
    """
    counts: Counter[str] = Counter()
    new = _new_ones(job.project, rows, counts)
    targets = [_overlap_target(job.project, item, labels.active) for item in new]
    documents = _documents(job.project, new, targets)
    annotations: list[tuple[Annotation, Spans]] = []
    assignments: list[Assignment] = []
    people = imported_users(project=job.project, names={name for item in new for name in item.layers})
    for document, item in zip(documents, new, strict=True):
        if item.gold is not None:
            annotations.append((_annotation(job, document, job.created_by, Annotation.Kind.GOLD), item.gold))
        for slot, (name, spans) in enumerate(item.layers.items()):
            assignments.append(_assignment(document, people[name], slot))
            annotation = _annotation(job, document, people[name], Annotation.Kind.HUMAN)
            annotation.assignment = assignments[-1]
            if name in item.asked:
                annotation.asked = sorted(labels[label] for label in item.asked[name])
            annotations.append((annotation, spans))
    Assignment.objects.bulk_create(assignments)
    Annotation.objects.bulk_create(annotation for annotation, _ in annotations)
    stored = Span.objects.bulk_create(_spans(annotations, labels), batch_size=2000)
    counts["documents"] = len(documents)
    counts["gold"] = len(annotations) - len(assignments)
    counts["layers"] = len(assignments)
    counts["spans"] = len(stored)
    counts["open"] = sum(
        item.split == Split.POOL and item.gold is None and target > len(item.layers)
        for item, target in zip(new, targets, strict=True)
    )
    return counts


def check_overlaps(row: PreparedDocument, allowed: SpanOverlap) -> None:
    """Raises ImportRefused, naming the row and the two spans, for what the project does not allow."""
    for spans in [row.gold or (), *row.layers.values()]:
        try:
            validate_overlap(spans, allowed)
        except SpanError as error:
            raise ImportRefused(
                gettext(
                    "Row {row}: {problem}. The project does not allow it: change its setting “Spans over spans”, or "
                    "keep only the longest of such spans."
                ).format(row=row.source.row, problem=translated(error.args[0]))
            ) from error


def check_gold(row: PreparedDocument, labels: Labels) -> None:
    """Raises ImportRefused, naming the row, for a layer that is to be gold and says nothing on one of `labels`.

    Gold speaks of all of them: models would learn, and people be held against, an absence nobody looked for.
    """
    if row.gold_asked is not None and (missing := labels - row.gold_asked):
        raise ImportRefused(
            gettext(
                "Row {row}: “{name}” was not asked about {labels}. Gold speaks of every label, so this layer cannot be "
                "gold: import it as an annotator's, or leave it out."
            ).format(row=row.source.row, name=row.gold_of, labels=", ".join(sorted(missing)))
        )


def imported_users(*, project: Project, names: Collection[str]) -> dict[str, User]:
    """The users under whom annotators of another tool keep their layers in this project, by name.

    They cannot sign in: inactive, no usable password, no membership. The caller has locked the project,
    so that nobody else makes them meanwhile.
    """
    usernames = {name: f"imported-{project.uuid.hex[:12]}-{name}" for name in sorted(names)}
    known = {user.username: user for user in User.objects.filter(username__in=usernames.values(), imported=True)}
    made = [
        User(username=username, imported=True, display_name=name, is_active=False, password=make_password(None))
        for name, username in usernames.items()
        if username not in known
    ]
    known |= {user.username: user for user in User.objects.bulk_create(made)}
    return {name: known[username] for name, username in usernames.items()}


def _new_ones(project: Project, rows: Sequence[PreparedDocument], counts: Counter[str]) -> list[PreparedDocument]:
    hashes = [row.sha256 for row in rows]
    known = set(project.documents.filter(sha256__in=hashes).values_list("sha256", flat=True))
    new = []
    for row in rows:
        if row.sha256 in known:
            counts["duplicates"] += 1
            counts["label_losses"] += row.is_labelled
        else:
            known.add(row.sha256)
            new.append(row)
    return new


def _documents(project: Project, wanted: Sequence[PreparedDocument], targets: Sequence[int]) -> list[Document]:
    last = project.documents.aggregate(last=Max("position"))["last"]
    return Document.objects.bulk_create(
        [
            Document(
                organization_id=project.organization_id,
                project=project,
                external_id=item.source.external_id,
                text=item.source.text,
                sha256=item.sha256,
                tokens=item.tokens,
                split=item.split,
                position=position,
                overlap_target=target,
                # Nothing but chance chose what came with several people's labels, as far as is known here.
                overlap_reason=reason_of(target),
                meta=dict(item.source.meta),
            )
            for position, (item, target) in enumerate(
                zip(wanted, targets, strict=True), start=0 if last is None else last + 1
            )
        ]
    )


def _overlap_target(project: Project, item: PreparedDocument, labels: Labels) -> int:
    """What others have labelled has all the labels it is to get: nobody is served it again.

    Unless nobody was asked about some label: then those who were count for nothing, and as many
    people are to label it as any new text.
    """
    if item.layers and (item.split != Split.POOL or labels <= _asked_about(item, labels)):
        return len(item.layers)
    return len(item.layers) + (draw_overlap(project, item.sha256) if item.split == Split.POOL else 1)


def _asked_about(item: PreparedDocument, labels: Labels) -> Labels:
    return frozenset().union(*(item.asked.get(name, labels) for name in item.layers))


def _assignment(document: Document, annotator: User, slot: int) -> Assignment:
    return Assignment(
        organization_id=document.organization_id,
        project_id=document.project_id,
        document=document,
        annotator=annotator,
        slot=slot,
        status=Assignment.Status.SUBMITTED,
        lease_until=now(),
        closed_at=now(),
        strategy=Strategy.RANDOM,
        generation=0,
        rank=0,
    )


def _annotation(job: ImportJob, document: Document, author: User, kind: str) -> Annotation:
    return Annotation(
        organization_id=document.organization_id,
        project_id=document.project_id,
        document=document,
        author=author,
        kind=kind,
        provenance={"source": "import", "job": str(job.uuid)},
    )


def _spans(annotations: Iterable[tuple[Annotation, Spans]], labels: LabelsOf) -> list[Span]:
    return [
        Span(
            organization_id=annotation.organization_id,
            annotation=annotation,
            label_id=labels[span.label],
            start=span.start,
            end=span.end,
            origin=Span.Origin.IMPORTED,
        )
        for annotation, spans in annotations
        for span in spans
    ]
