"""Background jobs of the quality app: an id in, one service call."""

from __future__ import annotations

import dramatiq

from quality.services.agreement import agreement_recompute
from quality.services.agreement_check import agreement_check_run
from quality.services.cases import priorities_refresh
from quality.services.consensus import consensus_recompute
from quality.services.submitted import document_refresh


@dramatiq.actor(actor_name="refresh_cases", queue_name="default", max_retries=3, time_limit=120_000)
def refresh_cases(document_id: int) -> None:
    document_refresh(document_id=document_id)


@dramatiq.actor(actor_name="recompute_agreement", queue_name="default", max_retries=3, time_limit=900_000)
def recompute_agreement(project_id: int) -> None:
    agreement_recompute(project_id=project_id)


@dramatiq.actor(actor_name="check_agreement", queue_name="default", max_retries=0, time_limit=3_600_000)
def check_agreement(check_id: int) -> None:
    agreement_check_run(check_id=check_id)


@dramatiq.actor(actor_name="refresh_priorities", queue_name="default", max_retries=3, time_limit=900_000)
def refresh_priorities(project_id: int) -> None:
    priorities_refresh(project_id=project_id)


@dramatiq.actor(actor_name="recompute_consensus", queue_name="default", max_retries=3, time_limit=900_000)
def recompute_consensus(project_id: int) -> None:
    consensus_recompute(project_id=project_id)
