"""Checking people with documents whose answer is known: by gold, or by what they said themselves before.

A check is an assignment that looks like any other to the annotator. Its answer is kept with the
assignment and is no annotation, so that agreement, consensus and training never meet it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from annotation.access import ProjectContext
from annotation.domain.overlap import check_due, draw_unit, repetition_due
from annotation.domain.submission import Submission
from annotation.models import Annotation, Assignment, Document, QueueEntry
from annotation.services.annotations import labels_checked
from daner_site.core.clock import now

UNSEEN_SOURCES = ("unanimous", "consensus")
"""Gold that nobody looked at is no measure of people."""


def check_take(*, ctx: ProjectContext, entry: QueueEntry, status: str, lease_until: datetime) -> Assignment | None:
    """A check instead of `entry`, if one is due and a document is left for it; else None.

    It says of itself what `entry` would have said: why it came tells nobody that it is a check.
    """
    document, repeats = _chosen(ctx)
    if document is None:
        return None
    try:
        with transaction.atomic():
            return Assignment.objects.create(
                organization_id=ctx.project.organization_id,
                project=ctx.project,
                document=document,
                annotator=ctx.user,
                slot=0,
                is_check=True,
                repeats=repeats,
                status=status,
                lease_until=lease_until,
                strategy=entry.strategy,
                model_uuid=entry.model_uuid,
                generation=entry.generation,
                rank=entry.position,
                score=entry.score,
            )
    except IntegrityError:
        # A second tab was faster; the claim finds what it took.
        return None


def check_answered(*, assignment: Assignment, submission: Submission) -> None:
    """Keep the answer. Raises: SpanError, as for any other document."""
    labels_checked(project=assignment.project, document=assignment.document, spans=submission.spans)
    assignment.answer = [
        {"start": span.start, "end": span.end, "label": span.label} for span in sorted(submission.spans)
    ]
    assignment.save(update_fields=["answer"])


def _chosen(ctx: ProjectContext) -> tuple[Document | None, Annotation | None]:
    """What is due for this person: a document with gold, or one of their own with what they said then."""
    project, key = ctx.project, str(ctx.user.pk)
    if not project.gold_checks and not project.repeat_share:
        return None, None
    turn = project.assignments.filter(annotator=ctx.user).count()
    if project.gold_checks and check_due(seed=project.seed, key=key, turn=turn):
        found = _by_chance(ctx, _with_gold(ctx))
        if found is not None:
            return found, None
    if repetition_due(seed=project.seed, key=key, turn=turn, share=project.repeat_share):
        earlier = _earlier_work(ctx)
        found = _by_chance(ctx, project.documents.filter(Exists(earlier.filter(document=OuterRef("pk")))))
        if found is not None:
            return found, earlier.get(document=found)
    return None, None


def _with_gold(ctx: ProjectContext) -> QuerySet[Document]:
    """Documents with gold of the guideline in force that this person has had nothing to do with."""
    of_person = [
        Annotation.objects.filter(document=OuterRef("pk"), author=ctx.user),
        Assignment.objects.filter(document=OuterRef("pk"), annotator=ctx.user),
    ]
    gold = _seen_gold().filter(guideline_version=_guideline(ctx))
    return ctx.project.documents.filter(Exists(gold), *(~Exists(rows) for rows in of_person))


def _earlier_work(ctx: ProjectContext) -> QuerySet[Annotation]:
    """What this person labelled under the guideline in force, long enough ago, and was never asked again.

    Not where a reviewer has decided: the person may have read the right answer since.
    """
    asked_again = Assignment.objects.filter(document=OuterRef("document"), annotator=ctx.user, is_check=True)
    return ctx.project.annotations.filter(
        ~Exists(asked_again),
        ~Exists(_seen_gold(document="document")),
        kind=Annotation.Kind.HUMAN,
        author=ctx.user,
        current=True,
        assignment__isnull=False,
        guideline_version=_guideline(ctx),
        created_at__lte=now() - timedelta(days=ctx.project.repeat_after_days),
    )


def _seen_gold(document: str = "pk") -> QuerySet[Annotation]:
    gold = Annotation.objects.filter(document=OuterRef(document), kind=Annotation.Kind.GOLD, current=True)
    return gold.exclude(provenance__source__in=UNSEEN_SOURCES)


def _guideline(ctx: ProjectContext) -> int | None:
    return ctx.project.guidelines.values_list("version", flat=True).first()


def _by_chance(ctx: ProjectContext, documents: QuerySet[Document]) -> Document | None:
    """Another order for everybody, so that people cannot tell each other what is coming."""
    uuids = list(documents.values_list("uuid", flat=True))
    if not uuids:
        return None
    chosen = min(uuids, key=lambda uuid: draw_unit(ctx.project.seed, f"check:{ctx.user.pk}:{uuid}"))
    return ctx.project.documents.get(uuid=chosen)
