from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO

import pytest
import redis
from django.conf import settings
from django.core.management import call_command

from daner_site.core import sweeper
from daner_site.core.management.commands.sweep import LOCK, sweep_guarded


@pytest.fixture(autouse=True)
def no_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "_sweeps", {})
    monkeypatch.setattr(sweeper, "close_old_connections", lambda: None)


@pytest.fixture
def held_lock(store: str) -> Iterator[None]:
    with redis.Redis.from_url(settings.REDIS_URL) as client, client.lock(LOCK, timeout=30):
        yield


def test_a_sweep_that_fails_is_logged_and_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def a_broken() -> None:
        raise RuntimeError("broken")

    def b_sound() -> None:
        done.append("sound")

    sweeper.register_sweep(a_broken)
    sweeper.register_sweep(b_sound)
    with caplog.at_level(logging.ERROR):
        assert sweeper.sweep_all() == 1
    assert done == ["sound"]
    assert "a_broken" in caplog.text


def test_registering_twice_runs_once() -> None:
    done: list[int] = []

    def once() -> None:
        done.append(1)

    sweeper.register_sweep(once)
    sweeper.register_sweep(once)
    sweeper.sweep_all()
    assert done == [1]


def test_two_sweepers_never_work_at_once(held_lock: None) -> None:
    done: list[int] = []

    def work() -> None:
        done.append(1)

    sweeper.register_sweep(work)
    assert sweep_guarded() is None
    output = StringIO()
    call_command("sweep", once=True, stdout=output)
    assert "another sweeper" in output.getvalue()
    assert done == []


def test_the_lock_is_given_back_after_each_sweep(store: str) -> None:
    done: list[int] = []

    def work() -> None:
        done.append(1)

    sweeper.register_sweep(work)
    assert sweep_guarded() == 0
    assert sweep_guarded() == 0
    assert done == [1, 1]


def test_one_failed_sweep_gives_a_failing_status(store: str) -> None:
    def broken() -> None:
        raise RuntimeError("broken")

    sweeper.register_sweep(broken)
    with pytest.raises(SystemExit):
        call_command("sweep", once=True)
