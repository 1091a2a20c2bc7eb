from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import dramatiq
import pytest
from django.db import connection, transaction

from daner_site.core.jobs import UnknownJob, enqueue_on_commit

received: list[dict[str, Any]] = []


@pytest.fixture
def note() -> Iterator[str]:
    """The name of an actor that writes down what it gets."""
    broker = dramatiq.get_broker()

    def write_down(**kwargs: Any) -> None:
        received.append(kwargs)
        connection.close()

    dramatiq.actor(write_down, actor_name="write_down_for_test", max_retries=0)
    received.clear()
    yield "write_down_for_test"
    broker.actors.pop("write_down_for_test")


def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    messages: list[Any] = []
    monkeypatch.setattr(
        dramatiq.get_broker(), "enqueue", lambda message, *, delay=None: messages.append((message, delay))
    )
    return messages


@pytest.mark.django_db(transaction=True)
def test_an_unknown_job_fails_at_once_and_takes_the_transaction_with_it(django_user_model: Any) -> None:
    with pytest.raises(UnknownJob, match="no_such_job"), transaction.atomic():
        django_user_model.objects.create(username="half")
        enqueue_on_commit("no_such_job", project_id=1)
    assert not django_user_model.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_before_the_commit(note: str, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = sent(monkeypatch)
    with transaction.atomic():
        enqueue_on_commit(note, project_id=7)
        assert messages == []
    assert [message.kwargs for message, _ in messages] == [{"project_id": 7}]


@pytest.mark.django_db(transaction=True)
def test_a_rollback_sends_nothing(note: str, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = sent(monkeypatch)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue_on_commit(note, project_id=7)
        _ = 1 / 0
    assert messages == []


@pytest.mark.django_db(transaction=True)
def test_the_delay_reaches_the_broker(note: str, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = sent(monkeypatch)
    enqueue_on_commit(note, delay_ms=1500, project_id=7)
    assert [delay for _, delay in messages] == [1500]


@pytest.mark.django_db(transaction=True)
def test_a_dead_broker_is_logged_and_never_raised(
    note: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, django_user_model: Any
) -> None:
    def refuse(message: Any, *, delay: int | None = None) -> None:
        raise dramatiq.errors.ConnectionClosed("gone")

    monkeypatch.setattr(dramatiq.get_broker(), "enqueue", refuse)
    with caplog.at_level(logging.ERROR), transaction.atomic():
        django_user_model.objects.create(username="kept")
        enqueue_on_commit(note, project_id=7)
    assert django_user_model.objects.filter(username="kept").exists()
    assert f"job not sent actor={note}" in caplog.text


def test_a_worker_runs_what_was_sent(note: str, actors: Any) -> None:
    from tests.conftest import wait_until

    with transaction.atomic():
        enqueue_on_commit(note, run_id=3, word="näher")
    wait_until(lambda: received == [{"run_id": 3, "word": "näher"}], 10)
