"""Choosing one's own keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction

from annotation.access import ProjectContext
from annotation.domain.keys import command_problems, label_problems
from annotation.models import KeyChoice
from annotation.selectors.keys import commands
from annotation.selectors.projects import palette
from daner_site.accounts.models import Organization, User


@transaction.atomic
def command_keys_choose(*, organization: Organization, user: User, chosen: Mapping[str, Sequence[str]]) -> None:
    """Make these the person's keys of commands; a command that is not named keeps its standard keys.

    Raises: ValidationError by command.
    """
    every = {command.name: list(chosen.get(command.name, command.keys)) for command in commands()}
    problems = command_problems(every, commands())
    if problems:
        raise ValidationError(problems)
    standard = {command.name: list(command.keys) for command in commands()}
    kept = {name: keys for name, keys in every.items() if keys != standard[name]}
    KeyChoice.objects.update_or_create(organization=organization, user=user, project=None, defaults={"keys": kept})


@transaction.atomic
def label_keys_choose(*, ctx: ProjectContext, chosen: Mapping[str, str]) -> None:
    """Make these the person's keys of the project's labels.

    Raises: ValidationError by label.
    """
    standard = {label.name: label.key for label in palette(ctx.project)}
    every = standard | {name: key for name, key in chosen.items() if name in standard}
    problems = label_problems(every)
    if problems:
        raise ValidationError(problems)
    kept = {name: key for name, key in every.items() if key != standard[name]}
    KeyChoice.objects.update_or_create(
        organization=ctx.organization, user=ctx.user, project=ctx.project, defaults={"keys": kept}
    )


def command_keys_reset(*, organization: Organization, user: User) -> None:
    """Back to the standard keys."""
    KeyChoice.objects.filter(organization=organization, user=user, project__isnull=True).delete()


def label_keys_reset(*, ctx: ProjectContext) -> None:
    """Back to the project's keys."""
    KeyChoice.objects.filter(organization=ctx.organization, user=ctx.user, project=ctx.project).delete()
