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
from daner_site.core.leash import Leash
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


CALM = (
    "import os, signal, sys, time\n"
    "who = 'leader' if os.fork() else 'other'\n"
    "file = open(sys.argv[1], 'a', buffering=1)\n"
    "signal.signal(signal.SIGTERM, lambda *_: file.write(f'{who}-asked\\n'))\n"
    "file.write(f'{who}-ready\\n'); time.sleep(1); time.sleep(1); file.write(f'{who}-ended\\n')"
)
SUPERVISOR = (
    "import os, sys, time; from pathlib import Path; from daner_site.core.supervisor import Child, Supervisor\n"
    "site = Supervisor()\n"
    "for number, code in enumerate(sys.argv[2:]):\n"
    "    command = [sys.executable, '-c', code, sys.argv[1]]\n"
    "    site.start(Child(str(number), command, dict(os.environ), Path.cwd()))\n"
    "print(*(each.process.pid for each in site.children), flush=True); time.sleep(600)"
)


def orphans(file: Path, *codes: str) -> list[psutil.Process]:
    """Children of a supervisor that has just been killed, the last of them at work as `file` says."""
    command = [sys.executable, "-c", SUPERVISOR, str(file), *codes]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        found = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        wait_until(lambda: file.exists() and {"leader-ready", "ready"} & {*file.read_text(encoding="utf-8").split()})
        parent.kill()
    return found


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_killed_supervisor_s_children_are_asked_to_end_once_and_have_time_to(tmp_path: Path) -> None:
    found = orphans(tmp_path / "said", SLEEPER, CALM)
    wait_until(lambda: all(gone(each) for each in found))
    said = [word for word in (tmp_path / "said").read_text(encoding="utf-8").split() if "ready" not in word]
    assert said.count("leader-asked") == said.count("leader-ended") == 1
    assert "other-asked" not in said, "a worker's master tells its worker; twice is haste"


def test_an_orphan_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "said"
    deaf = f"{DEAF.split(';')[0]}; {DEAF.split(';')[1]}; open({str(file)!r}, 'w').write('ready'); time.sleep(600)"
    found = orphans(file, deaf)
    wait_until(lambda: gone(found[0]), Leash.GRACE_S + 20)


def test_a_child_that_is_gone_is_let_go() -> None:
    site = Supervisor()
    held: list[str] = []
    site.leash._write = held.append  # type: ignore[method-assign]
    site.start(child("brief", "raise SystemExit(3)"))
    process = site.children[0].process
    assert process is not None
    process.wait()
    assert site._revive(site.children[0])
    assert held[:2] == [f"hold {process.pid}\n", f"let_go {process.pid}\n"]
    site.leash.process.kill()
    site.stop()


def test_an_orderly_end_drops_the_leash() -> None:
    site = Supervisor()
    site.start(child("sleeper", SLEEPER))
    site.stop()
    assert site.leash.process.returncode == 0
    site.stop()
