"""Scripts as modules of the browser's own, without a build.

A browser finds a module's imports only once it has read it, so a chain of small files takes as many
round trips as it is long. A page therefore names in its head all that its script will import, and the
browser fetches them at once.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders

IMPORT = re.compile(r"""^(?:import|export)\b[^"';]*["'](\.[^"']+)["']""", re.MULTILINE)


@lru_cache
def imported_by(name: str) -> tuple[str, ...]:
    """The static files that the module imports, and those that they import, each once; without itself.

    Raises FileNotFoundError for one that is not there.
    """
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        for other in _imports(waiting.pop()):
            if other not in found and other != name:
                found[other] = None
                waiting.append(other)
    return tuple(found)


def _imports(name: str) -> Iterator[str]:
    path = finders.find(name)
    if not isinstance(path, str):
        raise FileNotFoundError(f"There is no script {name!r}.")
    for address in IMPORT.findall(Path(path).read_text(encoding="utf-8")):
        yield posixpath.normpath(posixpath.join(posixpath.dirname(name), address))
