"""Fixtures for every test: the store, the real server, workers, a browser.

`asgi_server`  URL of the real ASGI application on the test database, in a thread.
`sent`         names of the actors that got a message.
`actors`       running worker threads on the configured broker.
`browser`, `page`  Chromium through Playwright; console errors fail the test.
`in_thread`    runs a function off the thread that holds Playwright's loop.
"""

from __future__ import annotations

import concurrent.futures
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# A slow machine is no failure: examples are counted, never timed.
hypothesis.settings.register_profile("daner", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("daner")

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests run last: from the first one on, Playwright keeps an event loop in the main
    thread, where `async_to_sync` and pytest-asyncio then refuse to work. What is marked `first` runs first."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: (item.get_closest_marker("e2e") is not None, item.get_closest_marker("first") is None))


@pytest.fixture(scope="session", autouse=True)
def store() -> Iterator[str]:
    """The URL of the store all tests share; started here unless one is given."""
    from django.conf import settings

    if not settings.DANER_STORE_EMBEDDED:
        yield settings.REDIS_URL
        return
    from daner_site.core.store import store_command

    settings.DANER_STORE_DIR.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        store_command(settings.DANER_STORE_DIR, settings.DANER_STORE_SOCKET),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: settings.DANER_STORE_SOCKET.exists() and _ping(settings.REDIS_URL), 20)
        yield settings.REDIS_URL
    finally:
        process.terminate()
        process.wait(10)


def _ping(url: str) -> bool:
    import redis

    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def wait_until(condition: Callable[[], object], limit_s: float = 30, message: str = "") -> None:
    """Poll `condition` until it is true; fail after `limit_s` seconds."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            pytest.fail(message or f"still not true after {limit_s} s: {condition}")
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def empty_broker() -> Iterator[None]:
    """No test sees another's messages."""
    import dramatiq

    broker = dramatiq.get_broker()
    _flush(broker)
    yield
    _flush(broker)


def _flush(broker: Any) -> None:
    flush = getattr(broker, "flush_all", None)
    if flush is not None and broker.get_declared_queues():
        flush()


@pytest.fixture
def sent() -> Iterator[list[str]]:
    """Names of the actors that messages were sent to, in order, whatever the broker; late ones too."""
    import dramatiq

    names: list[str] = []

    class Recorder(dramatiq.Middleware):
        def after_enqueue(self, broker: Any, message: Any, delay: int | None) -> None:
            names.append(message.actor_name)

    broker, recorder = dramatiq.get_broker(), Recorder()
    broker.add_middleware(recorder)
    yield names
    broker.middleware.remove(recorder)


@pytest.fixture
def actors(transactional_db: None) -> Iterator[Any]:
    """Actors run in this process on worker threads, through the configured broker."""
    import dramatiq
    from django.db import connections
    from dramatiq.worker import Worker

    broker = dramatiq.get_broker()
    worker = Worker(broker, worker_threads=2, worker_timeout=50)
    worker.start()
    yield worker
    worker.stop(timeout=20_000)
    connections.close_all()


@pytest.fixture
def asgi_server(transactional_db: None) -> Iterator[str]:
    """The real ASGI application under uvicorn in a thread, on the test's own database."""
    import uvicorn

    from daner_site.asgi import application

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            log_level="warning",
            lifespan="off",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=2,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    wait_until(lambda: server.started, 30)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)
    listener.close()
    assert not thread.is_alive(), "the server did not stop"


def chromium_path() -> str | None:
    """$CHROMIUM, a Chromium or Chrome on PATH, or None for Playwright's own."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for the session; skipped where there is none, failed under CI."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        path = chromium_path()
        if path is None and not Path(playwright.chromium.executable_path).exists():
            reason = "no Chromium found: set CHROMIUM or start the tests with ./run test"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        try:
            chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        except Error as error:
            pytest.fail(f"Chromium does not start: {error}")
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page in a fresh context; the test fails on any console error or uncaught exception."""
    if "asgi_server" in request.fixturenames:
        request.getfixturevalue("asgi_server")  # the page goes before its server does, and misses nothing
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.console_errors = errors  # a test that provokes an error clears this list
    yield page
    context.close()
    assert not errors, errors


@pytest.fixture
def in_thread() -> Iterator[Callable[..., Any]]:
    """Run code that uses `async_to_sync` off the thread that holds Playwright's loop."""
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        yield lambda function, *args, **kwargs: executor.submit(function, *args, **kwargs).result(60)


@pytest.fixture
def cast(db: None) -> Any:
    """The people, organisations and projects of tests/cast.py."""
    from tests.cast import cast_make

    return cast_make()
