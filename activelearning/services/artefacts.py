"""The files of model versions, removed when nothing needs them any more."""

from __future__ import annotations

from django.db.models import Exists, ForeignObjectRel, OuterRef, Q

from activelearning.engine import job as files
from activelearning.models import ModelVersion, Tier
from activelearning.services.snapshots import artefact_folder
from annotation.models import Project

FAST_KEPT = 5


def artefacts_prune(*, project: Project) -> None:
    """Remove the models of fast versions that newer ones have replaced; their rows and counts stay.

    Kept are the newest few, the active one, all of the full tier, and whatever a row of another
    table refers to: a question, a comparison.
    """
    fast = ModelVersion.objects.filter(project=project, tier=Tier.FAST).exclude(artefact="")
    newest = fast.order_by("-number").values_list("pk", flat=True)[:FAST_KEPT]
    for version in fast.filter(~_referred_to(), active=False).exclude(pk__in=list(newest)):
        ModelVersion.objects.filter(pk=version.pk).update(artefact="")
        for path in artefact_folder(version).glob("*"):
            if path.name != files.COUNTS:
                path.unlink(missing_ok=True)


def _referred_to() -> Q:
    condition = Q(pk__in=[])
    for relation in ModelVersion._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel):
            rows = relation.related_model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
            condition |= Q(Exists(rows))
    return condition
