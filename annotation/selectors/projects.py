"""Reads for project pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import nh3
from django.db.models import QuerySet
from markdown_it import MarkdownIt

from annotation.access import ProjectContext
from annotation.domain.permissions import DEEDS, ROLE_PERMISSIONS, Permission
from annotation.domain.text import pack_tokens
from annotation.models import Assignment, Draft, Label, Project, ProjectMember, Strategy
from annotation.selectors.keys import project_keys
from daner_site.accounts.access import OrganizationContext
from daner_site.accounts.models import User
from daner_site.core.language import translated

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class RenderedGuideline:
    version: int
    html: str
    """Sanitised; safe to print unescaped."""


def projects_visible(ctx: OrganizationContext) -> QuerySet[Project]:
    """The organisation's projects this member may open."""
    projects = Project.objects.filter(organization=ctx.organization, archived_at__isnull=True)
    if ctx.membership.administers:
        return projects
    return projects.filter(members__user=ctx.user)


def render_markdown(source: str) -> str:
    """Markdown to sanitised HTML; raw HTML, scripts and odd links do not survive."""
    return nh3.clean(
        _MARKDOWN.render(source),
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def guideline_html(project: Project) -> RenderedGuideline | None:
    """The newest guideline, ready to show; None if nobody wrote one."""
    newest = project.guidelines.first()
    return None if newest is None else RenderedGuideline(newest.version, render_markdown(newest.body))


def palette(project: Project) -> QuerySet[Label]:
    """The labels in use, in order."""
    return project.labels.filter(retired_at__isnull=True)


def members_with_roles(project: Project) -> QuerySet[ProjectMember]:
    return project.members.select_related("user").order_by("role", "user__username")


def addable_users(ctx: ProjectContext) -> QuerySet[User]:
    """Members of the organisation without a role in the project."""
    return (
        User.objects.filter(memberships__organization=ctx.organization, is_active=True)
        .exclude(project_memberships__project=ctx.project)
        .order_by("username")
    )


def workspace(ctx: ProjectContext, assignment: Assignment) -> dict[str, Any]:
    """Everything the annotation page needs for one document, as plain JSON data.

    Nothing in it depends on what other people wrote.
    """
    document = assignment.document
    suggested = assignment.suggested
    labels = list(palette(ctx.project))
    keys = project_keys(ctx, {label.name: label.key for label in labels})
    return {
        "assignment": str(assignment.uuid),
        "document": str(document.uuid),
        "text": document.text,
        "tokens": pack_tokens(document.tokens),
        "labels": [
            {
                "name": label.name,
                "color": label.color,
                "key": keys.labels[label.name],
                "description": label.description,
            }
            for label in labels
        ],
        "keys": keys.commands,
        "overlap": ctx.project.span_overlap,
        "suggestions": suggested.get("spans", []),
        "model": suggested.get("model"),
        "spans": [],
        "draft": draft_data(getattr(assignment, "draft", None)),
        "why": {
            "strategy": assignment.strategy,
            "strategy_label": Strategy(assignment.strategy).label,
            "rank": assignment.rank + 1,
            "score": assignment.score,
            "model": suggested.get("model") if assignment.model_uuid else None,
            "generation": assignment.generation,
        },
    }


def draft_data(draft: Draft | None) -> dict[str, Any] | None:
    """A draft as plain JSON data, for the page."""
    if draft is None:
        return None
    return {
        "revision": draft.revision,
        "spans": draft.spans,
        "refused": draft.refused,
        "seconds": draft.seconds,
        "saved_at": draft.saved_at.isoformat(),
    }


def role_table() -> list[tuple[str, str]]:
    """Role names with what they may do, for the members page."""
    return [
        (translated(role.label), ", ".join(translated(DEEDS[item]) for item in Permission if item in allowed))
        for role, allowed in ROLE_PERMISSIONS.items()
    ]
