"""Setting up a project: its labels, guidelines, people and settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext

from annotation.access import ProjectContext
from annotation.domain.palette import pick_color, pick_key
from annotation.domain.permissions import ProjectRole
from annotation.domain.spans import SpanOverlap
from annotation.models import Assignment, Guideline, Label, Project, ProjectMember
from annotation.selectors.overlaps import work_not_allowed
from annotation.services.queue import overlap_redraw
from annotation.services.reservations import reservations_drop, reservations_end
from annotation.signals import project_changed
from daner_site.accounts.audit import audit
from daner_site.accounts.models import Organization, User
from daner_site.core.clock import now
from daner_site.core.events import send_on_commit
from daner_site.core.language import translated
from daner_site.core.live import nudge_on_commit, organization_group


@transaction.atomic
def project_create(
    *,
    organization: Organization,
    author: User,
    name: str,
    description: str = "",
    labels: Sequence[str] = (),
    **settings: Any,
) -> Project:
    """A new project with its creator as manager.

    Raises: ValidationError naming the field.
    """
    project = Project(
        organization=organization,
        name=name,
        description=description,
        created_by=author,
        **settings,
    )
    project.full_clean()
    project.save()
    ProjectMember.objects.create(organization=organization, project=project, user=author, role=ProjectRole.MANAGER)
    for label in labels:
        label_add(project=project, name=label)
    audit(
        organization=organization,
        actor=author,
        verb="project.create",
        project_uuid=project.uuid,
        target_uuid=project.uuid,
        payload={"name": name},
    )
    nudge_on_commit(organization_group(organization.uuid), "projects")
    return project


@transaction.atomic
def project_update(*, ctx: ProjectContext, **changes: Any) -> Project:
    """Change settings; new overlap settings are applied to the pool at once.

    Raises: ValidationError naming the field; also when somebody's spans share words in a way that
    the project would no longer allow.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=ctx.project.pk)
    before = {name: getattr(project, name) for name in changes}
    for name, value in changes.items():
        setattr(project, name, value)
    project.full_clean()
    if project.span_overlap != before.get("span_overlap", project.span_overlap):
        _check_span_overlap(project)
    project.save()
    reservations_end(project)
    changed = {name: [before[name], value] for name, value in changes.items() if before[name] != value}
    if {"overlap", "overlap_share"} & set(changed):
        overlap_redraw(project=project)
    if changed:
        _audit(ctx, "project.update", changed)
        send_on_commit(project_changed, project_id=project.pk, kind="settings")
    return project


@transaction.atomic
def label_add(
    *,
    project: Project,
    name: str,
    color: str = "",
    key: str | None = None,
    description: str = "",
    review_weight: float = 1.0,
) -> Label:
    """Add an entity type; colour and key are picked where they are not given.

    Raises: ValidationError naming the field.
    """
    used = list(project.labels.filter(retired_at__isnull=True))
    last = project.labels.aggregate(last=Max("position"))["last"]
    label = Label(
        organization_id=project.organization_id,
        project=project,
        name=name.strip(),
        color=color or pick_color(item.color for item in used),
        key=pick_key(name, [item.key for item in used]) if key is None else key,
        description=description,
        review_weight=review_weight,
        position=0 if last is None else last + 1,
        newer_than=project.annotations.aggregate(newest=Max("pk"))["newest"] or 0,
    )
    _label_clean(label)
    label.save()
    reservations_end(project)
    send_on_commit(project_changed, project_id=project.pk, kind="labels")
    return label


@transaction.atomic
def label_update(*, ctx: ProjectContext, label: Label, **changes: Any) -> Label:
    """Change colour, key, description or weight; the name only while no span uses it.

    Raises: ValidationError naming the field.
    """
    new_name = changes.get("name", label.name)
    if new_name != label.name and label.spans.exists():
        raise ValidationError(
            {
                "name": gettext("“{name}” is used already; retire it and add “{new_name}” instead.").format(
                    name=label.name, new_name=new_name
                )
            }
        )
    for name, value in changes.items():
        setattr(label, name, value)
    _label_clean(label)
    label.save()
    reservations_end(ctx.project)
    _audit(ctx, "label.update", {"label": label.name})
    send_on_commit(project_changed, project_id=ctx.project.pk, kind="labels")
    return label


@transaction.atomic
def label_retire(*, ctx: ProjectContext, label: Label, retired: bool) -> Label:
    """Take a label out of the palette, or back in; its old spans stay valid."""
    label.retired_at = now() if retired else None
    if not retired and label.key and _key_in_use(ctx.project, label):
        label.key = ""
    label.save(update_fields=["retired_at", "key"])
    reservations_end(ctx.project)
    _audit(ctx, "label.retire" if retired else "label.restore", {"label": label.name})
    send_on_commit(project_changed, project_id=ctx.project.pk, kind="labels")
    return label


@transaction.atomic
def guideline_publish(*, ctx: ProjectContext, body: str) -> Guideline:
    """Add the next version of the guideline (Markdown); unchanged text adds none."""
    newest = ctx.project.guidelines.first()
    if newest is not None and newest.body == body:
        return newest
    guideline = Guideline(
        organization=ctx.organization,
        project=ctx.project,
        version=1 if newest is None else newest.version + 1,
        body=body,
        author=ctx.user,
    )
    guideline.full_clean()
    guideline.save()
    reservations_end(ctx.project)
    _audit(ctx, "guideline.publish", {"version": guideline.version})
    return guideline


@transaction.atomic
def member_set(*, ctx: ProjectContext, user: User, role: ProjectRole) -> ProjectMember:
    """Give a member of the organisation a role in the project.

    Raises: ValidationError when the user is not in the organisation.
    """
    if not ctx.organization.memberships.filter(user=user).exists():
        raise ValidationError(
            gettext("{user} is not a member of {organization}. Invite them first.").format(
                user=user, organization=ctx.organization
            )
        )
    member, _ = ProjectMember.objects.update_or_create(
        project=ctx.project,
        user=user,
        defaults={"role": role, "organization": ctx.organization},
    )
    _audit(ctx, "member.set", {"user": user.username, "role": role.value})
    return member


@transaction.atomic
def member_remove(*, ctx: ProjectContext, member: ProjectMember) -> None:
    """Take a role away; what the person has labelled stays, their open document is freed."""
    turns = ctx.project.assignments.filter(annotator=member.user)
    turns.filter(status="active").update(status="expired", closed_at=now())
    reservations_drop(turns)
    _audit(ctx, "member.remove", {"user": member.user.username})
    member.delete()
    nudge_on_commit(organization_group(ctx.organization.uuid), "membership.revoked")


@transaction.atomic
def roles_end(*, organization_id: int, user_id: int) -> None:
    """Somebody left the organisation: end their roles in all its projects and free their open documents."""
    turns = Assignment.objects.filter(organization_id=organization_id, annotator_id=user_id)
    turns.filter(status="active").update(status="expired", closed_at=now())
    reservations_drop(turns)
    ProjectMember.objects.filter(organization_id=organization_id, user_id=user_id).delete()


def _check_span_overlap(project: Project) -> None:
    found = work_not_allowed(project, SpanOverlap(project.span_overlap))
    if found is None:
        return
    others = gettext(" and {count} more").format(count=found.more) if found.more else ""
    message = gettext(
        "There is work that this would not allow, in document {document}{others}: {problem}. Change those spans "
        "first, or leave the setting as it is."
    ).format(document=found.document, others=others, problem=translated(found.reason))
    raise ValidationError({"span_overlap": message})


def _label_clean(label: Label) -> None:
    """Before the constraints have their say, in words for people."""
    named = label.project.labels.exclude(pk=label.pk).filter(name=label.name).first()
    if named is not None:
        how = "" if named.retired_at is None else gettext(", retired: restore it instead")
        raise ValidationError(
            {"name": gettext("There is a label “{name}” already{how}.").format(name=label.name, how=how)}
        )
    if label.key and label.retired_at is None and _key_in_use(label.project, label):
        raise ValidationError({"key": gettext("Another label has the key “{key}”.").format(key=label.key)})
    label.full_clean()


def _key_in_use(project: Project, label: Label) -> bool:
    return project.labels.filter(retired_at__isnull=True, key=label.key).exclude(pk=label.pk).exists()


def _audit(ctx: ProjectContext, verb: str, payload: dict[str, Any]) -> None:
    audit(
        organization=ctx.organization,
        actor=ctx.user,
        verb=verb,
        project_uuid=ctx.project.uuid,
        target_uuid=ctx.project.uuid,
        payload=payload,
    )
