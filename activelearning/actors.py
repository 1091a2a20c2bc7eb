"""Background jobs of the active learning app: an id in, one service call."""

from __future__ import annotations

from typing import Any

import dramatiq
from django.conf import settings

from activelearning.services.blind import blind_read
from activelearning.services.execution import training_run_execute
from activelearning.services.inference import inference_answer
from activelearning.services.leases import worker_stopping
from activelearning.services.runs import ordering_run_maybe_open, scoring_run_maybe_open, training_run_maybe_open

# The run's own limit ends it in order; this one only catches a worker that hangs.
RUN_LIMIT_MS = (settings.DANER_TRAIN_TIMEOUT_S + 600) * 1000


class StopNotice(dramatiq.Middleware):
    """Tells runs that their worker is to stop.

    dramatiq's own notice is an exception thrown into the thread wherever it happens to be.
    """

    def before_worker_shutdown(self, broker: Any, worker: Any) -> None:
        worker_stopping.set()

    def after_worker_shutdown(self, broker: Any, worker: Any) -> None:
        worker_stopping.clear()


dramatiq.get_broker().add_middleware(StopNotice())


@dramatiq.actor(actor_name="consider_retraining", queue_name="default", max_retries=3, time_limit=60_000)
def consider_retraining(project_id: int, later: bool = False) -> None:
    training_run_maybe_open(project_id=project_id, later=later)


@dramatiq.actor(actor_name="score_new_documents", queue_name="default", max_retries=3, time_limit=60_000)
def score_new_documents(project_id: int) -> None:
    scoring_run_maybe_open(project_id=project_id)


@dramatiq.actor(actor_name="rerank_queue", queue_name="default", max_retries=3, time_limit=60_000)
def rerank_queue(project_id: int) -> None:
    ordering_run_maybe_open(project_id=project_id)


# The row is the job: what a worker lets fall is sent again by the sweep, not by the broker.
@dramatiq.actor(actor_name="run_training", queue_name="train", max_retries=0, time_limit=RUN_LIMIT_MS)
def run_training(run_id: int) -> None:
    training_run_execute(run_id=run_id)


@dramatiq.actor(actor_name="answer_question", queue_name="predict", max_retries=0, time_limit=120_000)
def answer_question(request_id: int) -> None:
    inference_answer(request_id=request_id)


@dramatiq.actor(actor_name="read_blind_comparison", queue_name="predict", max_retries=0, time_limit=120_000)
def read_blind_comparison(comparison_id: int) -> None:
    blind_read(comparison_id=comparison_id)
