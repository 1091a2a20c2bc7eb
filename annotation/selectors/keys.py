"""Reads of the keys on the annotation page: the standard ones and those people chose."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import Q

from annotation.access import ProjectContext
from annotation.domain.keys import Command, label_keys
from annotation.models import KeyChoice
from daner_site.accounts.models import Organization, User


@lru_cache(maxsize=1)
def commands() -> tuple[Command, ...]:
    """What the annotation page can do; the list stands in its own script."""
    source = (settings.BASE_DIR / "static/js/annotator/commands.js").read_text(encoding="utf-8")
    rows = json.loads(source[source.index("= [") + 2 : source.rindex("]") + 1])
    return tuple(Command(row["name"], tuple(row["keys"]), row["text"]) for row in rows)


def command_keys_own(organization: Organization, user: User) -> dict[str, list[str]]:
    """The person's own keys of commands, where they differ from the standard."""
    choice = KeyChoice.objects.filter(organization=organization, user=user, project__isnull=True).first()
    return {} if choice is None else _known_commands(choice.keys)


@dataclass(frozen=True)
class ProjectKeys:
    """The keys one person has in a project."""

    commands: dict[str, list[str]]
    """Only those that differ from the standard."""
    labels: dict[str, str]
    """Label name → key, empty for one that gets a free digit."""
    own_labels: bool
    """Whether the person has changed any."""


def project_keys(ctx: ProjectContext, standard: dict[str, str]) -> ProjectKeys:
    """The person's keys in the project; `standard` is the key of each label in use."""
    mine = KeyChoice.objects.filter(organization=ctx.organization, user=ctx.user)
    rows = {row.project_id: row.keys for row in mine.filter(Q(project=ctx.project) | Q(project__isnull=True))}
    own = rows.get(ctx.project.pk, {})
    return ProjectKeys(_known_commands(rows.get(None, {})), label_keys(standard, own), bool(own))


def _known_commands(keys: dict[str, Any]) -> dict[str, list[str]]:
    """A command that is no longer there is left out."""
    names = {command.name for command in commands()}
    return {name: chosen for name, chosen in keys.items() if name in names}
