"""Sending work to the workers: look the actor up now, send on commit.

Messages carry ids only. The row is the job: a message that is lost is re-sent by the
sweeper, one that arrives twice finds its row already taken.
"""

from __future__ import annotations

import logging

import dramatiq
from django.db import transaction
from dramatiq.errors import ActorNotFound

log = logging.getLogger(__name__)


class UnknownJob(LookupError):
    """No actor of this name is registered; raised inside the caller's transaction."""


def enqueue_on_commit(actor_name: str, *, delay_ms: int | None = None, **kwargs: object) -> None:
    """Send a message to `actor_name` once the current transaction commits.

    Args:
        actor_name: name of a registered actor; checked now.
        delay_ms: earliest start after the commit, in milliseconds.
        kwargs: arguments of the actor, JSON-serialisable; ids, never objects.

    Raises:
        UnknownJob: no such actor, so a typing error rolls the transaction back.

    A broker that is down is logged and never reaches the user: the sweeper sends again.
    """
    try:
        actor = dramatiq.get_broker().get_actor(actor_name)
    except ActorNotFound as error:
        raise UnknownJob(actor_name) from error
    message = actor.message_with_options(kwargs=kwargs, delay=delay_ms)

    def send() -> None:
        try:
            dramatiq.get_broker().enqueue(message, delay=delay_ms)
        except Exception:
            log.exception("job not sent actor=%s", actor_name)

    transaction.on_commit(send, robust=True)
