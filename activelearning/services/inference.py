"""Asking a model for the entities of a text."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext

from activelearning.engine.types import EngineError, ScoredDocument, Text
from activelearning.models import InferenceRequest, ModelVersion
from annotation.domain.text import tokenize
from annotation.models import Project
from daner_site.accounts.models import User
from daner_site.core.clock import now
from daner_site.core.jobs import enqueue_on_commit
from daner_site.core.sentences import Sentence

log = logging.getLogger(__name__)

LONGEST_TEXT = 20_000
RESEND_AFTER = timedelta(seconds=10)
GIVE_UP_AFTER = timedelta(minutes=2)
FORGET_AFTER = timedelta(days=1)
POLL_S = 0.05

Predict = Callable[[str, list[Text]], list[ScoredDocument]]


class QuestionRefused(ValueError):
    """The text cannot be asked about; the message is for the person who asked."""


@transaction.atomic
def inference_ask(*, project: Project, version: ModelVersion, asked_by: User, text: str) -> InferenceRequest:
    """Put a question to a version of the project; a worker answers it.

    Raises QuestionRefused for an empty or too long text.
    """
    if not text.strip():
        raise QuestionRefused(gettext("Paste a text first."))
    if len(text) > LONGEST_TEXT:
        raise QuestionRefused(
            gettext("The text has {text} characters; at most {longest_text} can be asked at once.").format(
                text=len(text), longest_text=LONGEST_TEXT
            )
        )
    question = InferenceRequest.objects.create(
        organization_id=project.organization_id, project=project, version=version, asked_by=asked_by, text=text
    )
    enqueue_on_commit("answer_question", request_id=question.pk)
    return question


def inference_answer(*, request_id: int) -> None:
    """Answer a waiting question; a second delivery does nothing."""
    question = (
        InferenceRequest.objects.select_related("version")
        .filter(pk=request_id, status=InferenceRequest.Status.QUEUED)
        .first()
    )
    if question is None:
        return
    predict: Predict = import_string(settings.DANER_PREDICTOR)
    folder = Path(settings.DANER_ARTEFACTS) / question.version.artefact
    text = Text(str(question.uuid), question.text, tuple(tokenize(question.text)))
    try:
        [answer] = predict(str(folder), [text])
    except EngineError as error:
        _settle(question, status=InferenceRequest.Status.FAILED, error=str(error)[:1000])
        return
    _settle(
        question,
        status=InferenceRequest.Status.DONE,
        spans=[asdict(span) for span in answer.spans],
        scores=answer.scores | {"n_words": answer.n_words},
    )


def inference_wait(*, question: InferenceRequest, seconds: float) -> InferenceRequest:
    """The question, answered if that happens within `seconds`."""
    end = time.monotonic() + seconds
    while question.status == InferenceRequest.Status.QUEUED and time.monotonic() < end:
        if not connection.in_atomic_block:
            connection.close()  # or a few who wait would hold all that a pool has
        time.sleep(POLL_S)
        question.refresh_from_db()
    return question


def inference_sweep() -> None:
    """Send lost questions again, give up on those nobody answers, forget yesterday's texts."""
    moment = now()
    waiting = InferenceRequest.objects.filter(status=InferenceRequest.Status.QUEUED)
    waiting.filter(created_at__lt=moment - GIVE_UP_AFTER).update(
        status=InferenceRequest.Status.FAILED,
        finished_at=moment,
        error=Sentence("No worker answered within two minutes."),
    )
    for question in waiting.filter(created_at__lt=moment - RESEND_AFTER):
        _send_again(question)
    InferenceRequest.objects.filter(created_at__lt=moment - FORGET_AFTER).delete()


@transaction.atomic
def _send_again(question: InferenceRequest) -> None:
    enqueue_on_commit("answer_question", request_id=question.pk)


@transaction.atomic
def _settle(question: InferenceRequest, **fields: object) -> None:
    InferenceRequest.objects.filter(pk=question.pk, status=InferenceRequest.Status.QUEUED).update(
        finished_at=now(), **fields
    )
