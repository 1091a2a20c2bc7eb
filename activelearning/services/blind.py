"""Blind comparisons: draw texts, have both versions read them, take what reviewers say."""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext

from activelearning.engine.types import EngineError, Text
from activelearning.models import BlindComparison, BlindJudgement, BlindText, ModelVersion
from activelearning.selectors.blind import judged_by, texts_left
from activelearning.services.inference import Predict
from annotation.models import Document, Project
from daner_site.accounts.audit import audit
from daner_site.accounts.models import User
from daner_site.core.clock import now
from daner_site.core.jobs import enqueue_on_commit
from daner_site.core.live import nudge_on_commit, project_group

log = logging.getLogger(__name__)

MOST_TEXTS = 500
DRAWN_PER_TEXT, LEAST_DRAWN = 20, 200
"""Versions that are nearly the same differ on few texts: after this many the search ends."""
TEXTS_TOGETHER = 16
RESEND_AFTER = timedelta(seconds=30)
MAX_ATTEMPTS = 5

Status, Choice = BlindComparison.Status, BlindJudgement.Choice
Spans = list[list[object]]


class BlindRefused(ValueError):
    """It cannot be done; the message is for the person who asked."""


@transaction.atomic
def blind_open(
    *,
    project: Project,
    first: ModelVersion,
    second: ModelVersion,
    texts: int,
    opened_by: User,
    seed: int | None = None,
) -> BlindComparison:
    """Draw texts that neither version learned from and have both read them in the background.

    Args:
        texts: how many that the two read differently are to be judged.
        seed: of the draw and of which version is A; nobody can guess it unless it is given.

    Raises BlindRefused for one and the same version, and where no text is left to draw.
    """
    if first == second:
        raise BlindRefused(gettext("Choose two different versions."))
    if not 1 <= texts <= MOST_TEXTS:
        raise BlindRefused(gettext("Between 1 and {most_texts} texts can be judged.").format(most_texts=MOST_TEXTS))
    learned = {uuid for version in (first, second) for uuid in version.run.snapshot.get("documents", {})}
    documents = Document.objects.filter(project=project).order_by("pk").values_list("pk", "uuid")
    unseen = [pk for pk, uuid in documents if str(uuid) not in learned]
    if not unseen:
        raise BlindRefused(gettext("There is no text that neither version learned from."))
    chance = random.Random(secrets.randbits(64) if seed is None else seed)  # noqa: S311  seeded by a secret
    comparison = BlindComparison.objects.create(
        organization_id=project.organization_id,
        project=project,
        first=first,
        second=second,
        opened_by=opened_by,
        wanted=texts,
        candidates=len(unseen),
    )
    drawn = chance.sample(unseen, min(len(unseen), max(LEAST_DRAWN, DRAWN_PER_TEXT * texts)))
    BlindText.objects.bulk_create(
        BlindText(
            organization_id=project.organization_id,
            comparison=comparison,
            document_id=pk,
            position=position,
            swapped=bool(chance.getrandbits(1)),
        )
        for position, pk in enumerate(drawn)
    )
    _audit(comparison, opened_by, "blind.open", first=first.name, second=second.name, texts=texts)
    _send(comparison)
    nudge_on_commit(project_group(project.uuid), "comparison")
    return comparison


def blind_read(*, comparison_id: int) -> None:
    """Have both versions read the next few drawn texts; a message that comes twice changes nothing.

    The texts they read alike are dropped. When enough differ, or all are read, judging begins.
    """
    comparison = (
        BlindComparison.objects.select_related("first", "second", "project")
        .filter(pk=comparison_id, status=Status.READING)
        .first()
    )
    if comparison is None:
        return
    batch = list(comparison.texts.filter(is_read=False).select_related("document")[:TEXTS_TOGETHER])
    try:
        found = [_predictions(version, batch) for version in (comparison.first, comparison.second)]
    except EngineError as error:
        _fail(comparison, str(error))
        return
    _store(comparison.pk, batch, *found)


def _predictions(version: ModelVersion, batch: Sequence[BlindText]) -> list[Spans]:
    predict: Predict = import_string(settings.DANER_PREDICTOR)
    texts = [
        Text(str(item.document.uuid), item.document.text, tuple((start, end) for start, end in item.document.tokens))
        for item in batch
    ]
    answers = predict(str(Path(settings.DANER_ARTEFACTS) / version.artefact), texts)
    return [[[span.start, span.end, span.label] for span in answer.spans] for answer in answers]


@transaction.atomic
def _store(comparison_id: int, batch: Sequence[BlindText], first: Sequence[Spans], second: Sequence[Spans]) -> None:
    comparison = (
        BlindComparison.objects.select_for_update(of=("self",)).filter(pk=comparison_id, status=Status.READING).first()
    )
    if comparison is None:
        return
    unread = set(
        comparison.texts.filter(pk__in=[item.pk for item in batch], is_read=False).values_list("pk", flat=True)
    )
    if batch and not unread:
        return  # another worker was faster
    alike, differing = [], []
    for item, one, other in zip(batch, first, second, strict=True):
        if item.pk not in unread or comparison.differing == comparison.wanted:
            continue
        comparison.read += 1
        if one == other:
            alike.append(item.pk)
        else:
            comparison.differing += 1
            item.is_read, item.first_spans, item.second_spans = True, one, other
            differing.append(item)
    BlindText.objects.bulk_update(differing, ["is_read", "first_spans", "second_spans"])
    comparison.texts.filter(pk__in=alike).delete()
    left = comparison.texts.filter(is_read=False)
    if comparison.differing == comparison.wanted or not left.exists():
        left.delete()
        comparison.status = Status.OPEN if comparison.differing else Status.CLOSED
    comparison.attempts = 0
    comparison.save(update_fields=["status", "read", "differing", "attempts"])
    if comparison.status == Status.READING:
        _send(comparison)
    nudge_on_commit(project_group(comparison.project.uuid), "comparison")


@transaction.atomic
def blind_judge(*, comparison: BlindComparison, reviewer: User, text: BlindText, answer: str) -> None:
    """Note what a reviewer says about a text.

    Args:
        answer: `a`, `b`, `both` or `neither`, of the text as it was shown.

    A text that they have judged already stays as it is. Raises BlindRefused once the comparison is closed.
    """
    _must_be_open(comparison)
    sides = {"a": Choice.SECOND, "b": Choice.FIRST} if text.swapped else {"a": Choice.FIRST, "b": Choice.SECOND}
    choice = {**sides, "both": Choice.BOTH, "neither": Choice.NEITHER}.get(answer)
    if choice is None:
        raise BlindRefused(gettext("Choose one of the four answers."))
    try:
        with transaction.atomic():
            BlindJudgement.objects.create(
                organization_id=comparison.organization_id, text=text, reviewer=reviewer, choice=choice
            )
    except IntegrityError:
        return
    nudge_on_commit(project_group(comparison.project.uuid), "comparison")


@transaction.atomic
def blind_undo(*, comparison: BlindComparison, reviewer: User) -> None:
    """Take back the reviewer's last judgement. Raises BlindRefused once they have seen the result."""
    _must_be_open(comparison)
    if not texts_left(comparison, reviewer):
        raise BlindRefused(
            gettext("You have judged every text and seen the result, so nothing can be changed any more.")
        )
    last = judged_by(comparison, reviewer).order_by("-pk").first()
    if last is not None:
        last.delete()
        nudge_on_commit(project_group(comparison.project.uuid), "comparison")


@transaction.atomic
def blind_close(*, comparison: BlindComparison, by: User) -> None:
    """End the judging and show everybody the result; a closed one stays as it is."""
    live = BlindComparison.objects.filter(pk=comparison.pk, status__in=[Status.READING, Status.OPEN])
    if not live.update(status=Status.CLOSED):
        return
    comparison.texts.filter(is_read=False).delete()
    _audit(comparison, by, "blind.close", judged=BlindJudgement.objects.filter(text__comparison=comparison).count())
    nudge_on_commit(project_group(comparison.project.uuid), "comparison")


def blind_sweep() -> None:
    """Send lost readings again; give up on those nobody takes."""
    late = BlindComparison.objects.filter(status=Status.READING, sent_at__lt=now() - RESEND_AFTER)
    for comparison in late.select_related("project"):
        if comparison.attempts >= MAX_ATTEMPTS:
            _fail(comparison, "No worker could read the texts; the server's log may say why.")
        else:
            _send_again(comparison)


@transaction.atomic
def _send_again(comparison: BlindComparison) -> None:
    BlindComparison.objects.filter(pk=comparison.pk).update(attempts=comparison.attempts + 1)
    _send(comparison)


def _send(comparison: BlindComparison) -> None:
    BlindComparison.objects.filter(pk=comparison.pk).update(sent_at=now())
    enqueue_on_commit("read_blind_comparison", comparison_id=comparison.pk)


@transaction.atomic
def _fail(comparison: BlindComparison, error: str) -> None:
    log.warning("blind comparison failed comparison=%s: %s", comparison.uuid, error)
    BlindComparison.objects.filter(pk=comparison.pk, status=Status.READING).update(
        status=Status.FAILED, error=error[:1000]
    )
    comparison.texts.all().delete()
    nudge_on_commit(project_group(comparison.project.uuid), "comparison")


def _must_be_open(comparison: BlindComparison) -> None:
    # Locked: closing counts what has been judged.
    if not BlindComparison.objects.select_for_update(of=("self",)).filter(pk=comparison.pk, status=Status.OPEN).first():
        raise BlindRefused(gettext("This comparison is closed."))


def _audit(comparison: BlindComparison, actor: User, verb: str, **payload: str | int) -> None:
    audit(
        organization=comparison.project.organization,
        actor=actor,
        verb=verb,
        project_uuid=comparison.project.uuid,
        target_uuid=comparison.uuid,
        payload=payload,
    )
