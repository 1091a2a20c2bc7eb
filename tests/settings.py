"""Settings of the test suite; read before conftest.py, so paths and addresses are fixed here.

Embedded by default: SQLite in a file and a Valkey store that conftest.py starts. Real
services: DANER_TEST_DATABASE_URL, DANER_TEST_REDIS_URL, DANER_TEST_BROKER_URL.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_var = Path(tempfile.mkdtemp(prefix="daner-test-"))
atexit.register(shutil.rmtree, _var, ignore_errors=True)

# Nothing of the surrounding shell may reach the tests, and nothing of theirs may outlive them.
for _name in [name for name in os.environ if name.startswith("DANER_") and not name.startswith("DANER_TEST_")]:
    del os.environ[_name]
for _name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "BROKER_URL"):
    os.environ.pop(_name, None)
    if _given := os.environ.get(f"DANER_TEST_{_name}"):
        os.environ[_name] = _given
os.environ["DANER_VAR"] = str(_var)

# Playwright's synchronous API keeps an event loop running in the test's own thread, which
# makes Django refuse the ORM there. One thread, one loop: nothing runs in parallel.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

from daner_site.settings import *  # noqa: E402, F403
from daner_site.settings import DATABASES, DRAMATIQ_BROKER, VAR  # noqa: E402

ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file: threads of the server and the workers share it, which memory databases do badly.
    DATABASES["default"]["TEST"] = {"NAME": VAR / "test.sqlite3"}
else:
    DATABASES["default"]["TEST"] = {"NAME": f"test_daner_{os.getpid()}"}
    # Several threads hold connections while a transactional test flushes; each closes its own.
    DATABASES["default"]["OPTIONS"].pop("pool", None)

# The channel layer and cache live in the same store as in production, under their own prefix.
DANER_TEST_REAL_BROKER = "DANER_TEST_BROKER_URL" in os.environ
if not DANER_TEST_REAL_BROKER:
    DRAMATIQ_BROKER = {
        "BROKER": "dramatiq.brokers.stub.StubBroker",
        "OPTIONS": {},
        "MIDDLEWARE": DRAMATIQ_BROKER["MIDDLEWARE"],
    }
