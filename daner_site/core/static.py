"""Static files: compressed where a clean clone serves its sources, and named by their content once collected."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

TEXTS = {".css", ".js", ".mjs", ".svg", ".json"}
WORTH_BYTES = 400


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Collected files carry a hash of their content in their names, also where one of our scripts imports another."""

    support_js_module_import_aggregation = True
    # Not of a library's: what stands in a comment there looks like an import, too.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )


class StaticMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise, with a gzip copy beside each text that the finders found.

    A file is answered whole: handed on as a stream of a synchronous file, each piece of it would go from
    thread to thread, and a page asks for dozens at once.
    """

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file as file:
                content = file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> Any:
        plain = super().get_static_file(path, url, stat_cache=stat_cache)
        if self.autorefresh or not self.use_finders or Path(path).suffix not in TEXTS:
            return plain
        copy = gzip_copy(Path(path), settings.VAR / "static-gzip")
        if copy is None:
            return plain
        _, _, headers = plain.alternatives[-1]
        return StaticFile(path, headers, encodings={"gzip": str(copy)})


def gzip_copy(path: Path, folder: Path) -> Path | None:
    """The compressed copy of the file as it is now, made if there is none; None where it is not worth it."""
    stat = path.stat()
    if stat.st_size < WORTH_BYTES:
        return None
    key = f"{path}:{stat.st_mtime_ns}:{stat.st_size}"
    copy = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.gz"
    if not copy.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # Several servers may start at once: each writes a file of its own and moves it there whole.
        draft = copy.with_suffix(f".{os.getpid()}")
        draft.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
        draft.replace(copy)
    return copy
