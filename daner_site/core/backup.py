"""Copies of the embedded database, taken while it may be in use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from daner_site.core import clock

KEEP = 5


def sqlite_backup(database: Path, folder: Path) -> Path | None:
    """Copy `database` into `folder` through SQLite's backup API and drop all but the newest five.

    Returns the copy's path, or None when there is no database yet.
    """
    if not database.exists():
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"db-{clock.now():%Y%m%dT%H%M%S%f}.sqlite3"
    aside = target.with_suffix(".part")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(aside)) as copy:
        source.backup(copy)
    aside.chmod(0o600)
    aside.rename(target)
    for old in sorted(folder.glob("db-*.sqlite3"))[:-KEEP]:
        old.unlink()
    return target
