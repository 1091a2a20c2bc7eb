"""The whole site under one terminal: store, web server, workers, sweeper."""

from __future__ import annotations

import fcntl
import io
import ipaddress
import os
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from daner_site.core.backup import sqlite_backup
from daner_site.core.health import store_answers
from daner_site.core.store import StoreMissing, store_command
from daner_site.core.supervisor import Child, Supervisor, say, wait_for

# dramatiq polls Redis with a back-off up to this many milliseconds; its default of 1,000
# makes a quiet queue feel slow (p50 402 ms against 32 ms).
WORKER_TIMEOUT_MS = "100"
WORKER_SHUTDOWN_MS = "8000"


class Command(BaseCommand):
    help = "Start the store, the web server, the workers and the sweeper; Ctrl-C stops all."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--threads", type=int, default=4, help="worker threads for quick jobs")
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")

    def handle(self, *args: Any, host: str, port: int, threads: int, no_demo: bool, **options: Any) -> None:
        lock = hold_lock(settings.VAR / "up.lock")
        require_free_port(host, port)
        supervisor = Supervisor()
        env = child_environment(host)
        try:
            if settings.DANER_STORE_EMBEDDED:
                start_store(supervisor, env)
            prepare_database(demo=not no_demo)
            for child in site_children(env, host, port, threads):
                supervisor.start(child)
            threading.Thread(target=announce, args=(supervisor, host, port), daemon=True).start()
            status = supervisor.run()
        except KeyboardInterrupt:
            status = 0
        finally:
            supervisor.stop()
            lock.close()
        say("up", "stopped")
        sys.exit(status)


def hold_lock(path: Path) -> IO[str]:
    """One `up` per data folder: two stores on one folder would destroy it."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise CommandError(f"DANER already runs on {path.parent}. Stop it first, or set DANER_VAR.") from None
    return file


def require_free_port(host: str, port: int, patience_s: float = 5) -> None:
    """Fail with advice when the port stays taken; a killed predecessor gets a moment to leave."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    end = time.monotonic() + patience_s
    while True:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if time.monotonic() > end:
                    message = (
                        f"Port {port} on {host} cannot be used ({error.strerror}). Try: ./run up --port {port + 1}"
                    )
                    raise CommandError(message) from None
                time.sleep(0.2)
            else:
                return


def child_environment(host: str) -> dict[str, str]:
    """The children's environment; sign-up is open where only this machine can reach it."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "dramatiq_worker_timeout": WORKER_TIMEOUT_MS}
    if is_loopback(host):
        env.setdefault("DANER_SIGNUP", "open")
    return env


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def start_store(supervisor: Supervisor, env: dict[str, str]) -> None:
    """Start the embedded store and wait until it answers."""
    settings.DANER_STORE_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        command = store_command(settings.DANER_STORE_DIR, settings.DANER_STORE_SOCKET)
    except StoreMissing as error:
        raise CommandError(str(error)) from error
    child = Child("store", command, env, settings.BASE_DIR, grace_s=5, last=True)
    supervisor.start(child)
    if not wait_for(lambda: settings.DANER_STORE_SOCKET.exists() and store_answers(), child, limit_s=60):
        raise CommandError(f"The store did not start; {settings.DANER_STORE_DIR / 'store.log'} says why.")


def prepare_database(*, demo: bool) -> None:
    """Back up an embedded database, bring the schema up to date, fill an empty one with the demo."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        sqlite_backup(Path(database["NAME"]), settings.VAR / "backups")
    call_command("migrate", verbosity=0, interactive=False)
    organizations = apps.get_model("accounts", "Organization")._default_manager
    if demo and "seed_demo" in get_commands() and not organizations.exists():
        say("up", "empty database: loading the demo (start with --no-demo to leave it empty)")
        call_command("seed_demo", stdout=io.StringIO())  # the logins are printed with the address
    connections.close_all()


def site_children(env: dict[str, str], host: str, port: int, threads: int) -> list[Child]:
    """Web server, quick worker, training worker and sweeper."""
    python, manage = sys.executable, str(settings.BASE_DIR / "manage.py")
    web = [python, "-m", "uvicorn", settings.ASGI_APPLICATION.replace(".application", ":application")]
    web += ["--host", host, "--port", str(port), "--lifespan", "off", "--no-access-log", "--no-server-header"]
    web += ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false"]
    web += ["--timeout-graceful-shutdown", "3", "--log-level", "warning"]
    worker = [python, "-m", "dramatiq", "daner_site.core.worker", "--processes", "1"]
    # The master ignores signals and deaths until its worker is up, or for 30 s by default.
    worker += ["--worker-shutdown-timeout", WORKER_SHUTDOWN_MS, "--worker-fork-timeout", "1000"]
    quick = [*worker, "--threads", str(threads), "--queues", "default", "predict"]
    train = [*worker, "--threads", "2", "--queues", "train"]
    # Without the small prefetch the worker would hoard two runs a thread that another could start.
    train_env = {**env, "dramatiq_queue_prefetch": "1"}
    base = settings.BASE_DIR
    return [
        Child("web", web, env, base, grace_s=6),
        Child("worker", quick, env, base, grace_s=12),
        Child("train", train, train_env, base, grace_s=12),
        Child("sweep", [python, manage, "sweep"], env, base, grace_s=6),
    ]


def announce(supervisor: Supervisor, host: str, port: int) -> None:
    """Print the address and the demo's logins once the site answers."""
    shown = f"[{host}]" if ":" in host else {"0.0.0.0": "127.0.0.1"}.get(host, host)  # noqa: S104
    url = f"http://{shown}:{port}/"
    while not answers(url + "healthz/"):
        if supervisor.stopping.wait(0.1):
            return
    say("up", "")
    say("up", f"DANER is ready: {url}")
    logins = settings.VAR / "demo-logins.txt"
    if logins.exists():
        say("up", "demo logins (user, password):")
        for line in logins.read_text(encoding="utf-8").splitlines():
            say("up", f"    {line}")
    say("up", "Ctrl-C stops everything.")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310  our own address
            return bool(response.status == 200)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500  # a host name or https rule of the operator's: it is up
    except OSError:
        return False
