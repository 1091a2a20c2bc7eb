"""Background jobs of the quality app: an id in, one service call."""

from __future__ import annotations

import dramatiq

from quality.services.agreement import agreement_recompute
from quality.services.agreement_check import agreement_check_run
from quality.services.agreement_rows import document_measure
from quality.services.cases import cases_refresh, priorities_refresh
from quality.services.consensus import consensus_recompute
from quality.services.overlap import overlap_consider
from quality.services.unanimous import unanimous_accept


@dramatiq.actor(actor_name="refresh_cases", queue_name="default", max_retries=3, time_limit=60_000)
def refresh_cases(document_id: int) -> None:
    cases_refresh(document_id=document_id)


@dramatiq.actor(actor_name="measure_document", queue_name="default", max_retries=3, time_limit=60_000)
def measure_document(document_id: int) -> None:
    document_measure(document_id=document_id)


@dramatiq.actor(actor_name="recompute_agreement", queue_name="default", max_retries=3, time_limit=900_000)
def recompute_agreement(project_id: int) -> None:
    agreement_recompute(project_id=project_id)


@dramatiq.actor(actor_name="check_agreement", queue_name="default", max_retries=0, time_limit=3_600_000)
def check_agreement(check_id: int) -> None:
    agreement_check_run(check_id=check_id)


@dramatiq.actor(actor_name="consider_overlap", queue_name="default", max_retries=3, time_limit=60_000)
def consider_overlap(document_id: int) -> None:
    overlap_consider(document_id=document_id)


@dramatiq.actor(actor_name="accept_unanimous", queue_name="default", max_retries=3, time_limit=60_000)
def accept_unanimous(document_id: int) -> None:
    unanimous_accept(document_id=document_id)


@dramatiq.actor(actor_name="refresh_priorities", queue_name="default", max_retries=3, time_limit=900_000)
def refresh_priorities(project_id: int) -> None:
    priorities_refresh(project_id=project_id)


@dramatiq.actor(actor_name="recompute_consensus", queue_name="default", max_retries=3, time_limit=900_000)
def recompute_consensus(project_id: int) -> None:
    consensus_recompute(project_id=project_id)
