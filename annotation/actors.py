"""Background jobs of the annotation app: an id in, one service call."""

from __future__ import annotations

import dramatiq

from annotation.services.imports import import_run


@dramatiq.actor(actor_name="run_import", queue_name="default", max_retries=3, time_limit=3_600_000)
def run_import(job_id: int) -> None:
    import_run(job_id=job_id)
