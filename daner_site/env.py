"""Typed readers of environment variables that fail loudly.

Every variable `NAME` may instead be given as `NAME_FILE`, the path of a file that holds
the value (container secrets). Giving both is an error, so is an empty or unreadable file.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any, overload

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


def raw(name: str) -> str | None:
    """The value of `name` or the content of the file `name_FILE` names; None when neither is set."""
    value = os.environ.get(name) or None
    path = os.environ.get(f"{name}_FILE") or None
    if path is None:
        return value
    if value is not None:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set; give one of them.")
    try:
        content = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE={path} cannot be read: {error}") from error
    if not content:
        raise ImproperlyConfigured(f"{name}_FILE={path} is empty.")
    return content


@overload
def text(name: str) -> str: ...
@overload
def text(name: str, default: str) -> str: ...
def text(name: str, default: str | None = None) -> str:
    """A string; without a default the variable is required."""
    value = raw(name)
    if value is not None:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} (or {name}_FILE) must be set.")
    return default


def flag(name: str, default: bool) -> bool:
    """1/true/yes/on or 0/false/no/off, in any case."""
    value = raw(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be a truth value such as 1 or 0, not {value!r}.")


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    """A whole number of at least `minimum`."""
    value = raw(name)
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error
    if number < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, not {number}.")
    return number


def listing(name: str, default: list[str] | None = None) -> list[str]:
    """Comma-separated values without blanks."""
    value = raw(name)
    if value is None:
        return list(default or [])
    return [item.strip() for item in value.split(",") if item.strip()]


def choice(name: str, choices: tuple[str, ...], default: str) -> str:
    """One of `choices`."""
    value = raw(name)
    if value is None:
        return default
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def secret_key(path: Path) -> str:
    """SECRET_KEY from the environment, else the key kept in `path`, made on the first start.

    Two processes that start at once agree: the key is written aside and linked into place,
    and the loser of that race reads the winner's key. The file is readable by its owner only.
    """
    given = raw("SECRET_KEY")
    if given is not None:
        return given
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(60))
        try:
            path.hardlink_to(aside)
        except FileExistsError:
            pass  # another process was first; its key counts
        finally:
            aside.unlink()
    key = path.read_text(encoding="ascii").strip()
    if len(key) < 50:
        raise ImproperlyConfigured(f"{path} holds no usable secret key; remove it to have a new one made.")
    return key


def database(name: str, sqlite_path: Path) -> dict[str, Any]:
    """Django's database dictionary from the URL in `name`, else SQLite at `sqlite_path`."""
    url = raw(name)
    if url is None:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": sqlite_path}
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    if config.get("ENGINE") not in {"django.db.backends.sqlite3", "django.db.backends.postgresql"}:
        raise ImproperlyConfigured(f"{name} must be a postgres:// or sqlite:// URL.")
    return config
