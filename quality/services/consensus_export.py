"""Taking the consensus out of a project, as a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.db import transaction
from django.utils.text import slugify

from annotation.access import ProjectContext, require
from annotation.domain.permissions import Permission
from annotation.services.exports import CONTENT_TYPES, Export
from daner_site.accounts.audit import audit
from daner_site.core.clock import now
from quality.models import ConsensusRun
from quality.selectors.consensus import exported


@transaction.atomic
def consensus_export(*, ctx: ProjectContext, run: ConsensusRun) -> Export:
    """Start an export of the run's documents as JSON Lines.

    Raises: PermissionDenied for a role that may not export.
    """
    require(ctx, Permission.EXPORT)
    audit(
        organization=ctx.organization,
        actor=ctx.user,
        verb="export.download",
        project_uuid=ctx.project.uuid,
        target_uuid=run.uuid,
        payload={"layer": "consensus", "format": "jsonl", "run": run.number},
    )
    name = slugify(ctx.project.name) or "project"
    return Export(
        filename=f"{name}-consensus-{run.number}-{now():%Y-%m-%d}.jsonl",
        content_type=CONTENT_TYPES["jsonl"],
        parts=_lines(run),
    )


def _lines(run: ConsensusRun) -> Iterator[str]:
    for item in exported(run):
        yield json.dumps(item, ensure_ascii=False) + "\n"
