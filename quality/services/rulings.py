"""The guideline log: questions from the reviewers, rulings, and what has to be decided again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext

from annotation.access import ProjectContext, require
from annotation.domain.permissions import Permission
from annotation.models import Project
from daner_site.accounts.audit import audit
from daner_site.core.clock import now
from daner_site.core.live import nudge_on_commit, project_group
from quality.models import AdjudicationCase, Ruling
from quality.selectors.content import CaseContent
from quality.selectors.rulings import places_like

CONTEXT = 60
"""Characters of text kept on each side of an example."""


class RulingError(Exception):
    """The ruling cannot be made like this; the message is for the person."""


@transaction.atomic
def ruling_ask(
    *, ctx: ProjectContext, case: AdjudicationCase, content: CaseContent, group: str, question: str
) -> Ruling:
    """Ask what the guideline leaves open about a place; the same words are asked about only once.

    Raises: PermissionDenied.
    """
    require(ctx, Permission.REVIEW)
    place = next(item for item in content.groups if item.id == group)
    text = content.layers.text
    string = text[place.start : place.end][:200]
    known = Ruling.objects.select_for_update().filter(project=ctx.project, string__iexact=string, ruled_at=None).first()
    if known is not None:
        known.cases = sorted({*known.cases, str(case.uuid)})
        known.save(update_fields=["cases"])
        return known
    ruling = Ruling.objects.create(
        organization=ctx.organization,
        project=ctx.project,
        number=_next_number(ctx.project),
        question=question[:500] or f"How is “{string}” to be labelled?",
        example=_example(text, place.start, place.end),
        string=string,
        kind=place.kind.value,
        cases=[str(case.uuid)],
        asked_by=ctx.user,
    )
    _audit(ctx, ruling, "ruling.ask")
    return ruling


@transaction.atomic
def ruling_note(*, ctx: ProjectContext, question: str, example: str = "", string: str = "") -> Ruling:
    """Ask a question of one's own. Raises: PermissionDenied; RulingError without a question."""
    require(ctx, Permission.REVIEW)
    if not question.strip():
        raise RulingError(gettext("Write the question down."))
    ruling = Ruling.objects.create(
        organization=ctx.organization,
        project=ctx.project,
        number=_next_number(ctx.project),
        question=question.strip()[:500],
        example=example.strip()[:2_000],
        string=string.strip()[:200],
        asked_by=ctx.user,
    )
    _audit(ctx, ruling, "ruling.ask")
    return ruling


@transaction.atomic
def ruling_close(*, ctx: ProjectContext, ruling: Ruling, text: str, again: str = "") -> Ruling:
    """Answer the question; decided documents it bears on may go back to the reviewers.

    Args:
        again: "string": places with the same words, "kind": places of the same kind are to be
            decided again; "": none. Their gold stays until then, and so do all other decisions.

    Raises: PermissionDenied; RulingError for an empty ruling or one that was made before.
    """
    require(ctx, Permission.MANAGE)
    ruling = Ruling.objects.select_for_update(of=("self",)).get(pk=ruling.pk, project=ctx.project)
    if ruling.ruled_at is not None:
        raise RulingError(gettext("This question was ruled on meanwhile."))
    if not text.strip():
        raise RulingError(gettext("Write the ruling down."))
    ruling.ruling = text.strip()[:5_000]
    ruling.ruled_by, ruling.ruled_at = ctx.user, now()
    ruling.guideline_version = ctx.project.guidelines.values_list("version", flat=True).first()
    ruling.requeued = _requeue(ctx.project, ruling, again) if again else 0
    ruling.save()
    _audit(ctx, ruling, "ruling.close")
    nudge_on_commit(project_group(ctx.project.uuid), "quality")
    return ruling


def _example(text: str, start: int, end: int) -> str:
    """The place with what is around it, an ellipsis where it is cut."""
    before = "…" if start > CONTEXT else ""
    after = "…" if end + CONTEXT < len(text) else ""
    return f"{before}{text[max(0, start - CONTEXT) : end + CONTEXT]}{after}"[:2_000]


def _requeue(project: Project, ruling: Ruling, again: str) -> int:
    found = places_like(project, ruling, again)
    cases = AdjudicationCase.objects.select_for_update(of=("self",)).filter(pk__in=found)
    for case in cases:
        case.status, case.opened_at, case.stale = AdjudicationCase.Status.OPEN, now(), found[case.pk]
        case.origin, case.before, case.barred = AdjudicationCase.Origin.CONFLICT, None, None
        case.version += 1
        case.save()
    return len(found)


def _next_number(project: Project) -> int:
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    return (Ruling.objects.filter(project=project).aggregate(last=Max("number"))["last"] or 0) + 1


def _audit(ctx: ProjectContext, ruling: Ruling, verb: str) -> None:
    audit(
        organization=ctx.organization,
        actor=ctx.user,
        verb=verb,
        project_uuid=ctx.project.uuid,
        target_uuid=ruling.uuid,
        payload={"number": ruling.number, "requeued": ruling.requeued},
    )
