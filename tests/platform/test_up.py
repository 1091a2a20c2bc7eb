"""The `up` command from outside: real processes, real kills, real signals."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.conftest import wait_until

ROOT = Path(__file__).resolve().parents[2]
MARKS = {"web": "uvicorn", "worker": "predict", "train": "--queues train", "sweep": "sweep", "store": "valkey-server"}

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Site:
    """A running `manage.py up` on a data folder of its own."""

    def __init__(self, var: Path, port: int, *words: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DANER_")}
        for name in ("REDIS_URL", "DATABASE_URL", "BROKER_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE"):
            clean.pop(name, None)
        self.url = f"http://127.0.0.1:{port}"
        self.lines: list[str] = []
        self.known: list[psutil.Process] = []  # killed at the end even when the supervisor left them behind
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port), "--no-demo", *words],
            cwd=ROOT,
            env={**clean, "DANER_VAR": str(var), "PYTHONWARNINGS": "default"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                self.lines.append(line.rstrip())

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz/", timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def wait_healthy(self, limit_s: float = 60) -> None:
        wait_until(lambda: self.process.poll() is not None or self.healthy(), limit_s)
        assert self.process.poll() is None, self.output

    def children(self) -> dict[str, psutil.Process]:
        """The direct children by their role."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            try:
                command = " ".join(child.cmdline())
            except psutil.Error:
                continue
            found.update({name: child for name, mark in MARKS.items() if mark in command})
        return found

    def family(self) -> list[psutil.Process]:
        self.known = psutil.Process(self.process.pid).children(recursive=True)
        return self.known

    def clean_up(self) -> None:
        if self.process.poll() is None:
            self.known = self.family()
            self.process.kill()
        for member in self.known:
            try:
                member.kill()
            except psutil.NoSuchProcess:
                pass
        self.process.wait(20)
        self.reader.join(20)


def gone(processes: list[psutil.Process]) -> bool:
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


@contextmanager
def running_site(var: Path) -> Iterator[Site]:
    site = Site(var, free_port())
    try:
        site.wait_healthy()
        wait_until(lambda: len(site.children()) == len(MARKS), 30, "not all children are there")
        yield site
    finally:
        site.clean_up()


@pytest.fixture(scope="module")
def shared_var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "var"


@pytest.fixture(scope="module")
def site(shared_var: Path) -> Iterator[Site]:
    """One site for the tests that it survives."""
    with running_site(shared_var) as site:
        yield site


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    """A site for a test that ends it."""
    with running_site(tmp_path / "var") as site:
        yield site


def test_up_serves_the_sign_in_page_and_says_where(site: Site) -> None:
    with urllib.request.urlopen(f"{site.url}/login/", timeout=20) as response:
        assert response.status == 200
        assert b"<form" in response.read()
    wait_until(lambda: f"DANER is ready: {site.url}/" in site.output, 20)


def test_interrupt_stops_everything_in_order_with_status_0(own_site: Site) -> None:
    site = own_site
    family = site.family()
    assert len(family) >= len(MARKS)
    site.process.send_signal(signal.SIGINT)
    assert site.process.wait(40) == 0, site.output
    assert gone(family)
    assert "Traceback" not in site.output


@pytest.mark.parametrize("name", sorted(MARKS))
def test_a_killed_child_comes_back(site: Site, name: str) -> None:
    victim = site.children()[name]
    family = [victim, *victim.children(recursive=True)]
    victim.kill()
    wait_until(lambda: site.children().get(name, victim).pid != victim.pid, 30, f"{name} did not come back")
    wait_until(lambda: gone(family), 20)
    site.wait_healthy()
    assert re.search(rf"{name} ended with status -9", site.output)


def test_a_killed_worker_process_takes_its_master_along_and_both_come_back(site: Site) -> None:
    master = site.children()["worker"]
    wait_until(master.children, 20)
    for process in master.children():
        process.kill()
    wait_until(lambda: site.children().get("worker", master).pid != master.pid, 60)


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_works(own_site: Site, tmp_path: Path) -> None:
    site = own_site
    family = site.family()
    site.process.kill()
    site.process.wait(10)
    wait_until(lambda: gone(family), 40, "children outlived their supervisor")
    again = Site(tmp_path / "var", int(site.url.rsplit(":", 1)[1]))
    try:
        again.wait_healthy()
    finally:
        again.clean_up()


def test_a_second_up_on_the_same_data_says_so(site: Site, shared_var: Path) -> None:
    second = Site(shared_var, free_port())
    try:
        assert second.process.wait(30) == 1
        second.reader.join(10)
        assert "already runs" in second.output
        assert "Traceback" not in second.output
    finally:
        second.clean_up()


def test_a_taken_port_says_so(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        site = Site(tmp_path / "var", port)
        try:
            assert site.process.wait(40) == 1
            site.reader.join(10)
            assert f"Port {port} on 127.0.0.1 cannot be used" in site.output
            assert "Traceback" not in site.output
        finally:
            site.clean_up()
