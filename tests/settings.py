"""Settings of the test suite; read before conftest.py, so paths and addresses are fixed here.

Embedded by default: SQLite in a file and a Valkey store that conftest.py starts. Real
services: DANER_TEST_DATABASE_URL, DANER_TEST_REDIS_URL, DANER_TEST_BROKER_URL. Where several
processes run tests, each has a database, a Redis database (the given one, the one before it …)
and a RabbitMQ virtual host ("daner-gw0" …, which must be there) of its own.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

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

_process = os.environ.get("PYTEST_XDIST_WORKER", "")
if _process and (_redis := os.environ.get("REDIS_URL")):
    _number = int(urlsplit(_redis).path.strip("/") or 0) - int(_process.removeprefix("gw"))
    os.environ["REDIS_URL"] = urlsplit(_redis)._replace(path=f"/{_number % 16}").geturl()
if _process and os.environ.get("BROKER_URL", "").startswith("amqp"):
    os.environ["BROKER_URL"] += f"/daner-{_process}"

# Playwright's synchronous API keeps an event loop running in the test's own thread, which
# makes Django refuse the ORM there. One thread, one loop: nothing runs in parallel.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

from daner_site.settings import *  # noqa: E402, F403
from daner_site.settings import CHANNEL_LAYERS, DATABASES, DRAMATIQ_BROKER, VAR  # noqa: E402

ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file: threads of the server and the workers share it, which memory databases do badly.
    DATABASES["default"]["TEST"] = {"NAME": VAR / "test.sqlite3"}
else:
    DATABASES["default"]["TEST"] = {"NAME": f"test_daner_{os.getpid()}"}
    # Several threads hold connections while a transactional test flushes; each closes its own.
    DATABASES["default"]["OPTIONS"].pop("pool", None)

# The channel layer and cache live in the same store as in production, under their own prefix. What is published in
# Redis is heard in all of its databases.
CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] += _process
DANER_TEST_REAL_BROKER = "DANER_TEST_BROKER_URL" in os.environ
if not DANER_TEST_REAL_BROKER:
    DRAMATIQ_BROKER = {
        "BROKER": "dramatiq.brokers.stub.StubBroker",
        "OPTIONS": {},
        "MIDDLEWARE": DRAMATIQ_BROKER["MIDDLEWARE"],
    }
