"""What the annotation app tells us, turned into jobs."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from annotation.signals import annotation_submitted, gold_published, project_changed
from daner_site.core.jobs import enqueue_on_commit

JOBS = {
    "documents": ("consider_retraining", "score_new_documents"),
    "settings": ("consider_retraining", "rerank_queue"),
    "labels": (),
}


@receiver([annotation_submitted, gold_published])
def labels_came(project_id: int, **kwargs: Any) -> None:
    enqueue_on_commit("consider_retraining", project_id=project_id)


@receiver(project_changed)
def project_came(project_id: int, kind: str, **kwargs: Any) -> None:
    for job in JOBS[kind]:
        enqueue_on_commit(job, project_id=project_id)
