"""All that quality does about one document after somebody worked on it, in one job."""

from __future__ import annotations

import logging
from typing import Protocol

from annotation.models import Annotation
from quality.services.agreement_rows import document_measure
from quality.services.cases import cases_refresh
from quality.services.overlap import overlap_consider
from quality.services.unanimous import unanimous_accept

log = logging.getLogger(__name__)


class Step(Protocol):
    """Does nothing the second time."""

    def __call__(self, *, document_id: int) -> object: ...


ALWAYS: tuple[Step, ...] = (document_measure, cases_refresh)
WHILE_OPEN: tuple[Step, ...] = (overlap_consider, unanimous_accept)
"""A further annotator before gold without a reviewer: what is not finished yet is no gold."""


def document_refresh(*, document_id: int) -> None:
    """Rows of agreement, the case, a further annotator, gold without a reviewer, in this order.

    The last two are left out where gold is the last that happened. A step that fails keeps none of the
    others from being done; the first error is raised at the end, so that the job is tried again. Safe
    to repeat.
    """
    errors = _run(ALWAYS, document_id)
    if not _gold_is_newest(document_id):
        errors += _run(WHILE_OPEN, document_id)
    if errors:
        raise errors[0]


def _run(steps: tuple[Step, ...], document_id: int) -> list[Exception]:
    errors: list[Exception] = []
    for step in steps:
        try:
            step(document_id=document_id)
        except Exception as error:
            log.exception("step failed step=%s document=%s", step, document_id)
            errors.append(error)
    return errors


def _gold_is_newest(document_id: int) -> bool:
    current = Annotation.objects.filter(document=document_id, current=True)
    newest = current.order_by("-pk").values_list("kind", flat=True).first()
    return newest == Annotation.Kind.GOLD
