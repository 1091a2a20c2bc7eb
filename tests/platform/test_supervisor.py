from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from daner_site.core import supervisor
from daner_site.core.supervisor import Child, Supervisor
from tests.conftest import wait_until

SLEEPER = "import time; time.sleep(600)"
PARENT = (
    "import subprocess, sys, time\n"
    "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid, flush=True)\n"
    "time.sleep(600)"
)
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"


def child(name: str, code: str, **options: object) -> Child:
    return Child(name, [sys.executable, "-c", code], dict(os.environ), Path.cwd(), **options)


def revive_all(site: Supervisor) -> bool:
    """One round of the watching loop; False once it gives up."""
    return all(each.alive or site._revive(each) for each in site.children)


def test_a_killed_child_comes_back_and_takes_its_own_children_along(capsys: pytest.CaptureFixture[str]) -> None:
    site = Supervisor()
    site.start(child("parent", PARENT))
    try:
        parent = site.children[0]
        assert parent.process is not None
        first = parent.process.pid
        wait_until(lambda: psutil.Process(first).children())
        grandchild = psutil.Process(first).children()[0]
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: revive_all(site) and parent.process is not None and parent.process.pid != first)
        wait_until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)
        assert parent.alive
    finally:
        site.stop()
    assert not site.children[0].alive
    assert "parent ended with status -9" in capsys.readouterr().out


def test_a_child_that_keeps_dying_is_given_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervisor, "MAX_BACKOFF_S", 0.0)
    site = Supervisor()
    site.start(child("brief", "raise SystemExit(3)"))
    wait_until(lambda: not revive_all(site))
    assert len(site.children[0].starts) == supervisor.DEATHS_PER_MINUTE + 1
    assert "brief keeps dying; giving up" in capsys.readouterr().out
    site.stop()


def test_a_deaf_child_is_killed_after_its_grace(capsys: pytest.CaptureFixture[str]) -> None:
    site = Supervisor()
    site.start(child("deaf", DEAF, grace_s=0.3))
    wait_until(lambda: "deaf | deaf" in capsys.readouterr().out)
    site.stop()
    process = site.children[0].process
    assert process is not None
    assert process.returncode == -signal.SIGKILL


def test_a_second_signal_hurries() -> None:
    site = Supervisor()
    site._on_signal(signal.SIGINT, None)
    assert site.stopping.is_set()
    assert not site.hurry.is_set()
    site._on_signal(signal.SIGINT, None)
    assert site.hurry.is_set()


def test_the_store_outlives_its_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(Child, "terminate", lambda self: order.append(f"end {self.name}"))
    monkeypatch.setattr(Child, "finish", lambda self, deadline, hurry: order.append(f"{self.name} gone"))
    site = Supervisor()
    site.children = [child("store", SLEEPER, last=True), child("web", SLEEPER), child("worker", SLEEPER)]
    site.stop()
    assert order == ["end web", "end worker", "web gone", "worker gone", "end store", "store gone"]


def test_output_is_passed_on_line_by_line_under_the_name(capsys: pytest.CaptureFixture[str]) -> None:
    site = Supervisor()
    site.start(child("talker", "print('one'); print('two')"))
    seen: list[str] = []
    wait_until(lambda: seen.append(capsys.readouterr().out) or "talker | two" in "".join(seen))
    assert "talker | one" in "".join(seen)
    site.stop()


def test_hurry_cuts_the_grace_short() -> None:
    hurry = threading.Event()
    hurry.set()
    site = Supervisor()
    site.hurry = hurry
    site.start(child("deaf", DEAF, grace_s=600))
    site.stop()
    assert not site.children[0].alive


def test_without_the_kernels_help_a_leash_ends_the_orphans() -> None:
    code = (
        "import os, sys, time; from pathlib import Path; from daner_site.core import supervisor\n"
        "supervisor._libc = None\n"
        "site = supervisor.Supervisor(leash=True)\n"
        f"site.start(supervisor.Child('sleeper', [sys.executable, '-c', {SLEEPER!r}], dict(os.environ), Path.cwd()))\n"
        "print(site.children[0].process.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    wait_until(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE)


def test_an_orderly_end_drops_the_leash() -> None:
    site = Supervisor(leash=True)
    site.start(child("sleeper", SLEEPER))
    site.stop()
    assert site.leash is not None
    assert site.leash.process.returncode == 0
    site.stop()
