"""How far a project is, for dashboards and the annotation page."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Avg, Count, Exists, F, OuterRef, Q, Sum

from annotation.models import Annotation, Assignment, Project, Split
from annotation.selectors.training import timed
from daner_site.accounts.models import User

TO_LABEL = Q(split=Split.POOL) | Q(probe=True)
"""Documents that are for people to label: the pool, and what chance took from it to measure on."""


@dataclass(frozen=True)
class Progress:
    """Counts of what people are to label; `done` counts documents with every planned label, or gold."""

    documents: int
    labelled: int
    done: int
    gold: int
    rejected: int
    in_work: int
    test: int
    annotations: int
    wanted: int
    seconds: float

    @property
    def percent(self) -> int:
        return round(100 * self.done / self.documents) if self.documents else 0

    @property
    def labelled_percent(self) -> int:
        return round(100 * self.labelled / self.documents) if self.documents else 0


@dataclass(frozen=True)
class MemberProgress:
    user: User
    submitted: int
    rejected: int
    seconds_each: float | None
    """Mean active time on a document; None where none was timed."""


def project_progress(project: Project) -> Progress:
    """Counts for the whole project in four queries of one row each."""
    current = Annotation.objects.filter(document=OuterRef("pk"), current=True)
    turn = Q(assignments__is_check=False)
    votes = turn & Q(assignments__status__in=[Assignment.Status.SUBMITTED, Assignment.Status.REJECTED])
    pool = (
        project.documents.filter(TO_LABEL)
        .annotate(
            is_gold=Exists(current.filter(kind=Annotation.Kind.GOLD)),
            is_labelled=Exists(current),
            votes=Count("assignments", filter=votes),
            against=Count("assignments", filter=turn & Q(assignments__status=Assignment.Status.REJECTED)),
        )
        .aggregate(
            documents=Count("pk"),
            labelled=Count("pk", filter=Q(is_labelled=True)),
            done=Count("pk", filter=Q(is_gold=True) | Q(votes__gte=F("overlap_target"))),
            gold=Count("pk", filter=Q(is_gold=True)),
            rejected=Count("pk", filter=Q(against__gt=0)),
            wanted=Sum("overlap_target", default=0),
        )
    )
    totals = project.annotations.filter(current=True, kind=Annotation.Kind.HUMAN).aggregate(
        annotations=Count("pk"), seconds=Sum("seconds", default=0.0)
    )
    return Progress(
        **pool,
        **totals,
        in_work=project.assignments.filter(status=Assignment.Status.ACTIVE).count(),
        test=project.documents.filter(split=Split.TEST).count(),
    )


def member_progress(project: Project) -> list[MemberProgress]:
    """What each annotator has done, most first."""
    submitted = Q(assignments__status=Assignment.Status.SUBMITTED, assignments__project=project)
    rejected = Q(assignments__status=Assignment.Status.REJECTED, assignments__project=project)
    people = (
        User.objects.filter(assignments__project=project)
        .annotate(
            n_submitted=Count("assignments", filter=submitted, distinct=True),
            n_rejected=Count("assignments", filter=rejected, distinct=True),
        )
        .order_by("-n_submitted", "username")
    )
    seconds = dict(timed(project).order_by().values_list("author").annotate(mean=Avg("seconds")))
    return [
        MemberProgress(
            user=person,
            submitted=person.n_submitted,
            rejected=person.n_rejected,
            seconds_each=seconds.get(person.pk),
        )
        for person in people
    ]


def own_progress(project: Project, user: User) -> dict[str, int]:
    """`{submitted_by_me, submitted, total}` for the head of the annotation page; from indexes alone."""
    submitted = project.assignments.filter(status=Assignment.Status.SUBMITTED)
    return {
        **submitted.aggregate(submitted_by_me=Count("pk", filter=Q(annotator=user)), submitted=Count("pk")),
        "total": project.documents.filter(TO_LABEL).aggregate(wanted=Sum("overlap_target"))["wanted"] or 0,
    }
